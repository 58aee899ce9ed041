/** Chance that can be repeated: the same seed draws the same. */
export type Random = {
  /** A whole number from `least` to `most`. */
  whole(least: number, most: number): number;
  /** True in so many cases of a hundred. */
  chance(percent: number): boolean;
  /** One of them. @throws Error when there is none */
  pick<T>(list: readonly T[]): T;
  /** Another source, which draws the same however much this one draws meanwhile. */
  fork(): Random;
};

/** @param seed any whole number; the lowest 32 bits count */
export function createRandom(seed: number): Random {
  let state = seed >>> 0;
  /** Mulberry32: 32 bits of state are enough to choose what goes wrong next. */
  const next = () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  const random: Random = {
    whole: (least, most) => least + Math.floor(next() * (most - least + 1)),
    chance: (percent) => next() * 100 < percent,
    pick: (list) => {
      const one = list[random.whole(0, list.length - 1)];
      if (one === undefined) throw new Error('there is nothing to pick from');
      return one;
    },
    fork: () => createRandom(random.whole(0, 2 ** 32 - 1)),
  };
  return random;
}
