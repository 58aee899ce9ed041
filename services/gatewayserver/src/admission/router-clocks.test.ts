import { expect, test } from '@jest/globals';
import { createRouterClocks, OLDEST_ARRIVAL_MS } from './router-clocks.ts';

function clocks() {
  const clock = { now: 1_000_000 };
  const { arrivedAt } = createRouterClocks(() => clock.now);
  /** A call that is received now; its router's clock is behind by so much. */
  const received = (routerId: string, { behind, asked, sent }: { behind: number; asked: number; sent: number }) =>
    arrivedAt({ routerId, askedAtMs: asked - behind, sentAtMs: sent - behind });
  return { clock, received };
}

test('statements of a router are ordered by when it was asked, however long their calls take', () => {
  const { clock, received } = clocks();
  const behind = 999_000;
  clock.now = 1_000_001;
  expect(received('r', { behind, asked: 999_999, sent: 1_000_000 })).toBe(1_000_000);
  // Asked 5 ms apart; the first one's cluster took long to check its client, the second call was held up.
  clock.now = 1_000_050;
  const first = received('r', { behind, asked: 1_000_010, sent: 1_000_045 });
  clock.now = 1_000_080;
  const second = received('r', { behind, asked: 1_000_015, sent: 1_000_030 });
  expect([first, second]).toEqual([1_000_011, 1_000_016]);
});

test('a faster call does not bring a statement before those that slower calls told of', () => {
  const { clock, received } = clocks();
  // Asked 5 ms apart; the first calls took 40 ms, as the code was new, then 1 ms.
  const arrivals = Array.from({ length: 20 }, (_, at) => {
    const asked = 1_000_000 + at * 5;
    clock.now = asked + (at < 8 ? 40 : 1);
    return received('r', { behind: 500, asked, sent: asked });
  });
  expect(arrivals.toSorted((a, b) => a - b)).toEqual(arrivals);
  expect(new Set(arrivals).size).toBe(20);
  expect(arrivals.at(-1)).toBeCloseTo(1_000_096, 0);
  // One that was asked for in between, and told of late, stands in between.
  clock.now = 1_000_200;
  const late = received('r', { behind: 500, asked: 1_000_012, sent: 1_000_190 });
  expect(late).toBeGreaterThan(arrivals[2] ?? 0);
  expect(late).toBeLessThan(arrivals[3] ?? 0);
});

test('what the clocks of two routers say does not matter', () => {
  const { clock, received } = clocks();
  clock.now = 1_000_002;
  const one = received('one', { behind: 900_000, asked: 1_000_000, sent: 1_000_001 });
  const other = received('other', { behind: 100, asked: 999_990, sent: 1_000_001 });
  expect([one, other]).toEqual([1_000_001, 999_991]);
});

test('a router that starts anew, or a clock that is set, is noticed', () => {
  const { clock, received } = clocks();
  received('r', { behind: 500_000, asked: clock.now, sent: clock.now });
  for (const behind of [999_000, 10_000]) {
    clock.now += 10_000;
    expect(received('r', { behind, asked: clock.now - 3, sent: clock.now - 1 })).toBe(clock.now - 2);
  }
});

test.each([
  ['no times, as of an earlier version', { askedAtMs: 0, sentAtMs: 0 }],
  ['a time that is none', { askedAtMs: Number.NaN, sentAtMs: 5 }],
  ['a time that is none', { askedAtMs: 5, sentAtMs: Number.NaN }],
  ['an end before the beginning', { askedAtMs: 9, sentAtMs: 5 }],
  ['negative times', { askedAtMs: -9, sentAtMs: -5 }],
])('%s: it arrives with its call', (_what, times) => {
  expect(createRouterClocks(() => 1_000).arrivedAt({ routerId: 'r', ...times })).toBe(1_000);
});

test('nothing arrived long ago, or in the future', () => {
  const { arrivedAt } = createRouterClocks(() => 1_000_000);
  expect(arrivedAt({ routerId: 'r', askedAtMs: 1, sentAtMs: 900_000 })).toBe(1_000_000 - OLDEST_ARRIVAL_MS);
  expect(arrivedAt({ routerId: 'r', askedAtMs: 900_000, sentAtMs: 900_000 })).toBe(1_000_000);
});
