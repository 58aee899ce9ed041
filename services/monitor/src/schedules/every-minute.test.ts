import { expect, test } from '@jest/globals';
import { silentLogger } from '@trino-gateway/runtime';
import { everyMinute, untilNextMinute } from './every-minute.ts';

test.each([
  ['2026-11-20T07:59:59.999Z', 1],
  ['2026-11-20T08:00:00.000Z', 60_000],
  ['2026-11-20T08:00:00.250Z', 59_750],
])('from %s the next minute begins in %d ms', (now, ms) => {
  expect(untilNextMinute(Date.parse(now))).toBe(ms);
});

test('the next minute follows one that failed, and a stop does not wait for it', async () => {
  const minutes = Promise.withResolvers<void>();
  let minutesWorked = 0;
  let now = 59_999;
  const work = () => {
    minutesWorked += 1;
    if (minutesWorked === 3) {
      now = 60_000; // the next minute is far away
      minutes.resolve();
    }
    throw new Error('this minute fails');
  };
  await using loop = everyMinute('working', silentLogger, work, () => now);
  await minutes.promise;
  await loop[Symbol.asyncDispose]();
  expect(minutesWorked).toBe(3);
});
