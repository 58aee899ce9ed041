import { expect, test } from '@jest/globals';
import { untilNextMinute } from './every-minute.ts';

test.each([
  ['2026-11-20T07:59:59.999Z', 1],
  ['2026-11-20T08:00:00.000Z', 60_000],
  ['2026-11-20T08:00:00.250Z', 59_750],
])('at %s a schedule would be read %d ms later, not at the next minute', (now, ms) => {
  expect(untilNextMinute(Date.parse(now))).toBe(ms);
});
