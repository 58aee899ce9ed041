import { expect, test } from '@jest/globals';
import { until } from '@trino-gateway/testing/processes/until';
import { watchStandstill } from './standstill.ts';

test('a clock that has gone on without the process is a standstill', async () => {
  let skipped = 0;
  using watched = watchStandstill(() => performance.now() + skipped);
  skipped = 20_000;
  await until('the watch to see it', async () => watched.longestMs() > 19_000);
  expect(watched.longestMs()).toBeLessThan(25_000);
});
