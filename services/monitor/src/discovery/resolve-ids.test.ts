import { create } from '@bufbuild/protobuf';
import { expect, test } from '@jest/globals';
import { DiscoveredObjectSchema } from '@trino-gateway/api/gateway';
import { resolveIds } from './resolve-ids.ts';

const dated = (object: string, id: string, createdAt: number) => ({
  createdAt,
  mapped: create(DiscoveredObjectSchema, { object, backendId: id, backend: { id }, groupIds: ['g'] }),
});
const resolved = (...objects: ReturnType<typeof dated>[]) =>
  resolveIds(objects).map(({ object, problem, backend }) => [object, problem, backend?.id]);

test('of two that ask for one id the older has it, whatever their order', () => {
  const [old, young] = [dated('b', 'x', 1), dated('a', 'x', 2)];
  const expected = [
    ['a', 'id "x" is that of b, which is older', undefined],
    ['b', '', 'x'],
  ];
  expect(resolved(old, young)).toEqual(expected);
  expect(resolved(young, old)).toEqual(expected);
});

test('of two that were made at once the first by name has it, and others are left alone', () => {
  expect(resolved(dated('b', 'x', 1), dated('a', 'x', 1), dated('c', 'y', 9))).toEqual([
    ['a', '', 'x'],
    ['b', 'id "x" is that of a, which is older', undefined],
    ['c', '', 'y'],
  ]);
});
