import { expect, test } from '@jest/globals';
import { silentLogger } from '@trino-gateway/runtime';
import { everyMinute, untilNextMinute } from './every-minute.ts';

test.each([
  ['2026-11-20T07:59:59.999Z', 1],
  ['2026-11-20T08:00:00.000Z', 60_000],
  ['2026-11-20T08:00:00.250Z', 59_750],
])('at %s a schedule would be read %d ms later, not at the next minute', (now, ms) => {
  expect(untilNextMinute(Date.parse(now))).toBe(ms);
});

test('a minute that fails is the last, or a stop waits for the next one', async () => {
  const minutes = Promise.withResolvers<void>();
  let looks = 0;
  let now = 59_999;
  const work = () => {
    looks += 1;
    if (looks === 3) {
      now = 60_000; // the next minute is far away
      minutes.resolve();
    }
    throw new Error('a look that fails');
  };
  await using loop = everyMinute('looking', silentLogger, work, () => now);
  await minutes.promise;
  await loop[Symbol.asyncDispose]();
  expect(looks).toBe(3);
});
