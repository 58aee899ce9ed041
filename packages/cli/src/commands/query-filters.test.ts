import { expect, test } from '@jest/globals';
import { ListQueriesRequest_Order, Query_State } from '@trino-gateway/api/gateway';
import { readQueryFilters } from './query-filters.ts';

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
