import { expect, test } from '@jest/globals';
import { createStanding } from './standing.ts';

test('who needs more time than a turn goes where nobody else waits, until it is quick again', () => {
  const standing = createStanding();
  expect(standing.isSlow('ann', 0)).toBe(false);
  standing.tookTurns('ann', 10, 0);
  expect(standing.isSlow('ann', 0)).toBe(true);
  expect(standing.isSlow('bob', 0)).toBe(false);
  standing.wasSlow('ann');
  expect(standing.isSlow('ann', 0)).toBe(true);
  standing.wasQuick('ann');
  expect(standing.isSlow('ann', 0)).toBe(false);
});

test('a user for whom the script did not answer three times is not asked for a while', () => {
  const standing = createStanding();
  standing.wasLate('ann', 50, 0);
  standing.wasLate('ann', 50, 0);
  expect(standing.whyNotAsked('ann', 0)).toBeUndefined();
  standing.wasLate('ann', 50, 0);
  expect(standing.whyNotAsked('ann', 9_999)).toMatch(/did not answer 3 times for this user/);
  expect(standing.whyNotAsked('bob', 0)).toBeUndefined();
  expect(standing.whyNotAsked('ann', 10_000)).toBeUndefined();
  standing.wasLate('ann', 50, 10_000);
  expect(standing.whyNotAsked('ann', 10_000)).toMatch(/4 times/);
  standing.wasQuick('ann');
  expect(standing.whyNotAsked('ann', 10_000)).toBeUndefined();
});

test('a script that answers nobody is not asked for a while', () => {
  const standing = createStanding();
  for (const user of ['a', 'b', 'c', 'd']) standing.wasLate(user, 50, 0);
  standing.wasQuick('x');
  for (const user of ['a', 'b', 'c', 'd']) standing.wasLate(user, 50, 0);
  expect(standing.whyNotAsked('y', 0)).toBeUndefined();
  standing.wasLate('e', 50, 0);
  expect(standing.whyNotAsked('y', 4_999)).toMatch(/did not answer for 5 users/);
  expect(standing.whyNotAsked('y', 5_000)).toBeUndefined();
});

test('many newcomers that all take their whole turn go behind those who are known', () => {
  const standing = createStanding();
  standing.wasQuick('ann');
  for (let at = 0; at < 10; at++) standing.tookTurns(`new ${at}`, 4, 0);
  expect(standing.isSlow('ann', 0)).toBe(false);
  expect(standing.isSlow('another', 0)).toBe(true);
  expect(standing.isSlow('another', 999)).toBe(true);
  expect(standing.isSlow('another', 1_001)).toBe(false);
});

test('calls that come to nothing take a tenth of the processor at most; who was answered is asked even so', () => {
  const standing = createStanding();
  standing.wasSlow('heavy');
  standing.wasLate('spin', 500, 0);
  expect(standing.whyNotSlowly('spin', 0)).toMatch(/taken too much time/);
  expect(standing.whyNotSlowly('new', 0)).toMatch(/taken too much time/);
  expect(standing.whyNotSlowly('heavy', 0)).toBeUndefined();
  expect(standing.whyNotAsked('new', 0)).toBeUndefined();
  expect(standing.whyNotSlowly('new', 1_001)).toBeUndefined();
});
