import { expect, test } from '@jest/globals';
import { createRandom, type Random } from './random.ts';

const draws = (random: Random) => Array.from({ length: 1_000 }, () => random.whole(3, 7));

test('the same seed gives the same run', () => {
  expect(draws(createRandom(5))).toEqual(draws(createRandom(5)));
  expect(draws(createRandom(5))).not.toEqual(draws(createRandom(6)));
  expect(draws(createRandom(5).fork())).toEqual(draws(createRandom(5).fork()));
});

test('every value is drawn, and chances hit at their rate', () => {
  const random = createRandom(1);
  expect(new Set(draws(random))).toEqual(new Set([3, 4, 5, 6, 7]));
  expect(new Set(Array.from({ length: 100 }, () => random.pick(['a', 'b'])))).toEqual(new Set(['a', 'b']));
  const hits = Array.from({ length: 1_000 }, () => random.chance(20)).filter(Boolean).length;
  expect(hits).toBeGreaterThan(120);
  expect(hits).toBeLessThan(280);
  expect(() => random.pick([])).toThrow('nothing');
});
