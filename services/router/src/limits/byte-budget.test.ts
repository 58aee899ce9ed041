import { expect, test } from '@jest/globals';
import { createByteBudget } from './byte-budget.ts';

test('an owner gets its share of the bytes, others the rest, and the bytes of a request are free again at its end', () => {
  const budget = createByteBudget(100, 70);
  const [first, second, other] = [budget.open('a'), budget.open('a'), budget.open('b')];
  expect([first.take(50), second.take(30), second.take(20), other.take(31), other.take(30)]).toEqual([
    true,
    false,
    true,
    false,
    true,
  ]);
  expect([budget.taken(), budget.refused()]).toEqual([100, 2]);
  first.close();
  first.close();
  expect(budget.taken()).toBe(50);
  expect([second.fits(51), second.fits(50)]).toEqual([false, true]);
});

test('bytes taken beyond the budget keep others out until they are released', () => {
  const budget = createByteBudget(10, 10);
  const [must, other] = [budget.open('a'), budget.open('b')];
  must.takeAnyway(25);
  expect([budget.taken(), other.take(1), other.take(0)]).toEqual([25, false, true]);
  must.close();
  expect([budget.taken(), other.take(10)]).toEqual([0, true]);
  must.takeAnyway(5); // its client has gone
  expect([budget.taken(), must.take(0)]).toEqual([10, false]);
});
