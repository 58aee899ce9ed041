import { expect, test } from '@jest/globals';
import { createRoomWaiters } from './room-waiters.ts';

const never = new AbortController().signal;

test('room that is given back goes to the oldest who can use it, and each gets its own', async () => {
  const { wait, released } = createRoomWaiters<string>();
  const room = new Set<string>();
  const take = (name: string) => () => (room.delete(name) ? name : undefined);
  const [first, second, third] = ['a', 'b', 'a'].map((name) => wait(take(name), 60_000, never));
  room.add('b');
  released();
  expect(await second).toBe('b');
  room.add('a');
  released();
  expect(await first).toBe('a');
  released();
  room.add('a');
  released();
  expect(await third).toBe('a');
});

test('nobody waits beyond their time, after they have left, or behind too many', async () => {
  const { wait, released } = createRoomWaiters<string>(1);
  const none = () => undefined;
  expect(await wait(none, 1, never)).toBeUndefined();
  const left = new AbortController();
  const waiting = wait(none, 60_000, left.signal);
  expect(await wait(none, 60_000, never)).toBeUndefined();
  left.abort();
  expect(await waiting).toBeUndefined();
  expect(await wait(none, 60_000, left.signal)).toBeUndefined();
  released();
});
