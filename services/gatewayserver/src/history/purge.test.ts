import { create } from '@bufbuild/protobuf';
import { timestampFromMs } from '@bufbuild/protobuf/wkt';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { ListQueriesRequestSchema, QuerySchema } from '@trino-gateway/api/gateway';
import { silentLogger } from '@trino-gateway/runtime';
import { openStore, type Store } from '../storage/index.ts';
import { type PurgeOptions, purgeHistory } from './purge.ts';

const NOW = 1_763_700_000_000;
let store: Store;
const lines: unknown[] = [];

beforeEach(async () => {
  lines.length = 0;
  store = await openStore({ url: 'sqlite::memory:', logger: silentLogger });
});
afterEach(async () => {
  await store[Symbol.asyncDispose]();
});

/** Queries submitted so many minutes ago, each named for that. */
const submitted = (minutesAgo: number[]) =>
  store.queries.record(
    minutesAgo.map((minutes) =>
      create(QuerySchema, { id: `q${minutes}`, submittedAt: timestampFromMs(NOW - minutes * 60_000) }),
    ),
  );
const left = async () => {
  const { queries } = await store.queries.list(create(ListQueriesRequestSchema, { pageSize: 1_000 }));
  return queries.map(({ id }) => Number(id.slice(1)));
};

async function purge(options: Partial<PurgeOptions>): Promise<number> {
  let rows = 0;
  await purgeHistory({
    queries: store.queries,
    duties: store.duties,
    holder: 'one',
    maxAgeMs: 0,
    maxCount: 0,
    now: () => NOW,
    signal: new AbortController().signal,
    onPurged: (count) => {
      rows += count;
    },
    logger: { ...silentLogger, info: (...line) => void lines.push(line) },
    ...options,
  });
  return rows;
}

const upTo = (count: number) => Array.from({ length: count }, (_, index) => index);

test('all history older than the limit is deleted, in several steps', async () => {
  await submitted(upTo(250));
  expect(await purge({ maxAgeMs: 10 * 60_000 })).toBe(239);
  expect(await left()).toEqual(upTo(11));
  expect(lines).toEqual([['old history was deleted', { rows: 239, seconds: expect.any(Number) }]]);
});

test('of more rows than the limit, the oldest are deleted', async () => {
  await submitted(upTo(250));
  expect(await purge({ maxCount: 20 })).toBe(230);
  expect(await left()).toEqual(upTo(20));
  expect(await purge({ maxCount: 20 })).toBe(0);
  expect(await purge({ maxCount: 1_000 })).toBe(0);
});

test.each<[string, number, number, number]>([
  ['age', 5, 20, 6],
  ['number', 20, 5, 5],
])('with both limits the stricter one holds: %s', async (_, maxAgeMinutes, maxCount, remaining) => {
  await submitted(upTo(50));
  await purge({ maxAgeMs: maxAgeMinutes * 60_000, maxCount });
  expect(await left()).toEqual(upTo(remaining));
});

test('without limits nothing is deleted, and nothing is logged', async () => {
  await submitted([0, 1_000_000]);
  expect(await purge({})).toBe(0);
  expect(await purge({ maxAgeMs: 2_000_000 * 60_000 })).toBe(0);
  expect(await left()).toEqual([0, 1_000_000]);
  expect(lines).toEqual([]);
});

test('one replica purges at a time, and the next one when it is done', async () => {
  await submitted(upTo(250));
  expect(await store.duties.hold('purge history', 'other', 60_000)).toBe(true);
  expect(await purge({ maxCount: 20 })).toBe(0);
  await store.duties.end('purge history', 'other');
  expect(await purge({ maxCount: 20 })).toBe(230);
  expect(await store.duties.hold('purge history', 'other', 60_000)).toBe(true);
});

test('a replica whose duty was taken over stops purging', async () => {
  await submitted(upTo(500));
  let steps = 0;
  const rows = await purge({
    maxCount: 1,
    duties: {
      ...store.duties,
      hold: async (...given) => ++steps < 4 && store.duties.hold(...given),
    },
  });
  expect(rows).toBeGreaterThan(0);
  expect(rows).toBeLessThan(499);
});

test('a stop does not wait for the rest of a purge', async () => {
  await submitted(upTo(500));
  const stop = new AbortController();
  const rows = await purge({
    maxCount: 1,
    signal: stop.signal,
    queries: {
      ...store.queries,
      purge: (...given) => store.queries.purge(...given).finally(() => stop.abort()),
    },
  });
  expect(rows).toBe(50);
  expect(await store.duties.hold('purge history', 'other', 60_000)).toBe(true);
});
