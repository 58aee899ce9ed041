import { expect, test } from '@jest/globals';
import { createBackoff } from './backoff.ts';

test('pauses double with each failure up to the longest, and begin anew after a success', () => {
  let now = 0;
  const backoff = createBackoff(
    { firstMs: 100, longestMs: 300 },
    () => now,
    () => 0.5,
  );
  expect(backoff.isDue()).toBe(true);
  for (const pauseMs of [100, 200, 300, 300]) {
    expect(backoff.failed()).toBe(pauseMs);
    now += pauseMs - 1;
    expect(backoff.isDue()).toBe(false);
    now += 1;
    expect(backoff.isDue()).toBe(true);
  }
  backoff.succeeded();
  backoff.failed();
  now += 100;
  expect(backoff.isDue()).toBe(true);
});
