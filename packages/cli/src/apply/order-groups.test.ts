import { create } from '@bufbuild/protobuf';
import { expect, test } from '@jest/globals';
import { GroupSchema } from '@trino-gateway/api/gateway';
import { orderGroups } from './order-groups.ts';

const group = (id: string, spillOverGroupId = '') =>
  create(GroupSchema, { id, spillOverGroupId, spillOverAfterMs: spillOverGroupId === '' ? 0 : 5 });
const ids = (groups: { id: string }[]) => groups.map(({ id }) => id);

test('a group is written after the one that it spills over to', () => {
  const { beforehand, ordered } = orderGroups([group('a', 'b'), group('b', 'c'), group('c'), group('d')], new Set());
  expect([ids(beforehand), ids(ordered)]).toEqual([[], ['c', 'b', 'a', 'd']]);
});

test('of new groups in a circle one is written beforehand without its spill-over group', () => {
  const circle = [group('a', 'b'), group('b', 'a')];
  const { beforehand, ordered } = orderGroups(circle, new Set());
  expect(beforehand).toEqual([group('a')]);
  expect(ids(ordered)).toEqual(['b', 'a']);
  expect(orderGroups(circle, new Set(['a'])).beforehand).toEqual([]);
});

test('a group that spills over to one that is stored already stays in its place', () => {
  expect(ids(orderGroups([group('a', 'old'), group('b')], new Set(['old'])).ordered)).toEqual(['a', 'b']);
});
