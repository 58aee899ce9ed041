import { expect, test } from '@jest/globals';
import { createSlots } from './concurrency-limit.ts';

const never = new AbortController().signal;

test('thousands of backends must not be asked all at once', async () => {
  const slots = createSlots(3, 60_000);
  let running = 0;
  let most = 0;
  await Promise.all(
    Array.from({ length: 50 }, () =>
      slots.run(never, async () => {
        running += 1;
        most = Math.max(most, running);
        await new Promise(setImmediate);
        running -= 1;
      }),
    ),
  );
  expect(most).toBe(3);
});

test('as many hung clusters as there are slots would stop the looks at all others', async () => {
  const slots = createSlots(2, 20);
  const hung = Promise.withResolvers<void>();
  const stuck = [slots.run(never, () => hung.promise), slots.run(never, () => hung.promise)];
  await expect(slots.run(never, async () => 'looked')).resolves.toBe('looked');
  hung.resolve();
  await Promise.all(stuck);
});

test('a failed look gives its slot back', async () => {
  const slots = createSlots(1, 60_000);
  await expect(slots.run(never, () => Promise.reject(new Error('no')))).rejects.toThrow('no');
  await expect(slots.run(never, async () => 'next')).resolves.toBe('next');
});

test('a removed backend that waits for its turn would keep the process from stopping', async () => {
  const slots = createSlots(1, 60_000);
  const holder = Promise.withResolvers<void>();
  const held = slots.run(never, () => holder.promise);
  const removed = new AbortController();
  const waiting = slots.run(removed.signal, async () => 'looked');
  removed.abort(new Error('removed'));
  await expect(waiting).rejects.toThrow('removed');
  holder.resolve();
  await held;
});
