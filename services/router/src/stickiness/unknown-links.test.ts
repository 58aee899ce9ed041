import { expect, test } from '@jest/globals';
import { createUnknownLinks } from './unknown-links.ts';

test('an id that no cluster knows is kept, but only briefly: a cluster may be added', () => {
  let now = 1;
  const unknown = createUnknownLinks({ forMs: 100, now: () => now });
  unknown.add('x');
  expect(unknown.has('x')).toBe(true);
  expect(unknown.has('y')).toBe(false);
  now += 101;
  expect(unknown.has('x')).toBe(false);
  unknown.add('x');
  unknown.clear();
  expect(unknown.has('x')).toBe(false);
});

test('a client that tries all ids does not fill the memory', () => {
  const unknown = createUnknownLinks({ most: 10, now: () => 1 });
  for (let n = 0; n < 1_000; n++) unknown.add(`id${n}`);
  expect(Array.from({ length: 1_000 }, (_, n) => unknown.has(`id${n}`)).filter(Boolean)).toHaveLength(10);
});
