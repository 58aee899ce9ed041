import { expect, test } from '@jest/globals';
import { createBreaker } from './breaker.ts';

function bed() {
  const time = { ms: 0 };
  const shown: boolean[] = [];
  const breaker = createBreaker(
    (isOpen) => shown.push(isOpen),
    () => time.ms,
  );
  const fail = (times: number) => {
    for (let at = 0; at < times; at += 1) breaker.failed();
  };
  return { breaker, time, shown, fail };
}

test('it opens after five failures in a row, and a success in between starts the count anew', () => {
  const { breaker, fail, shown } = bed();
  fail(4);
  breaker.succeeded();
  fail(4);
  expect([breaker.admits(), shown]).toEqual([true, []]);
  fail(1);
  expect([breaker.admits(), shown]).toEqual([false, [true]]);
});

test('after ten seconds one question tries; its success closes, its failure keeps it open for as long again', () => {
  const { breaker, fail, time, shown } = bed();
  fail(5);
  time.ms = 9_999;
  expect(breaker.admits()).toBe(false);
  time.ms = 10_000;
  expect([breaker.admits(), breaker.admits()]).toEqual([true, false]);
  breaker.failed();
  time.ms = 19_999;
  expect(breaker.admits()).toBe(false);
  time.ms = 20_000;
  expect(breaker.admits()).toBe(true);
  breaker.succeeded();
  expect([breaker.admits(), breaker.admits(), shown]).toEqual([true, true, [true, false]]);
});

test('a trial of which nothing is heard is followed by another', () => {
  const { breaker, fail, time } = bed();
  fail(5);
  time.ms = 10_000;
  expect([breaker.admits(), breaker.admits()]).toEqual([true, false]);
  time.ms = 20_000;
  expect(breaker.admits()).toBe(true);
});
