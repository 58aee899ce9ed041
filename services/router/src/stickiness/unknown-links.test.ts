import { expect, test } from '@jest/globals';
import { createMissMemory } from './unknown-links.ts';

test('an id nobody owns is remembered, but only briefly: a cluster may be added', () => {
  let now = 0;
  const misses = createMissMemory({ forMs: 100, now: () => now });
  misses.add('x');
  expect(misses.has('x')).toBe(true);
  expect(misses.has('y')).toBe(false);
  now = 100;
  expect(misses.has('x')).toBe(false);
  misses.add('x');
  misses.clear();
  expect(misses.has('x')).toBe(false);
});

test('somebody who tries all ids does not fill the memory', () => {
  const misses = createMissMemory({ most: 10, now: () => 0 });
  for (let n = 0; n < 1_000; n++) misses.add(`id${n}`);
  expect(Array.from({ length: 1_000 }, (_, n) => misses.has(`id${n}`)).filter(Boolean)).toHaveLength(10);
});
