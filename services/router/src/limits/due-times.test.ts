import { expect, test } from '@jest/globals';
import { createDueTimes } from './due-times.ts';

test('what is due at about the same time is called in one turn, a little early, and not what was ended', async () => {
  let now = 1_000;
  const due = createDueTimes(20, () => now);
  const called: string[] = [];
  const both = Promise.withResolvers<void>();
  due.after(45, () => called.push('first'));
  now += 9;
  due.after(50, () => {
    called.push('second');
    queueMicrotask(() => called.push('next turn'));
    both.resolve();
  });
  due.after(50, () => called.push('ended'))();
  due.after(49, () => called.push('third'));
  await both.promise;
  expect(called.slice(0, 3)).toEqual(['first', 'second', 'third']);
});
