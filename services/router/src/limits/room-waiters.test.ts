import { expect, test } from '@jest/globals';
import { createRoomWaiters } from './room-waiters.ts';

const never = new AbortController().signal;

test('room that is given back goes to the oldest who can use it, and each gets its own', async () => {
  const { wait, released } = createRoomWaiters();
  const room = new Set<string>();
  const [a, b] = [() => {}, () => {}];
  const take = (name: string) => () => (room.delete(name) ? { a, b }[name] : undefined);
  const [first, second, third] = ['a', 'b', 'a'].map((name) => wait(take(name), 60_000, never));
  room.add('b');
  released();
  expect(await second).toBe(b);
  room.add('a');
  released();
  expect(await first).toBe(a);
  released();
  room.add('a');
  released();
  expect(await third).toBe(a);
});

test('nobody waits beyond their time, after they have left, or behind too many', async () => {
  const { wait, released } = createRoomWaiters(1);
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

test('where other processes have room as well it is asked for again, and given back when nobody waits any more', async () => {
  const { wait, released } = createRoomWaiters();
  const answers = [undefined, undefined, () => {}];
  const room = answers[2];
  const waiting = wait(async () => answers.shift(), 60_000, never);
  released();
  expect(await waiting).toBe(room);

  const { promise: late, resolve } = Promise.withResolvers<() => void>();
  const left = new AbortController();
  const given = wait(() => late, 60_000, left.signal);
  released();
  left.abort();
  expect(await given).toBeUndefined();
  const { promise: givenBack, resolve: giveBack } = Promise.withResolvers<void>();
  resolve(giveBack);
  await givenBack;
});
