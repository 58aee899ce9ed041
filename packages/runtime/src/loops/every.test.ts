import { expect, test } from '@jest/globals';
import { every, type Logger, silentLogger } from '../index.ts';

/** Work that runs until it is let go, and counts how many of it run at once. */
function countedWork() {
  const releases: (() => void)[] = [];
  const begins: (() => void)[] = [];
  const state = { runs: 0, now: 0, most: 0 };
  return {
    state,
    work: async () => {
      state.runs++;
      state.now++;
      state.most = Math.max(state.most, state.now);
      begins.shift()?.();
      await new Promise<void>((resolve) => releases.push(resolve));
      state.now--;
    },
    release: () => releases.shift()?.(),
    begun: () => new Promise<void>((resolve) => begins.push(resolve)),
  };
}

test('the first run is at once, and runs never overlap however short the interval and however often it is hurried', async () => {
  const { state, work, release, begun } = countedWork();
  await using loop = every(1, 'work', silentLogger, work);
  expect(state.runs).toBe(1);
  for (let run = 2; run <= 5; run++) {
    loop.hurry();
    loop.hurry();
    const next = begun();
    release();
    await next;
    expect(state.runs).toBe(run);
  }
  expect(state.most).toBe(1);
  loop.hurry();
  const stopped = loop[Symbol.asyncDispose]();
  release();
  await stopped;
});

test('a hurried loop does not sit out its interval', async () => {
  const { state, work, release, begun } = countedWork();
  await using loop = every(3_600_000, 'work', silentLogger, work);
  release();
  const next = begun();
  while (state.now > 0) await Promise.resolve();
  loop.hurry();
  await next;
  expect(state.runs).toBe(2);
  release();
});

test('a run that fails is logged by name and the loop goes on', async () => {
  const logged: unknown[] = [];
  const logger: Logger = { ...silentLogger, error: (message, fields) => void logged.push([message, fields]) };
  const again = Promise.withResolvers<void>();
  let runs = 0;
  await using _loop = every(1, 'looking around', logger, async () => {
    runs++;
    if (runs === 1) throw new Error('too dark', { cause: new Error('night') });
    again.resolve();
  });
  await again.promise;
  expect(logged).toEqual([['looking around failed', { error: 'too dark: night' }]]);
});

test('disposal aborts the run in flight, waits for its end, logs nothing and starts no other', async () => {
  const logged: unknown[] = [];
  const logger: Logger = { ...silentLogger, error: (message) => void logged.push(message) };
  let runs = 0;
  let ended = false;
  const loop = every(1, 'work', logger, async (signal) => {
    runs++;
    await new Promise((_, reject) =>
      signal.addEventListener('abort', () => setImmediate(reject, new Error('aborted'))),
    );
  });
  const stopped = loop[Symbol.asyncDispose]();
  await stopped.then(() => {
    ended = true;
  });
  expect({ runs, ended, logged }).toEqual({ runs: 1, ended: true, logged: [] });
});

test('disposal between two runs does not wait for the next one', async () => {
  const ran = Promise.withResolvers<void>();
  const loop = every(3_600_000, 'work', silentLogger, async () => ran.resolve());
  await ran.promise;
  await loop[Symbol.asyncDispose]();
  expect(loop.hurry()).toBeUndefined();
});
