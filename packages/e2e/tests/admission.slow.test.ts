import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { type ScriptedQuery, type ScriptedTrino, startScriptedTrino } from '@trino-gateway/testing';
import { until } from '@trino-gateway/testing/processes/until';
import { type Suite, startSuite } from '@trino-gateway/testing/suite/suite';
import { type OpenQuery, openQuery } from '@trino-gateway/testing/trino-client/open-query';
import { runQuery } from '@trino-gateway/testing/trino-client/run-query';
import { type HeldQueries, holdQueries } from '../support/held-queries.ts';

// One cluster with one slot; its queries run until the test ends them.
const LIMIT_MS = 240_000;
let trino: ScriptedTrino;
let held: HeldQueries;
let suite: Suite;

beforeEach(async () => {
  trino = await startScriptedTrino();
  held = holdQueries(trino);
  suite = await startSuite({
    routers: 2,
    gatewayserver: { DEFAULT_GROUP: 'all' },
    router: { GATEWAYSERVER_WAIT: '60s', SUBMIT_TIME_LIMIT: '60s' },
  });
  await suite.addBackends({ one: trino.url }, { maxRunningQueries: 1 });
  await suite.addGroup('all', ['one']);
}, LIMIT_MS);

afterEach(async () => {
  await trino?.stop();
  await suite?.[Symbol.asyncDispose]();
}, LIMIT_MS);

/** Submits and polls in the background; answers once it runs on the cluster. */
async function startRunning(statement: string): Promise<{ query: ScriptedQuery; done: Promise<unknown> }> {
  const done = runQuery(suite.router.url, statement, { retryForMs: 60_000 });
  done.catch(() => undefined);
  return { query: await held.untilRunning(statement), done };
}

/** Submits one that must wait; it is in the queue when this answers. */
async function startWaiting(statement: string, url = suite.router.url): Promise<OpenQuery> {
  const query = await openQuery(url, statement);
  expect(query.page).toMatchObject({ id: query.id, stats: { state: 'QUEUED' } });
  expect(query.id).toMatch(/_0[a-z2-9]{4}$/); // no cluster draws a 0
  return query;
}

type Stats = { groups: { groupId: string; queued?: number; running?: number; present?: number }[] };

/** All slots are free and nobody waits. */
async function untilAtRest(): Promise<void> {
  await until('all slots to be free', async () => {
    const { groups } = await suite.call<Stats>('QueueService/GetQueueStats', {});
    const { condition } = await suite.call<{ condition?: { leases?: number } }>('BackendService/GetBackend', {
      id: 'one',
    });
    return (condition?.leases ?? 0) === 0 && groups.every(({ queued = 0, running = 0 }) => queued + running === 0);
  });
}

test(
  'a full cluster gets no further query, and waiting queries start in the order of their arrival',
  async () => {
    const first = await startRunning('SELECT held 1');
    const waiting = [];
    for (const n of [2, 3, 4]) waiting.push(await startWaiting(`SELECT held ${n}`));
    const { queries } = await suite.call<{ queries: { id: string; position: number }[] }>(
      'QueueService/ListQueued',
      {},
    );
    expect(queries.map(({ id, position }) => [id, position])).toEqual(waiting.map(({ id }, at) => [id, at + 1]));
    const results = waiting.map((query) => query.finish());
    let running = first.query;
    for (const n of [2, 3, 4]) {
      running.finishEarly();
      running = await held.untilRunning(`SELECT held ${n}`);
    }
    running.finishEarly();
    expect((await Promise.all(results)).map(({ stats }) => stats.state)).toEqual(Array(3).fill('FINISHED'));
    await first.done;
    expect(held.begun()).toEqual([1, 2, 3, 4].map((n) => `SELECT held ${n}`));
    expect(held.mostAtOnce()).toBe(1);
    await untilAtRest();
  },
  LIMIT_MS,
);

test(
  'a query cancelled while it waits never runs, and its client reads what Trino says of a cancelled query',
  async () => {
    const first = await startRunning('SELECT held 1');
    const second = await startWaiting('SELECT held 2');
    const third = await startWaiting('SELECT held 3');
    expect([await second.cancel(), await second.cancel()]).toEqual([204, 204]);
    expect(await second.poll()).toMatchObject({
      stats: { state: 'FAILED' },
      error: { errorName: 'USER_CANCELED', errorCode: 3 },
    });
    // By the operator, too.
    await suite.call('QueryService/CancelQuery', { id: third.id });
    const cancelled = await third.finish();
    expect(cancelled.error?.errorName).toMatch(/USER_CANCELED|ADMINISTRATIVELY_KILLED/);
    first.query.finishEarly();
    await first.done;
    await untilAtRest();
    expect(held.begun()).toEqual(['SELECT held 1']);
  },
  LIMIT_MS,
);

test(
  'a full queue refuses the way Trino fails a query, without an HTTP error',
  async () => {
    await suite.addGroup('all', ['one'], { queue: { maxQueued: 1 } });
    const first = await startRunning('SELECT held 1');
    const second = await startWaiting('SELECT held 2');
    const third = await openQuery(suite.router.url, 'SELECT held 3');
    expect(third.page).toMatchObject({ stats: { state: 'QUEUED' } });
    expect(await third.finish()).toMatchObject({
      stats: { state: 'FAILED' },
      error: { errorName: 'QUERY_QUEUE_FULL' },
    });
    expect(await second.cancel()).toBe(204);
    first.query.finishEarly();
    await first.done;
    await untilAtRest();
    expect(held.begun()).toEqual(['SELECT held 1']);
  },
  LIMIT_MS,
);

test(
  'waiting queries keep their places when the gatewayserver is killed',
  async () => {
    const first = await startRunning('SELECT held 1');
    const waiting = [await startWaiting('SELECT held 2'), await startWaiting('SELECT held 3')];
    await suite.gatewayserver.kill();
    // While it is away a poll answers the page the client knows.
    const page = await until('a page without a gatewayserver', () => waiting[0]?.poll().catch(() => undefined));
    expect(page).toMatchObject({ id: waiting[0]?.id, stats: { state: 'QUEUED' } });
    await suite.gatewayserver.start();
    const results = waiting.map((query) => query.finish());
    await until('both to be waiting again', async () => {
      const { groups } = await suite.call<Stats>('QueueService/GetQueueStats', {});
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
    const first = await startRunning('SELECT held 1');
    const waiting = await startWaiting('SELECT held 2');
    const poll = waiting.poll().catch(() => undefined);
    await suite.router.kill();
    await poll;
    const other = suite.routers[1]?.url ?? '';
    const result = waiting.finish(other);
    await until('it to be seen at the other router', async () => {
      const { groups } = await suite.call<Stats>('QueueService/GetQueueStats', {});
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

type Row = { id: string; trinoQueryId: string; text?: string; state?: string; user?: string; queuedMs?: number };

test(
  'a query polled at two routers has one row in history, found by the id its client saw first',
  async () => {
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
  'a statement of 10 MB can wait, and reaches the cluster whole',
  async () => {
    const first = await startRunning('SELECT held 1');
    const statement = `SELECT held 2 /* ${'€ '.repeat(2_500_000)} */`;
    expect(Buffer.byteLength(statement)).toBeGreaterThan(10_000_000);
    const waiting = await startWaiting(statement);
    // By a router that has never seen it.
    const result = waiting.finish(suite.routers[1]?.url);
    first.query.finishEarly();
    // It is longer than the cluster takes: who says so, and how long it is, has read it whole.
    expect((await result).error).toMatchObject({
      errorName: 'QUERY_TEXT_TOO_LARGE',
      message: expect.stringContaining(String(statement.length)),
    });
    await first.done;
    await untilAtRest();
  },
  LIMIT_MS,
);

test(
  'a free slot wakes the held poll of the next query at once',
  async () => {
    let running = await startRunning('SELECT held 0');
    const idleMs: number[] = [];
    for (const n of [1, 2, 3, 4, 5]) {
      const url = suite.routers[n % 2]?.url ?? '';
      const waiting = await startWaiting(`SELECT held ${n}`, url);
      // Held for a second at first, for five later: its poll is in the middle of that.
      for (let polls = 0; polls < 2; polls++) await waiting.poll();
      const result = waiting.finish();
      await until('its poll to be held', async () => {
        const { groups } = await suite.call<Stats>('QueueService/GetQueueStats', {});
        return groups[0]?.present === 1;
      });
      running.query.finishEarly();
      const next = await held.untilRunning(`SELECT held ${n}`);
      idleMs.push((next.startedAt ?? Number.NaN) - (running.query.endedAt ?? Number.NaN));
      running = { query: next, done: result };
    }
    running.query.finishEarly();
    await running.done;
    process.stdout.write(`from the end of one query to the start of the next: ${idleMs.join(', ')} ms\n`);
    // Without being woken it is what is left of a poll that is held for up to five seconds.
    expect(idleMs.toSorted((a, b) => a - b)[2]).toBeLessThan(1_500);
    await untilAtRest();
  },
  LIMIT_MS,
);

test(
  'the slot of a client that died while its query ran is released',
  async () => {
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
