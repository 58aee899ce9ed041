import { create } from '@bufbuild/protobuf';
import { expect, test } from '@jest/globals';
import { QuerySchema } from '@trino-gateway/api/gateway';
import { createEarlyReports } from './early-reports.ts';

const report = (id: string) => create(QuerySchema, { id });

function setUp(most = 10) {
  const clock = { now: 0 };
  const early = createEarlyReports({ most, now: () => clock.now });
  const due = () => early.due(100).map(({ id }) => id);
  return { clock, early, due };
}

test('attempts start after a second, become rarer, and end after ten minutes', () => {
  const { clock, early, due } = setUp();
  expect(early.keep([report('a')])).toBe(0);
  const tries: number[] = [];
  for (let givenUp = 0; givenUp === 0; clock.now += 500) {
    if (due().length === 0) continue;
    tries.push(clock.now / 1_000);
    givenUp = early.keep([report('a')]);
  }
  expect(tries.slice(0, 7)).toEqual([1, 3, 7, 15, 31, 63, 123]);
  expect(tries.length).toBeLessThan(20);
  expect(tries.at(-1)).toBeGreaterThanOrEqual(600);
  expect(early.size()).toBe(0);
});

test('a report whose attempt is under way is not due', () => {
  const { clock, early, due } = setUp();
  early.keep([report('a'), report('b')]);
  clock.now = 1_000;
  expect(due()).toEqual(['a', 'b']);
  expect(due()).toEqual([]);
  early.forget([report('a')]);
  expect(early.size()).toBe(1);
});

test('at most the limit is kept: the oldest is dropped, and counted', () => {
  const { clock, early, due } = setUp(2);
  expect(early.keep(['a', 'b', 'c', 'd'].map(report))).toBe(2);
  clock.now = 1_000;
  expect(due()).toEqual(['c', 'd']);
});
