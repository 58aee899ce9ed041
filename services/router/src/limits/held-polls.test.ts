import { expect, test } from '@jest/globals';
import { createHeldPolls } from './held-polls.ts';

test('a stop ends the polls that are held, and those that come later', () => {
  const holds = createHeldPolls();
  const [first, second] = [holds.enter('a'), holds.enter('b')];
  expect(holds.count()).toBe(2);
  expect(first.end()).toBe(0);
  holds.stop();
  expect([first.signal.aborted, second.signal.aborted]).toEqual([false, true]);
  expect(holds.enter('c').signal.aborted).toBe(true);
});

test('a client that polls a query twice has left only when its last poll has ended', () => {
  const holds = createHeldPolls();
  const [first, second, other] = [holds.enter('a'), holds.enter('a'), holds.enter('b')];
  expect(first.end()).toBe(1);
  expect(second.end()).toBe(0);
  expect(other.end()).toBe(0);
  expect(holds.count()).toBe(0);
});

test('a hang-up ends the held poll, and leaves no listener behind', () => {
  const holds = createHeldPolls();
  const client = new AbortController();
  const ended = holds.enter('a', client.signal);
  ended.end();
  const hold = holds.enter('a', client.signal);
  client.abort();
  expect([ended.signal.aborted, hold.signal.aborted]).toEqual([false, true]);
  expect(holds.enter('a', client.signal).signal.aborted).toBe(true);
});

test('the waiting time grows by the local clock from what the gatewayserver said last', () => {
  let now = 100;
  const holds = createHeldPolls({ now: () => now });
  expect(holds.queuedMs('a')).toBeUndefined();
  holds.waited('a', 4_000);
  now += 250;
  expect(holds.queuedMs('a')).toBe(4_250);
  expect([holds.holdMs(1), holds.holdMs(2), holds.holdMs(900)]).toEqual([1_000, 5_000, 5_000]);
});
