import { expect, test } from '@jest/globals';
import { createSuspects } from './passive-health.ts';

test('a backend that failed is avoided for a few seconds, or until it answers', () => {
  const suspects = createSuspects(5_000);
  suspects.failed('a', 1_000);
  suspects.failed('b', 2_000);
  expect(suspects.avoided(2_000)).toEqual(['a', 'b']);
  suspects.succeeded('b');
  expect(suspects.avoided(5_999)).toEqual(['a']);
  expect(suspects.avoided(6_000)).toEqual([]);
});

test('failing again prolongs it', () => {
  const suspects = createSuspects(5_000);
  suspects.failed('a', 0);
  suspects.failed('a', 4_000);
  expect(suspects.avoided(8_000)).toEqual(['a']);
  expect(suspects.avoided(9_000)).toEqual([]);
});
