import { expect, test } from '@jest/globals';
import { parseDuration } from '../index.ts';

test.each([
  ['0ms', 0],
  ['250ms', 250],
  ['10s', 10_000],
  [' 10s ', 10_000],
  ['1.5s', 1_500],
  ['5m', 300_000],
  ['2h', 7_200_000],
  ['1d', 86_400_000],
])('%j is %d ms', (text, ms) => expect(parseDuration(text)).toBe(ms));

test.each(['', '10', 's', '10 s', '-1s', '1e3s', '10S', '10sec', '1m30s', 'Infinitys'])('%j is no duration', (text) =>
  expect(parseDuration(text)).toBeUndefined(),
);
