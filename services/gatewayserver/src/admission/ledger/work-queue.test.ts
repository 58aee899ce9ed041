import { expect, test } from '@jest/globals';
import { createWorkQueue } from './work-queue.ts';

test('a refresh beside commands that could not be stored fails as they do: nothing was read', async () => {
  const away = new Error('the database is away');
  const queue = createWorkQueue({
    runBatch: async (commands) => {
      for (const { reject } of commands) reject(away);
      throw away;
    },
    readChanges: async () => {},
  });
  const outcomes = await Promise.allSettled([queue.run(() => 1), queue.refresh()]);
  expect(outcomes.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
  await expect(queue.refresh()).resolves.toBeUndefined();
});
