import { expect, test } from '@jest/globals';
import { createAnsweredRoutes } from './answered-routes.ts';

test('a repeated submission gets the same answer, with other backends excluded another one', () => {
  let drawn = 0;
  const memory = createAnsweredRoutes<number>(() => 0);
  const ask = (...excluded: string[]) => memory.recall('s', excluded, () => ++drawn);
  expect([ask(), ask(), ask('a', 'b'), ask('b', 'a'), ask()]).toEqual([1, 1, 2, 2, 1]);
});

test('answers are forgotten after a minute, and the oldest when there are too many', () => {
  let now = 0;
  let drawn = 0;
  const memory = createAnsweredRoutes<number>(() => now);
  const ask = (id: string) => memory.recall(id, [], () => ++drawn);
  expect(ask('s')).toBe(1);
  now = 60_001;
  expect(ask('s')).toBe(2);
  for (let at = 0; at < 20_000; at++) ask(`other-${at}`);
  expect(ask('s')).toBeGreaterThan(20_000);
});
