import { expect, test } from '@jest/globals';
import { createInflationBudget } from './inflation-budget.ts';

test('a client has a burst, and then so many bytes a second', () => {
  let now = 0;
  const budget = createInflationBudget(() => now);
  expect([budget.take('a', 10_000_000), budget.take('a', 1), budget.take('b', 3_000_000)]).toEqual([true, false, true]);
  now = 500;
  expect([budget.take('a', 2_000_001), budget.take('a', 2_000_000), budget.take('a', 1)]).toEqual([false, true, false]);
});

test('all clients together have a budget as well', () => {
  const budget = createInflationBudget(() => 0);
  const taken = ['a', 'b', 'c', 'd', 'e', 'f'].map((ip) => budget.take(ip, 3_000_000));
  expect(taken).toEqual([true, true, true, true, true, false]);
});
