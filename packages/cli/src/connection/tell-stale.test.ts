import { create } from '@bufbuild/protobuf';
import { timestampFromMs } from '@bufbuild/protobuf/wkt';
import { expect, test } from '@jest/globals';
import { ListBackendsResponseSchema, ListGroupsResponseSchema } from '@trino-gateway/api/gateway';
import { staleness } from './tell-stale.ts';

const asOf = timestampFromMs(Date.parse('2026-11-21T08:00:00Z'));
const notice = 'the monitor last probed it 75 s ago; that finding stays in force';

test('an answer of now needs no words', () => {
  expect(staleness(create(ListGroupsResponseSchema, {}))).toEqual([]);
  expect(staleness(create(ListBackendsResponseSchema, { backends: [{ id: 'a', condition: {} }] }))).toEqual([]);
});

test('a list made while the database is away says as of when it is', () => {
  expect(staleness(create(ListGroupsResponseSchema, { asOf }))).toEqual([
    'the database of the gatewayserver does not answer: this is as of 2026-11-21T08:00:00.000Z',
  ]);
});

test('a silent monitor is told once, whatever the number of backends', () => {
  const backends = [{ id: 'a', condition: {} }, ...['b', 'c'].map((id) => ({ id, condition: { notice } }))];
  expect(staleness(create(ListBackendsResponseSchema, { backends }))).toEqual([
    `the monitor is silent about 2 of them; of b: ${notice}`,
  ]);
});
