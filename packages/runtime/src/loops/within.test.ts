import { expect, test } from '@jest/globals';
import { within } from './within.ts';

test('work that ends in time is waited for, and its failure is passed on', async () => {
  let isDone = false;
  await within(60_000, async (signal) => {
    await Promise.resolve();
    isDone = !signal.aborted;
  });
  expect(isDone).toBe(true);
  await expect(within(60_000, () => Promise.reject(new Error('no')))).rejects.toThrow('no');
});

test('work that takes longer is aborted, and is no longer waited for', async () => {
  let given: AbortSignal | undefined;
  await within(5, (signal) => {
    given = signal;
    return new Promise(() => {});
  });
  expect(given?.aborted).toBe(true);
});
