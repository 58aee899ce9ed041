import { expect, test } from '@jest/globals';
import { createDueTimes } from '../limits/due-times.ts';
import { createDispatches } from './dispatches.ts';

type End = { text: string; bytes: number };

const LONG_MS = 60_000;
const stays = new AbortController().signal;
const dispatches = (mostBytes?: number) => createDispatches<End>(({ bytes }) => bytes, createDueTimes(1), mostBytes);

function underWay() {
  const { promise, resolve, reject } = Promise.withResolvers<End>();
  const seen: AbortSignal[] = [];
  const work = (signal: AbortSignal) => {
    seen.push(signal);
    return promise;
  };
  return { work, resolve, reject, isAborted: () => seen[0]?.aborted };
}

test('a dispatch goes on when a poll is over, and the next one joins it', async () => {
  const all = dispatches();
  const { work, resolve, isAborted } = underWay();
  expect(await all.begin('q', work).join(stays, 1)).toBeUndefined();
  const joined = all.of('q')?.join(stays, LONG_MS);
  expect(isAborted()).toBe(false);
  resolve({ text: 'a', bytes: 0 });
  expect(await joined).toEqual({ text: 'a', bytes: 0 });
  expect(all.of('q')).toBeUndefined();
});

test('it is aborted when the last client that waits for it hangs up, not before', async () => {
  const all = dispatches();
  const { work, isAborted } = underWay();
  const [first, second] = [new AbortController(), new AbortController()];
  const dispatch = all.begin('q', work);
  const polls = [dispatch.join(first.signal, LONG_MS), dispatch.join(second.signal, LONG_MS)];
  first.abort();
  expect(await polls[0]).toBeUndefined();
  expect(isAborted()).toBe(false);
  second.abort();
  expect(await polls[1]).toBeUndefined();
  expect(isAborted()).toBe(true);
});

test('an end that must reach its client is kept for one poll when nobody was there; all others are forgotten', async () => {
  const all = dispatches();
  for (const bytes of [0, 10]) {
    const { work, resolve } = underWay();
    await all.begin('q', work).join(stays, 1);
    resolve({ text: 'a', bytes });
    await new Promise(setImmediate);
    expect(await all.of('q')?.join(stays, LONG_MS)).toEqual(bytes === 0 ? undefined : { text: 'a', bytes });
    expect(all.of('q')).toBeUndefined();
  }
});

test('what is kept is bounded in bytes', async () => {
  const all = dispatches(25);
  for (const id of ['a', 'b', 'c']) {
    const { work, resolve } = underWay();
    await all.begin(id, work).join(stays, 1);
    resolve({ text: id, bytes: 10 });
    await new Promise(setImmediate);
  }
  expect(['a', 'b', 'c'].map((id) => all.of(id) !== undefined)).toEqual([false, true, true]);
});

test('one that fails tells those who wait for it, and is forgotten', async () => {
  const all = dispatches();
  const { work, reject } = underWay();
  const joined = all.begin('q', work).join(stays, LONG_MS);
  reject(new Error('broken'));
  await expect(joined).rejects.toThrow('broken');
  expect(all.of('q')).toBeUndefined();
});
