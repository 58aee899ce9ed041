import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { until } from '@trino-gateway/testing/processes/until';
import { openQuery } from '@trino-gateway/testing/trino-client/open-query';
import { runQuery } from '@trino-gateway/testing/trino-client/run-query';
import { type OneSlot, startOneSlot } from '../support/one-slot.ts';

// Who waits for the one slot of a cluster while processes and clients go away, and what is known of them afterwards.
const LIMIT_MS = 240_000;
let slot: OneSlot;

beforeEach(async () => {
  slot = await startOneSlot();
}, LIMIT_MS);

afterEach(async () => {
  await slot?.[Symbol.asyncDispose]();
}, LIMIT_MS);

type Row = { id: string; trinoQueryId: string; text?: string; state?: string; user?: string; queuedMs?: number };

test(
  'waiting queries keep their places when the gatewayserver is killed',
  async () => {
    const { suite, held, startRunning, startWaiting, queueStats, untilAtRest } = slot;
    const first = await startRunning('SELECT held 1');
    const waiting = [await startWaiting('SELECT held 2'), await startWaiting('SELECT held 3')];
    await suite.gatewayserver.kill();
    // While it is away a poll answers the page the client knows.
    const page = await until('a page without a gatewayserver', () => waiting[0]?.poll().catch(() => undefined));
    expect(page).toMatchObject({ id: waiting[0]?.id, stats: { state: 'QUEUED' } });
    await suite.gatewayserver.start();
    const results = waiting.map((query) => query.finish());
    await until('both to be waiting again', async () => {
      const { groups } = await queueStats();
      return groups[0]?.queued === 2 && groups[0].present === 2;
    });
    expect(held.begun()).toEqual(['SELECT held 1']);
    first.query.finishEarly();
    for (const n of [2, 3]) (await held.untilRunning(`SELECT held ${n}`)).finishEarly();
    expect((await Promise.all(results)).map(({ error }) => error)).toEqual([undefined, undefined]);
    expect(held.begun()).toEqual([1, 2, 3].map((n) => `SELECT held ${n}`));
    expect(held.mostAtOnce()).toBe(1);
    await untilAtRest();
  },
  LIMIT_MS,
);

test(
  'a waiting query survives its router',
  async () => {
    const { suite, held, startRunning, startWaiting, queueStats, untilAtRest } = slot;
    const first = await startRunning('SELECT held 1');
    const waiting = await startWaiting('SELECT held 2');
    const poll = waiting.poll().catch(() => undefined);
    await suite.router.kill();
    await poll;
    const other = suite.routers[1]?.url ?? '';
    const result = waiting.finish(other);
    await until('it to be seen at the other router', async () => {
      const { groups } = await queueStats();
      return groups[0]?.present === 1;
    });
    // Nobody polls the first any more, and nobody tells us how it ended.
    first.query.cancel();
    (await held.untilRunning('SELECT held 2')).finishEarly();
    expect(await result).toMatchObject({ stats: { state: 'FINISHED' } });
    await suite.router.start();
    await first.done;
    expect(held.begun()).toEqual(['SELECT held 1', 'SELECT held 2']);
    expect(held.mostAtOnce()).toBe(1);
    await untilAtRest();
  },
  LIMIT_MS,
);

test(
  'the id the client saw first stays good when the cluster has given another',
  async () => {
    const { suite, held, startRunning, startWaiting, untilAtRest } = slot;
    const first = await startRunning('SELECT held 1');
    const waiting = await startWaiting('SELECT held 2');
    const result = waiting.finish();
    first.query.finishEarly();
    await held.untilRunning('SELECT held 2');
    for (const router of suite.routers) {
      const info = await fetch(`${router.url}/v1/query/${waiting.id}`, { headers: { 'x-trino-user': 'e2e' } });
      expect(info.status).toBe(200);
      expect(await info.text()).toContain('SELECT held 2');
    }
    expect(await suite.call('QueryService/FindBackendForQuery', { id: waiting.id })).toMatchObject({
      backendId: 'one',
    });
    const kill = await runQuery(
      suite.routers[1]?.url ?? '',
      `CALL system.runtime.kill_query(query_id => '${waiting.id}', message => 'enough')`,
    );
    expect(kill.error).toBeUndefined();
    expect((await result).error?.errorName).toBe('ADMINISTRATIVELY_KILLED');
    await first.done;
    await untilAtRest();
  },
  LIMIT_MS,
);

test(
  'a query polled at two routers has one row in history, found by the id its client saw first',
  async () => {
    const { suite, held, startRunning, startWaiting, untilAtRest } = slot;
    const first = await startRunning('SELECT held 1');
    const waiting = await startWaiting('SELECT held 2');
    first.query.finishEarly();
    // Handed over by one router, to its end through the other.
    while (waiting.page.id === waiting.id) await waiting.poll();
    const { id: trinoQueryId } = waiting.page;
    const result = waiting.finish(suite.routers[1]?.url);
    (await held.untilRunning('SELECT held 2')).finishEarly();
    expect((await result).stats.state).toBe('FINISHED');
    const row = await until('its row to be complete', async () => {
      const found = await suite.call<Row>('QueryService/GetQuery', { id: waiting.id });
      // Its end and its hand-over are told by different routers.
      return found.state === 'FINISHED' && found.queuedMs !== undefined && found;
    });
    expect(row).toMatchObject({ id: waiting.id, trinoQueryId, text: 'SELECT held 2', user: 'e2e' });
    expect(row.queuedMs).toBeGreaterThan(0);
    expect(await suite.call('QueryService/GetQuery', { id: trinoQueryId })).toEqual(row);
    const { queries } = await suite.call<{ queries: Row[] }>('QueryService/ListQueries', { text: 'held 2' });
    expect(queries.map(({ id }) => id)).toEqual([waiting.id]);
    const all = await suite.call<{ queries: Row[] }>('QueryService/ListQueries', {});
    expect(all.queries.filter((one) => one.trinoQueryId === trinoQueryId)).toHaveLength(1);
    await first.done;
    await untilAtRest();
  },
  LIMIT_MS,
);

test(
  'the slot of a client that died while its query ran is released',
  async () => {
    const { suite, held, startWaiting, untilAtRest } = slot;
    const first = await openQuery(suite.router.url, 'SELECT held 1');
    const running = await until('it to run', async () => {
      await first.poll();
      return held.all().find(({ state }) => state === 'RUNNING');
    });
    const waiting = await startWaiting('SELECT held 2');
    const result = waiting.finish();
    // Nobody polls it any more; the cluster gives it up, which nobody tells us.
    running.cancel();
    (await held.untilRunning('SELECT held 2')).finishEarly();
    expect(await result).toMatchObject({ stats: { state: 'FINISHED' } });
    await untilAtRest();
  },
  LIMIT_MS,
);
