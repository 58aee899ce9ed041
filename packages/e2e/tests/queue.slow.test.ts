import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { until } from '@trino-gateway/testing/processes/until';
import { type OpenQuery, openQuery } from '@trino-gateway/testing/trino-client/open-query';
import { type OneSlot, startOneSlot } from '../support/one-slot.ts';

// Who waits for the one slot of a cluster, and when they get it.
const LIMIT_MS = 240_000;
let slot: OneSlot;

beforeEach(async () => {
  slot = await startOneSlot();
}, LIMIT_MS);

afterEach(async () => {
  await slot?.[Symbol.asyncDispose]();
}, LIMIT_MS);

test(
  'a full cluster gets no further query, and waiting queries start in the order of their arrival',
  async () => {
    const { suite, held, startRunning, startWaiting, untilAtRest } = slot;
    const first = await startRunning('SELECT held 1');
    const waiting: OpenQuery[] = [];
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
    const { suite, held, startRunning, startWaiting, untilAtRest } = slot;
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
    const { suite, held, startRunning, startWaiting, untilAtRest } = slot;
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
  'a statement of 10 MB can wait, and reaches the cluster whole',
  async () => {
    const { suite, startRunning, startWaiting, untilAtRest } = slot;
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
    const { suite, held, startRunning, startWaiting, queueStats, untilAtRest } = slot;
    let running = await startRunning('SELECT held 0');
    const idleMs: number[] = [];
    for (const n of [1, 2, 3, 4, 5]) {
      const url = suite.routers[n % 2]?.url ?? '';
      const waiting = await startWaiting(`SELECT held ${n}`, url);
      const result = waiting.finish();
      await until('its poll to be held', async () => {
        const { groups } = await queueStats();
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
    // Without being woken it is what is left of a poll that is held for a second.
    expect(idleMs.toSorted((a, b) => a - b)[2]).toBeLessThan(500);
    await untilAtRest();
  },
  LIMIT_MS,
);
