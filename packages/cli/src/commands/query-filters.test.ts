import { expect, test } from '@jest/globals';
import { ListQueriesRequest_Order, type Query, Query_State } from '@trino-gateway/api/gateway';
import type { Gateway } from '../connection/gateway.ts';
import { listQueries, readQueryFilters } from './query-filters.ts';

const NOW = Date.parse('2026-05-01T12:00:00Z');

test('filters become the fields of the request', () => {
  const { filters, limit } = readQueryFilters(
    {
      user: 'ann',
      backend: 'b',
      group: 'g',
      source: 's',
      text: 'nation',
      state: 'failed',
      after: '90m',
      before: '2026-05-01T11:00:00Z',
      oldestFirst: true,
      limit: '5',
    },
    NOW,
  );
  expect(limit).toBe(5);
  expect(filters).toMatchObject({
    user: 'ann',
    backendId: 'b',
    groupId: 'g',
    source: 's',
    text: 'nation',
    state: Query_State.FAILED,
    order: ListQueriesRequest_Order.OLDEST_FIRST,
    submittedAfter: { seconds: BigInt((NOW - 5_400_000) / 1000) },
    submittedBefore: { seconds: BigInt((NOW - 3_600_000) / 1000) },
  });
});

test('every wrong filter is named at once', () => {
  let message = '';
  try {
    readQueryFilters({ state: 'GONE', after: 'never', before: '31.1.2026', limit: 'all' }, NOW);
  } catch (error) {
    message = (error as Error).message;
  }
  expect(message.split('\n').map((line) => line.split(':', 1)[0])).toEqual([
    '--after',
    '--before',
    '--state',
    '--limit',
  ]);
});

test('pages are asked for until the limit, and no further', async () => {
  const asked: unknown[] = [];
  const queries = Array.from({ length: 2_500 }, (_, at) => ({ id: `q${at}` }) as Query);
  const gateway = {
    queries: {
      listQueries: async ({ pageSize, pageToken }: { pageSize: number; pageToken: string }) => {
        asked.push(pageSize);
        const from = Number(pageToken || 0);
        const next = from + pageSize;
        return { queries: queries.slice(from, next), nextPageToken: next < queries.length ? String(next) : '' };
      },
    },
  } as unknown as Gateway;
  const list = async (limit: number) => {
    asked.length = 0;
    const { found, more } = await listQueries(gateway, { filters: {}, limit });
    return [found.length, more, [...asked]];
  };
  expect(await list(10)).toEqual([10, true, [10]]);
  expect(await list(1_500)).toEqual([1_500, true, [1_000, 500]]);
  expect(await list(9_000)).toEqual([2_500, false, [1_000, 1_000, 1_000]]);
});
