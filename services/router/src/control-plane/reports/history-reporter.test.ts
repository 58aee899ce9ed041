import { setTimeout as delay } from 'node:timers/promises';
import { create, fromBinary, type MessageInitShape, toBinary } from '@bufbuild/protobuf';
import { timestampFromMs } from '@bufbuild/protobuf/wkt';
import { Code, ConnectError } from '@connectrpc/connect';
import { expect, test } from '@jest/globals';
import { type Query, QuerySchema, Query_State as State } from '@trino-gateway/api/gateway';
import { silentLogger } from '@trino-gateway/runtime';
import { until } from '@trino-gateway/testing/processes/until';
import { createHistory, type HistoryOptions, type QueryReport } from './history-reporter.ts';

const query = (id: string, fields: MessageInitShape<typeof QuerySchema> = {}) => create(QuerySchema, { id, ...fields });

/** A store whose answer is set by the test; it keeps what it accepted. */
function setUp(options: Partial<HistoryOptions> = {}) {
  const stored: Query[] = [];
  const batches: number[] = [];
  const store = { answer: (_: Query[], __: number): void | Promise<void> => {} };
  const log: unknown[] = [];
  const logger = { ...silentLogger, warn: (...line: unknown[]) => void log.push(line) };
  const history = createHistory({
    send: async (reports, timeLimitMs) => {
      const batch = reports.map((report) =>
        fromBinary(QuerySchema, toBinary(QuerySchema, create(QuerySchema, report))),
      );
      await store.answer(batch, timeLimitMs);
      batches.push(batch.length);
      stored.push(...batch);
    },
    most: 20_000,
    timings: { intervalMs: 5 },
    logger,
    ...options,
  });
  return { history, stored, batches, store, log, [Symbol.asyncDispose]: () => history[Symbol.asyncDispose]() };
}

const down = () => {
  throw new ConnectError('away', Code.Unavailable);
};

test('reports arrive in batches of at most 500, in their order', async () => {
  await using setup = setUp();
  const { history, stored, batches } = setup;
  for (let n = 0; n < 1_201; n++) history.report(query(String(n)));
  await until('the reports are stored', () => stored.length === 1_201);
  expect(Math.max(...batches)).toBe(500);
  expect(stored.map(({ id }) => Number(id))).toEqual(Array.from({ length: 1_201 }, (_, n) => n));
  expect(history.backlog()).toBe(0);
});

test('reports about one query merge while they wait, and a final state stays', async () => {
  await using setup = setUp({ timings: { intervalMs: 50 } });
  const { history, stored } = setup;
  await until('all reports are stored', () => history.backlog() === 0);
  history.report(query('1', { text: 'SELECT 1', user: 'ann', state: State.QUEUED, clientTags: ['t'] }));
  history.report(query('1', { trinoQueryId: 't1', state: State.RUNNING }));
  history.report(query('1', { state: State.FAILED, error: { name: 'X', code: 1, message: 'm' } }));
  history.report(query('1', { state: State.RUNNING, backendId: 'a' }));
  await until('the reports are stored', () => stored.length > 0);
  expect(stored).toHaveLength(1);
  expect(stored[0]).toMatchObject({
    text: 'SELECT 1',
    user: 'ann',
    clientTags: ['t'],
    trinoQueryId: 't1',
    backendId: 'a',
    state: State.FAILED,
    error: { name: 'X' },
  });
});

test.each([
  ['before', [0, 1, 2]],
  ['after', [1, 2, 0]],
  ['between', [1, 0, 2]],
])('what has changed completes the whole report, which comes %s', async (_, order) => {
  await using setup = setUp({ timings: { intervalMs: 50 } });
  const { history, stored } = setup;
  const reports = [
    query('1', { trinoQueryId: 't1', text: 'SELECT 1', user: 'ann', state: State.QUEUED }),
    { id: '1', trinoQueryId: 't1', state: State.RUNNING, startedAt: timestampFromMs(7) },
    { id: '1', trinoQueryId: 't1', state: State.FINISHED, endedAt: timestampFromMs(9) },
  ];
  for (const at of order) history.report(reports[at] as QueryReport);
  await until('they are stored', () => history.backlog() === 0);
  const [startedAt, endedAt] = [timestampFromMs(7), timestampFromMs(9)];
  expect(stored).toHaveLength(1);
  expect(stored[0]).toMatchObject({ text: 'SELECT 1', user: 'ann', state: State.FINISHED, startedAt, endedAt });
});

test('nothing is lost while the gatewayserver is away, and what happened meanwhile is merged in', async () => {
  await using setup = setUp();
  const { history, stored, store, log } = setup;
  let failures = 0;
  store.answer = () => {
    failures++;
    down();
  };
  history.report(query('1', { text: 'SELECT 1', state: State.QUEUED }));
  await until('it has failed', () => failures > 0);
  history.report(query('1', { state: State.FINISHED }));
  history.report(query('2', { state: State.QUEUED }));
  await until('it has failed', () => failures > 2);
  expect(history.backlog()).toBe(2);
  store.answer = () => {};
  await until('the reports are stored', () => stored.length === 2);
  expect(stored[0]).toMatchObject({ id: '1', text: 'SELECT 1', state: State.FINISHED });
  expect(log).toHaveLength(1);
  expect(JSON.stringify(log)).not.toContain('SELECT');
});

test('the backlog is bounded: the oldest reports go, and are counted', async () => {
  await using setup = setUp({ most: 10 });
  const { history, stored, store } = setup;
  store.answer = down;
  for (let n = 0; n < 100; n++) history.report(query(String(n)));
  expect(history.backlog()).toBe(10);
  await until('ten reports wait', () => history.backlog() === 10);
  expect(history.dropped()).toBe(90);
  store.answer = () => {};
  await until('all reports are stored', () => history.backlog() === 0);
  expect(stored.map(({ id }) => Number(id))).toEqual([90, 91, 92, 93, 94, 95, 96, 97, 98, 99]);
});

test('long statements do not fill the memory while the gatewayserver is away', async () => {
  await using setup = setUp({ mostBytes: 1_000 });
  const { history, store } = setup;
  store.answer = down;
  for (let n = 0; n < 10; n++) history.report(query(String(n), { text: 'x'.repeat(300) }));
  expect(history.backlog()).toBe(3);
  expect(history.dropped()).toBe(7);
});

test('a backlog of 0 turns history off', async () => {
  await using setup = setUp({ most: 0 });
  const { history, batches } = setup;
  history.report(query('1'));
  expect(history.backlog()).toBe(0);
  expect(history.dropped()).toBe(1);
  expect(batches).toEqual([]);
});

test('statements are cut at 1,000,000 characters and stay well-formed', async () => {
  await using setup = setUp();
  const { history, stored } = setup;
  history.report(query('1', { text: `x${'😀'.repeat(600_000)}` }));
  await until('the reports are stored', () => stored.length === 1);
  expect(stored[0]?.text.length).toBe(1_000_000);
  expect(stored[0]?.text.isWellFormed()).toBe(true);
});

test('a report that the gatewayserver refuses does not hold up the others', async () => {
  await using setup = setUp();
  const { history, stored, store } = setup;
  store.answer = (batch) => {
    if (batch.some(({ id }) => id === '13')) throw new ConnectError('id: no', Code.InvalidArgument);
  };
  for (let n = 0; n < 40; n++) history.report(query(String(n)));
  await until('all reports are stored', () => history.backlog() === 0);
  expect(stored).toHaveLength(39);
  expect(history.dropped()).toBe(1);
});

test('the end of a query that was assigned at another router displaces nothing when there is no room', async () => {
  await using setup = setUp({ most: 2, timings: { intervalMs: 60_000 } });
  const { history, stored } = setup;
  await until('all reports are stored', () => history.backlog() === 0);
  history.report(query('1', { trinoQueryId: '1' }));
  history.report(query('2'));
  for (let n = 0; n < 100; n++) history.report(query('', { trinoQueryId: `made up ${n}`, state: State.FAILED }));
  history.report(query('', { trinoQueryId: '1', state: State.FINISHED }));
  expect(history.dropped()).toBe(100);
  await history[Symbol.asyncDispose]();
  expect(stored.map(({ id, state }) => [id, state])).toEqual([
    ['1', State.FINISHED],
    ['2', expect.anything()],
  ]);
});

test('the last reports are stored at the stop', async () => {
  const { history, stored } = setUp({ timings: { intervalMs: 60_000 } });
  await until('all reports are stored', () => history.backlog() === 0);
  for (let n = 0; n < 700; n++) history.report(query(String(n)));
  await history[Symbol.asyncDispose]();
  expect(stored).toHaveLength(700);
});

test('a gatewayserver that never answers does not hold up the stop', async () => {
  const { history, store, log } = setUp({ timings: { intervalMs: 60_000, flushTimeLimitMs: 50 } });
  const limits: number[] = [];
  store.answer = async (_, timeLimitMs) => {
    limits.push(timeLimitMs);
    await delay(timeLimitMs);
    down();
  };
  history.report(query('1'));
  await history[Symbol.asyncDispose]();
  expect(limits.every((limit) => Number.isInteger(limit) && (limit <= 50 || limit === 5_000))).toBe(true);
  expect(history.backlog()).toBe(1);
  expect(log.at(-1)).toEqual(['reports about queries are lost at the stop', { reports: 1 }]);
});
