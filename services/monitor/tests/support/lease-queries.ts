import type { ScriptedTrino } from '@trino-gateway/testing';
import { until } from '@trino-gateway/testing/processes/until';
import { runStatement } from '@trino-gateway/trino/client';

/** Runs a statement at a cluster to its end. */
export const ask = ({ url }: ScriptedTrino, statement: string) =>
  runStatement({ url, user: 'ann', statement, timeLimitMs: 60_000 });

/** A query that runs until the cluster stops, and its id. */
export async function endless(trino: ScriptedTrino): Promise<string> {
  const before = new Set(trino.queries);
  void ask(trino, 'SELECT count(*) FROM tpch.sf100.lineitem').catch(() => {});
  const isRunning = () =>
    trino.queries.find((one) => !before.has(one) && one.statement.includes('sf100') && one.state === 'RUNNING');
  return (await until('an endless query to run', isRunning)).id;
}

/** The statements that a cluster got, of a kind. */
export const statementsOf = (trino: ScriptedTrino, what: RegExp) =>
  trino.queries.filter(({ statement }) => what.test(statement));
