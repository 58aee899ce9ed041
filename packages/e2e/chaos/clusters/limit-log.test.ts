import { expect, test } from '@jest/globals';
import { createLimitLog } from './limit-log.ts';

test('at any time the largest limit within the given past counts, and no larger one', () => {
  const log = createLimitLog();
  log.set(4, 0);
  log.set(2, 100);
  log.set(3, 200);
  expect([50, 150, 199, 240].map((at) => log.largest(at, 50))).toEqual([4, 4, 2, 3]);
  expect(log.largest(400, 50)).toBe(3);
  expect(log.largest(400, 1_000)).toBe(4);
});
