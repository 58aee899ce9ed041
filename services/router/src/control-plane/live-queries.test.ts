import { create, type MessageInitShape } from '@bufbuild/protobuf';
import { expect, test } from '@jest/globals';
import { QuerySchema, Query_State as State } from '@trino-gateway/api/gateway';
import { silentLogger } from '@trino-gateway/runtime';
import { createFailureLog } from './failure-log.ts';
import { createLiveQueries, type LiveQueriesOptions, type QueryNews } from './live-queries.ts';
import type { QueryReport } from './reports/history-reporter.ts';

function table(options: Omit<LiveQueriesOptions, 'history' | 'failures'> = {}) {
  const lines: unknown[] = [];
  const reports: QueryReport[] = [];
  const clock = { now: 1_000 };
  const live = createLiveQueries({
    history: { report: (query) => reports.push(query) },
    failures: createFailureLog({ ...silentLogger, info: (...line) => void lines.push(line) }),
    now: () => clock.now,
    ...options,
  });
  const start = (id: string, backendId: string, fields: MessageInitShape<typeof QuerySchema> = {}) =>
    live.started(create(QuerySchema, { id, trinoQueryId: id, backendId, state: State.QUEUED, ...fields }));
  return { live, lines, reports, clock, start, states: () => reports.map(({ id, state }) => [id, state]) };
}

test('live queries are counted by backend until they end', () => {
  const { live, start } = table();
  start('1', 'a');
  start('2', 'a');
  start('3', 'b');
  start('3', 'b');
  expect(Object.fromEntries(live.counts())).toEqual({ a: 2, b: 1 });
  live.ended('1', { state: State.FINISHED });
  live.ended('1', { state: State.FINISHED });
  live.ended('3', { state: State.FAILED });
  expect(Object.fromEntries(live.counts())).toEqual({ a: 1 });
  expect(live.size()).toBe(1);
});

test('start, first executing page and end go to history once each', () => {
  const { live, reports, start, states } = table();
  start('1', 'a');
  live.running('1');
  live.running('1');
  live.ended('1', { state: State.FAILED, error: { name: 'SYNTAX_ERROR', code: 1, message: 'no' } });
  live.ended('1', { state: State.FINISHED });
  expect(states()).toEqual([
    ['1', State.QUEUED],
    ['1', State.RUNNING],
    ['1', State.FAILED],
  ]);
  expect(reports[1]?.startedAt).toBeDefined();
  expect(reports[2]).toMatchObject({ trinoQueryId: '1', error: { name: 'SYNTAX_ERROR', code: 1, message: 'no' } });
  expect(reports[2]?.endedAt).toBeDefined();
});

test('a direct query counts until the monitor has had time to see it, and is never reported as abandoned', () => {
  const { live, clock, states } = table({ timings: { directForMs: 15_000, abandonedAfterMs: 10_000 } });
  const depart = (id: string) =>
    live.directQueryStarted(create(QuerySchema, { id, trinoQueryId: id, backendId: 'a', state: State.QUEUED }));
  depart('1');
  clock.now += 10_000;
  depart('2');
  depart('2');
  expect(Object.fromEntries(live.counts())).toEqual({ a: 2 });
  clock.now += 5_000;
  expect(Object.fromEntries(live.counts())).toEqual({ a: 1 });
  clock.now += 10_000;
  live.sweep();
  expect(Object.fromEntries(live.counts())).toEqual({});
  expect(states()).toEqual([
    ['1', State.QUEUED],
    ['2', State.QUEUED],
    ['2', State.QUEUED],
  ]);
});

test('a refused statement goes to history and is never live', () => {
  const { live, reports, start } = table();
  start('1', '', { trinoQueryId: '', state: State.FAILED });
  start('2', 'a', { state: State.FAILED });
  expect(reports).toHaveLength(2);
  expect(live.size()).toBe(0);
});

test('a query that another replica assigned is reported once, by the id of its cluster, and not counted', () => {
  const { live, reports, start, states } = table();
  live.seen('9');
  live.running('9');
  live.running('9');
  live.ended('9', { state: State.FINISHED });
  live.ended('9', { state: State.FINISHED });
  expect(states()).toEqual([
    ['', State.RUNNING],
    ['', State.FINISHED],
  ]);
  expect(reports.map(({ trinoQueryId }) => trinoQueryId)).toEqual(['9', '9']);
  expect(live.counts().size).toBe(0);
  start('1', 'a');
  expect(live.size()).toBe(1);
});

test('a query that nobody polls is reported as unknown and no longer counted', () => {
  const { live, reports, clock, start, states } = table({ timings: { abandonedAfterMs: 100 } });
  start('1', 'a');
  start('2', 'a');
  clock.now += 60;
  live.seen('2');
  clock.now += 60;
  live.sweep();
  expect(states().slice(2)).toEqual([['1', State.UNKNOWN]]);
  expect(Object.fromEntries(live.counts())).toEqual({ a: 1 });
  live.ended('1', { state: State.FINISHED });
  expect(states().at(-1)).toEqual(['', State.FINISHED]);
  expect(reports.at(-1)?.trinoQueryId).toBe('1');
});

test('statements that never end do not fill the memory', () => {
  const { live, start } = table({ most: 3 });
  for (const id of ['1', '2', '3', '4', '5']) start(id, id === '1' ? 'a' : 'b');
  expect(live.size()).toBe(3);
  expect(live.dropped()).toBe(2);
  expect(Object.fromEntries(live.counts())).toEqual({ b: 3 });
});

test('a statement that ended in the queue is reported once, as no query of a cluster', () => {
  const { live, reports } = table();
  live.queuedQueryEnded('t', { state: State.FAILED, error: { name: 'USER_CANCELED', code: 3, message: 'm' } });
  live.queuedQueryEnded('t', { state: State.FAILED });
  expect(reports).toMatchObject([{ id: 't', trinoQueryId: '', state: State.FAILED, error: { name: 'USER_CANCELED' } }]);
  expect(live.size()).toBe(0);
});

test('a refused query and a failed one are logged once, with id, user, group and error, never with text or message', () => {
  const { live, lines, start } = table();
  const error = { name: 'QUERY_QUEUE_FULL', code: 131_074, message: "full of 'secrets'" };
  const more = { user: 'ann', groupId: 'adhoc', text: "SELECT 'secret'" };
  live.started(create(QuerySchema, { id: '0', state: State.FAILED, error, ...more }));
  start('1', 'a', more);
  start('2', 'a', { ...more, id: 'temporary' });
  live.ended('1', { state: State.FINISHED });
  for (let times = 0; times < 2; times++)
    live.ended('2', { state: State.FAILED, error: { name: 'SYNTAX_ERROR', code: 1, message: "near 'secret'" } });
  live.ended('elsewhere', { state: State.FAILED, error: { name: 'USER_CANCELED', code: 3, message: '' } });
  expect(JSON.parse(JSON.stringify(lines))).toEqual([
    ['a query was refused', { query: '0', user: 'ann', group: 'adhoc', error: 'QUERY_QUEUE_FULL' }],
    [
      'a query has failed',
      { query: 'temporary', trinoQuery: '2', user: 'ann', group: 'adhoc', backend: 'a', error: 'SYNTAX_ERROR' },
    ],
    ['a query has failed', { query: 'elsewhere', error: 'USER_CANCELED' }],
  ]);
});

test('a query that is polled and ends at another process of the router counts here no longer, and is not given up before', () => {
  const clock = { now: 0 };
  const told: QueryNews[] = [];
  const reports: QueryReport[] = [];
  const process = (tell: (news: QueryNews) => void) =>
    createLiveQueries({
      history: { report: (query) => void reports.push(query) },
      failures: createFailureLog(silentLogger),
      tell,
      now: () => clock.now,
      timings: { abandonedAfterMs: 100 },
    });
  const one = process(() => {});
  const other = process((news) => {
    told.push(news);
    one.elsewhere(news);
  });
  one.started(create(QuerySchema, { id: 'q', trinoQueryId: 'q', backendId: 'b', state: State.QUEUED }));
  for (const at of [60, 120, 180]) {
    clock.now = at;
    other.seen('q');
    other.sweep();
    one.sweep();
    expect(one.counts()).toEqual(new Map([['b', 1]]));
  }
  other.ended('q', { state: State.FINISHED });
  other.ended('q', { state: State.FINISHED });
  expect(one.counts()).toEqual(new Map());
  one.ended('q', { state: State.FINISHED }); // its last page again, here
  expect(told.filter(({ kind }) => kind === 'ended')).toHaveLength(1);
  expect(reports.filter(({ state }) => state === State.FINISHED)).toHaveLength(1);
});
