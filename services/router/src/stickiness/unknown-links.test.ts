import { expect, test } from '@jest/globals';
import { createUnknownLinks } from './unknown-links.ts';

test('an id that no cluster knows is kept, but only briefly: a cluster may be added', () => {
  let now = 1;
  const unknown = createUnknownLinks(() => now);
  unknown.add('x');
  expect(unknown.has('x')).toBe(true);
  expect(unknown.has('y')).toBe(false);
  now += 5_001;
  expect(unknown.has('x')).toBe(false);
  unknown.add('x');
  unknown.clear();
  expect(unknown.has('x')).toBe(false);
});

test('a client that tries all ids does not fill the memory', () => {
  const unknown = createUnknownLinks(() => 1);
  for (let n = 0; n < 10_500; n++) unknown.add(`id${n}`);
  expect(Array.from({ length: 10_500 }, (_, n) => unknown.has(`id${n}`)).filter(Boolean)).toHaveLength(10_000);
});
