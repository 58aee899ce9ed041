import { expect, test } from '@jest/globals';
import { createPassiveHealth } from './passive-health.ts';

test('a backend that failed is avoided for five seconds, or until it answers', () => {
  let nowMs = 1_000;
  const health = createPassiveHealth(() => nowMs);
  health.failed('a');
  nowMs = 2_000;
  health.failed('b');
  expect(health.avoided().toSorted()).toEqual(['a', 'b']);
  health.succeeded('b');
  nowMs = 6_000;
  expect(health.avoided()).toEqual(['a']);
  nowMs = 6_001;
  expect(health.avoided()).toEqual([]);
});

test('each failure prolongs it', () => {
  let nowMs = 1_000;
  const health = createPassiveHealth(() => nowMs);
  health.failed('a');
  nowMs = 5_000;
  health.failed('a');
  nowMs = 9_000;
  expect(health.avoided()).toEqual(['a']);
  nowMs = 10_001;
  expect(health.avoided()).toEqual([]);
});

test('after five seconds one statement tries it, and the others go on to avoid it', () => {
  let nowMs = 1_000;
  const health = createPassiveHealth(() => nowMs);
  health.failed('a');
  nowMs += 5_001;
  expect(health.avoided()).toEqual([]);
  health.trying('a');
  expect(health.avoided()).toEqual(['a']);
  health.abandoned('a');
  expect(health.avoided()).toEqual([]);
  health.trying('a');
  nowMs += 9_999;
  health.trying('a');
  expect(health.avoided()).toEqual(['a']);
  nowMs += 1;
  expect(health.avoided()).toEqual([]);
  health.trying('a');
  health.succeeded('a');
  health.trying('a');
  expect(health.avoided()).toEqual([]);
});

test('of a backend that never failed nothing is kept', () => {
  const health = createPassiveHealth(() => 1);
  health.trying('a');
  health.abandoned('a');
  expect(health.avoided()).toEqual([]);
});
