import { type Coordinator, startCoordinator } from '@trino-gateway/testing/trino/coordinator';
import { runStatement } from '@trino-gateway/testing/trino-client/run-statement';
import { TABLE } from './sixty-clients.ts';

/** A cluster's own record of a statement of a series: its number, when it was created, when it ended. */
export type Ran = { queryId: string; number: number; from: number; to: number | undefined };

/** Two real clusters with a table to write to. */
export type LimitedClusters = AsyncDisposable & {
  readonly urls: readonly [one: string, two: string];
  /** What each cluster says it ran of the statements with this mark. */
  ran(mark: string): Promise<Ran[][]>;
  /** Gives up what still runs of the statements with this mark, as a cluster does by itself a minute after the last poll. */
  giveUp(mark: string): Promise<void>;
  /** The numbers of the INSERTs with this mark that are to be seen in the table, in order. */
  written(mark: string): Promise<number[]>;
};

type Listed = { queryId: string; query: string; queryStats: { createTime: string; endTime?: string } };

/** Starts both, one after the other so that two cores are enough. */
export async function startLimitedClusters(say: (line: string) => void): Promise<LimitedClusters> {
  await using started = new AsyncDisposableStack();
  // Queries of clients that died are given up after a minute instead of five. One that waits for its first poll is, too: that
  // has to outlast the restart of a gatewayserver on a busy machine.
  const properties = { 'query.client.timeout': '60s' };
  const start = async (name: string) => {
    const cluster = await startCoordinator({ name, properties, say });
    started.defer(() => cluster.stop());
    await runStatement(cluster.url, `CREATE TABLE ${TABLE} (mark varchar, number bigint)`, { user: 'e2e' });
    return cluster;
  };
  const clusters = [await start('one'), await start('two')] as const;
  const [one, two] = clusters;
  const owned = started.move();
  return {
    urls: [one.url, two.url],
    ran: (mark) => Promise.all(clusters.map((cluster) => ranOn(cluster, mark))),
    giveUp: async (mark) => {
      await Promise.all(clusters.map((cluster) => giveUpOn(cluster, mark)));
    },
    written: async (mark) => {
      const select = `SELECT number FROM ${TABLE} WHERE mark = '${mark}'`;
      const rows = await Promise.all(clusters.map(({ url }) => runStatement(url, select, { user: 'e2e' })));
      return rows.flatMap((each) => each.rows.map(([number]) => Number(number))).sort((a, b) => a - b);
    },
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

async function ranOn(cluster: Coordinator, mark: string): Promise<Ran[]> {
  const answer = await fetch(`${cluster.url}/v1/query`, {
    headers: { 'x-trino-user': 'e2e-looks' },
    signal: AbortSignal.timeout(30_000),
  });
  const queries = (await answer.json()) as Listed[];
  return queries.flatMap(({ queryId, query, queryStats: { createTime, endTime } }) => {
    const found = /\/\* (\w+) (\d+) \*\//.exec(query);
    if (found?.[1] !== mark) return [];
    const to = endTime ? Date.parse(endTime) : undefined;
    return [{ queryId, number: Number(found[2]), from: Date.parse(createTime), to }];
  });
}

async function giveUpOn(cluster: Coordinator, mark: string): Promise<void> {
  for (const { queryId, to } of await ranOn(cluster, mark))
    if (to === undefined)
      await fetch(`${cluster.url}/v1/query/${queryId}`, {
        method: 'DELETE',
        headers: { 'x-trino-user': mark },
        signal: AbortSignal.timeout(30_000),
      });
}
