import type { ScriptedQuery, ScriptedTrino } from '@trino-gateway/testing';
import { until } from '@trino-gateway/testing/processes/until';
import { highWaterMark } from './high-water-mark.ts';

/** The queries `SELECT held …` of a scripted cluster: each runs until its test ends it, and answers one row, a 7. */
export type HeldQueries = {
  /** All that the cluster ever began, in this order. */
  all(): ScriptedQuery[];
  /** Their statements. */
  begun(): string[];
  /** The most that ran at one moment. */
  mostAtOnce(): number;
  /** Answers the query of this statement once it runs on the cluster. */
  untilRunning(statement: string): Promise<ScriptedQuery>;
};

/** From now on the cluster holds them. */
export function holdQueries(trino: ScriptedTrino): HeldQueries {
  trino.when(/^SELECT held/, {
    runMs: Number.POSITIVE_INFINITY,
    columns: [{ name: 'n', type: 'bigint' }],
    rows: [[7]],
  });
  const all = () => trino.queries.filter(({ statement }) => statement.startsWith('SELECT held'));
  return {
    all,
    begun: () => all().map(({ statement }) => statement),
    mostAtOnce: () => highWaterMark(all().map(({ startedAt = 0, endedAt }) => ({ from: startedAt, to: endedAt }))),
    untilRunning: (statement) =>
      until(`${statement} to run`, () => all().find((one) => one.statement === statement && one.state === 'RUNNING')),
  };
}
