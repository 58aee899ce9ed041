import { expect, test } from '@jest/globals';
import { shortDuration } from './short-duration.ts';

test.each([
  [-5, '0s'],
  [0, '0s'],
  [59_400, '59s'],
  [59_600, '1m 0s'],
  [200_000, '3m 20s'],
  [3_599_900, '1h 0m'],
  [7_500_000, '2h 5m'],
  [90_000_000, '1d 1h'],
])('%i ms reads as "%s"', (ms, text) => {
  expect(shortDuration(ms)).toBe(text);
});
