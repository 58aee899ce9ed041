import { expect, test } from '@jest/globals';
import { createAskingPace } from './asking-pace.ts';

function pace() {
  const clock = { now: 0 };
  return { clock, ...createAskingPace(() => clock.now) };
}

test('a cluster is asked every 15 s at most, and later each time it does not answer', () => {
  const { clock, isDue, asked } = pace();
  expect(isDue('a')).toBe(true);
  asked('a', true);
  expect([isDue('a'), isDue('b')]).toEqual([false, true]);
  clock.now = 15_000;
  expect(isDue('a')).toBe(true);
  const pauses = Array.from({ length: 8 }, () => {
    asked('a', false);
    const from = clock.now;
    while (!isDue('a')) clock.now += 1_000;
    return (clock.now - from) / 1_000;
  });
  expect(pauses).toEqual([30, 60, 120, 240, 480, 600, 600, 600]);
  asked('a', true);
  clock.now += 15_000;
  expect(isDue('a')).toBe(true);
});

test('a query that still runs is asked about ever less often, one whose end is unknown three times', () => {
  const { clock, take } = pace();
  const asks = (isGuess: boolean) => {
    const times: number[] = [];
    const from = clock.now;
    for (; clock.now < from + 3_600_000; clock.now += 15_000)
      if (take([{ id: `q${isGuess}`, isGuess }], 10).length > 0) times.push((clock.now - from) / 1_000);
    return times;
  };
  expect(asks(true)).toEqual([0, 30, 90]);
  expect(asks(false)).toEqual([0, 30, 90, 210, 450, 930, 1_530, 2_130, 2_730, 3_330]);
});

test('of many queries some are asked about at a time, and the others the next time', () => {
  const { take } = pace();
  const entries = Array.from({ length: 250 }, (_, id) => ({ id: String(id), isGuess: false }));
  expect(take(entries, 200)).toHaveLength(200);
  expect(take(entries, 200).map(({ id }) => Number(id))).toEqual(Array.from({ length: 50 }, (_, at) => 200 + at));
  expect(take(entries, 200)).toEqual([]);
});
