import { expect, test } from '@jest/globals';
import { createLoadCounts } from './load-counts.ts';

function clocked() {
  const clock = { now: 1_000_000 };
  return { clock, counts: createLoadCounts(() => clock.now) };
}

test('a decided submission counts at once, and once when a report contains it', () => {
  const { counts } = clocked();
  counts.started('s1', 'a');
  counts.started('s2', 'a');
  expect(counts.live('a')).toBe(2);
  counts.report('r1', new Map([['a', 1]]), ['s1']);
  expect(counts.live('a')).toBe(2);
  counts.report('r1', new Map([['a', 2]]), ['s2']);
  expect(counts.live('a')).toBe(2);
});

test('a submission that moves to another backend is counted there only', () => {
  const { counts } = clocked();
  counts.started('s1', 'a');
  counts.started('s1', 'b');
  expect([counts.live('a'), counts.live('b')]).toEqual([0, 1]);
});

test('a report replaces the last one of the same router and adds to those of others', () => {
  const { counts } = clocked();
  counts.report('r1', new Map([['a', 3]]), []);
  counts.report('r2', new Map([['a', 4]]), []);
  counts.report('r1', new Map([['b', 1]]), []);
  expect([counts.live('a'), counts.live('b')]).toEqual([4, 1]);
});

test('a router that does not report is forgotten after ten seconds', () => {
  const { clock, counts } = clocked();
  counts.report('r1', new Map([['a', 3]]), []);
  clock.now += 5_000;
  counts.report('r2', new Map([['a', 1]]), []);
  clock.now += 5_001;
  expect(counts.live('a')).toBe(1);
});

test('a submission that no report settles is forgotten after thirty seconds', () => {
  const { clock, counts } = clocked();
  counts.started('s1', 'a');
  clock.now += 30_000;
  expect(counts.live('a')).toBe(1);
  clock.now += 1;
  expect(counts.live('a')).toBe(0);
});

test('starts are counted since a given moment', () => {
  const { clock, counts } = clocked();
  counts.started('s1', 'a');
  clock.now += 1_000;
  counts.started('s2', 'a');
  counts.started('s3', 'a');
  expect(counts.startedSince('a', clock.now - 1_000)).toBe(3);
  expect(counts.startedSince('a', clock.now - 500)).toBe(2);
  expect(counts.startedSince('b', 0)).toBe(0);
});
