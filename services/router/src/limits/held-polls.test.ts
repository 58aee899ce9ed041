import { expect, test } from '@jest/globals';
import { createHeldPolls } from './held-polls.ts';

test('a stop ends the polls that are held, and those that come later', () => {
  const polls = createHeldPolls();
  const [first, second] = [polls.enter('a'), polls.enter('b')];
  expect(polls.count()).toBe(2);
  expect(first.end()).toBe(0);
  polls.stop();
  expect([first.signal.aborted, second.signal.aborted]).toEqual([false, true]);
  expect(polls.enter('c').signal.aborted).toBe(true);
});

test('a client that polls a query twice has left only when its last poll has ended', () => {
  const polls = createHeldPolls();
  const [first, second, other] = [polls.enter('a'), polls.enter('a'), polls.enter('b')];
  expect(first.end()).toBe(1);
  expect(second.end()).toBe(0);
  expect(other.end()).toBe(0);
  expect(polls.count()).toBe(0);
});

test('a hang-up ends the held poll, and leaves no listener behind', () => {
  const polls = createHeldPolls();
  const client = new AbortController();
  const ended = polls.enter('a', client.signal);
  ended.end();
  const poll = polls.enter('a', client.signal);
  client.abort();
  expect([ended.signal.aborted, poll.signal.aborted]).toEqual([false, true]);
  expect(polls.enter('a', client.signal).signal.aborted).toBe(true);
});

test('the waiting time grows by the local clock since the last answer of the gatewayserver', () => {
  let now = 100;
  const polls = createHeldPolls({ now: () => now });
  expect(polls.queuedMs('a')).toBeUndefined();
  polls.waited('a', 4_000);
  now += 250;
  expect(polls.queuedMs('a')).toBe(4_250);
});

test('a poll is held for a second, or for less where its client asks for that', () => {
  const polls = createHeldPolls();
  expect([polls.holdMs(), polls.holdMs(10_000), polls.holdMs(300), polls.holdMs(0)]).toEqual([1_000, 1_000, 300, 50]);
});
