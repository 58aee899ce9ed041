import { expect, test } from '@jest/globals';
import { durationMs } from './duration.ts';

test.each([
  ['0.00ns', 0],
  ['812.00ms', 812],
  ['59.99s', 59_990],
  ['11.71m', 702_600],
  ['1.00h', 3_600_000],
  ['2.50d', 216_000_000],
  ['', undefined],
  ['soon', undefined],
  ['5', undefined],
  ['-1.00s', undefined],
  ['1.00y', undefined],
])('the duration "%s" is read as Trino means it', (text, ms) => {
  expect(durationMs(text)).toBe(ms);
});
