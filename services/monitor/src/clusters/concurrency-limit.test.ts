import { expect, test } from '@jest/globals';
import { createConcurrencyLimit } from './concurrency-limit.ts';

const never = new AbortController().signal;

test('no more tasks run at the same time than the limit says', async () => {
  const limit = createConcurrencyLimit(3, 60_000);
  let running = 0;
  let most = 0;
  await Promise.all(
    Array.from({ length: 50 }, () =>
      limit.run(never, async () => {
        running += 1;
        most = Math.max(most, running);
        await new Promise(setImmediate);
        running -= 1;
      }),
    ),
  );
  expect(most).toBe(3);
});

test('tasks that hang do not hold up the others', async () => {
  const limit = createConcurrencyLimit(2, 20);
  const hung = Promise.withResolvers<void>();
  const stuck = [limit.run(never, () => hung.promise), limit.run(never, () => hung.promise)];
  await expect(limit.run(never, async () => 'ran')).resolves.toBe('ran');
  hung.resolve();
  await Promise.all(stuck);
});

test('a task that failed makes room for the next', async () => {
  const limit = createConcurrencyLimit(1, 60_000);
  await expect(limit.run(never, () => Promise.reject(new Error('no')))).rejects.toThrow('no');
  await expect(limit.run(never, async () => 'next')).resolves.toBe('next');
});

test('a task that is aborted while it waits never runs', async () => {
  const limit = createConcurrencyLimit(1, 60_000);
  const holder = Promise.withResolvers<void>();
  const held = limit.run(never, () => holder.promise);
  const removed = new AbortController();
  const waiting = limit.run(removed.signal, async () => 'ran');
  removed.abort(new Error('removed'));
  await expect(waiting).rejects.toThrow('removed');
  holder.resolve();
  await held;
});
