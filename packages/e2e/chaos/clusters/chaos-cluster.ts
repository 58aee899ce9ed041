import {
  type ScriptedQuery,
  type ScriptedTrino,
  type StatementScript,
  startScriptedTrino,
} from '@trino-gateway/testing';
import type { Random } from '../../support/random.ts';
import { createLimitLog } from './limit-log.ts';

/** A scripted cluster that counts what runs on it, and says what must not happen. */
export type ChaosCluster = AsyncDisposable & {
  readonly id: string;
  readonly url: string;
  /** Whether the incarnation of the coordinator that drew these last five characters of its ids still runs. */
  isAlive(suffix: string): boolean;
  /** The limit it has in the gateway from now on. */
  limited(limit: number): void;
  /** As kill -9: what runs there is lost; back after so many milliseconds. */
  crash(awayMs: number): Promise<void>;
  /** Running now. */
  running(): number;
  /** The most that ran at one moment. */
  readonly highWaterMark: number;
  /** Numbers of the statements that began, each as often as it did. */
  readonly begun: readonly number[];
  /** Where it got more than its limit. */
  readonly excesses: readonly string[];
};

/** A slot is taken under the limit of that moment, and the statement arrives within this time of it. */
const LIMIT_HOLDS_MS = 15_000;
const ABANDONED_MS = 5_000;
const LONGEST_RUN_MS = 1_200;

/** The statement of a number: no two are the same. */
export function chaosStatement(number: number): string {
  return `SELECT chaos ${number}`;
}

/** What it answers. */
export function chaosRows(number: number): number[][] {
  return [[number]];
}

/** Starts one; queries nobody polls are given up after five seconds. */
export async function startChaosCluster(id: string, random: Random): Promise<ChaosCluster> {
  const limits = createLimitLog();
  const live = new Set<ScriptedQuery>();
  const begun: number[] = [];
  const excesses: string[] = [];
  let highWaterMark = 0;
  let isUp = true;
  const trino: ScriptedTrino = await startScriptedTrino({
    clientTimeoutMs: ABANDONED_MS,
    recordLimit: 5_000,
    script: ({ statement }) => {
      const number = Number(/^SELECT chaos (\d+)$/.exec(statement)?.[1] ?? Number.NaN);
      return Number.isNaN(number) ? undefined : begin(number);
    },
  });
  /** Called when a query begins; it is the newest on the cluster's list. */
  const begin = (number: number): StatementScript => {
    for (const query of live) if (query.ended) live.delete(query);
    const query = trino.queries.at(-1);
    if (query) live.add(query);
    begun.push(number);
    highWaterMark = Math.max(highWaterMark, live.size);
    const now = Date.now();
    const allowed = limits.largest(now, now - (query?.submittedAt ?? now) + LIMIT_HOLDS_MS);
    if (live.size > allowed) excesses.push(`${id}: ${live.size} queries at a time, ${allowed} allowed`);
    return {
      columns: [{ name: 'n', type: 'bigint' }],
      rows: chaosRows(number),
      runMs: random.whole(0, LONGEST_RUN_MS),
    };
  };
  return {
    id,
    url: trino.url,
    isAlive: (suffix) => isUp && suffix === trino.suffix,
    limited: (limit) => limits.set(limit, Date.now()),
    crash: async (awayMs) => {
      isUp = false;
      await trino.kill();
      live.clear();
      await new Promise((resolve) => setTimeout(resolve, awayMs));
      await trino.restart();
      isUp = true;
    },
    running: () => [...live].filter(({ ended }) => !ended).length,
    get highWaterMark() {
      return highWaterMark;
    },
    begun,
    excesses,
    [Symbol.asyncDispose]: () => trino.stop(),
  };
}
