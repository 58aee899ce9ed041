import { expect } from '@jest/globals';
import { type ScriptedQuery, type ScriptedTrino, startScriptedTrino } from '@trino-gateway/testing';
import { until } from '@trino-gateway/testing/processes/until';
import { type Suite, startSuite } from '@trino-gateway/testing/suite/suite';
import { type OpenQuery, openQuery } from '@trino-gateway/testing/trino-client/open-query';
import { runQuery } from '@trino-gateway/testing/trino-client/run-query';
import { type HeldQueries, holdQueries } from './held-queries.ts';

/** What `QueueService/GetQueueStats` answers. */
export type QueueStats = { groups: { groupId: string; queued?: number; running?: number; present?: number }[] };

/** The suite with two routers in front of one cluster with one slot, whose queries run until the test ends them. */
export type OneSlot = AsyncDisposable & {
  suite: Suite;
  held: HeldQueries;
  /** Submits and polls in the background; answers once it runs on the cluster. */
  startRunning(statement: string): Promise<{ query: ScriptedQuery; done: Promise<unknown> }>;
  /** Submits one that must wait; it is in the queue when this answers. */
  startWaiting(statement: string, url?: string): Promise<OpenQuery>;
  queueStats(): Promise<QueueStats>;
  /** All slots are free and nobody waits. */
  untilAtRest(): Promise<void>;
};

/** Starts it. */
export async function startOneSlot(): Promise<OneSlot> {
  await using started = new AsyncDisposableStack();
  const trino: ScriptedTrino = started.use(await startScriptedTrino());
  const held = holdQueries(trino);
  const suite = started.use(
    await startSuite({
      routers: 2,
      gatewayserver: { DEFAULT_GROUP: 'all' },
      router: { GATEWAYSERVER_WAIT: '60s', SUBMIT_TIME_LIMIT: '60s' },
    }),
  );
  await suite.addBackends({ one: trino.url }, { maxRunningQueries: 1 });
  await suite.addGroup('all', ['one']);
  const queueStats = () => suite.call<QueueStats>('QueueService/GetQueueStats', {});
  const owned = started.move();
  return {
    suite,
    held,
    queueStats,
    startRunning: async (statement) => {
      const done = runQuery(suite.router.url, statement, { retryForMs: 60_000 });
      done.catch(() => undefined);
      return { query: await held.untilRunning(statement), done };
    },
    startWaiting: async (statement, url = suite.router.url) => {
      const query = await openQuery(url, statement);
      expect(query.page).toMatchObject({ id: query.id, stats: { state: 'QUEUED' } });
      expect(query.id).toMatch(/_0[a-z2-9]{4}$/); // no cluster draws a 0
      return query;
    },
    untilAtRest: () => untilAtRest(suite, queueStats),
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

async function untilAtRest({ call }: Suite, queueStats: OneSlot['queueStats']): Promise<void> {
  await until('all slots to be free', async () => {
    const { groups } = await queueStats();
    const { condition } = await call<{ condition?: { leases?: number } }>('BackendService/GetBackend', { id: 'one' });
    return (condition?.leases ?? 0) === 0 && groups.every(({ queued = 0, running = 0 }) => queued + running === 0);
  });
}
