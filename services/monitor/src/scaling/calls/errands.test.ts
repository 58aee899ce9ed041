import { expect, test } from '@jest/globals';
import { createErrands } from './errands.ts';

const settle = () => new Promise(setImmediate);

function testErrands() {
  let now = 0;
  const runs: { name: string; done: PromiseWithResolvers<void>; signal: AbortSignal }[] = [];
  const errands = createErrands(() => now);
  return {
    errands,
    runs,
    after: (ms: number) => {
      now += ms;
    },
    run: (backendId: string, key: string) =>
      errands.run(backendId, key, (signal) => {
        const done = Promise.withResolvers<void>();
        signal.addEventListener('abort', () => done.reject(signal.reason));
        runs.push({ name: `${backendId} ${key}`, done, signal });
        return done.promise;
      }),
  };
}

test('an errand runs once until it is done, and then not again', async () => {
  const { errands, runs, run, after } = testErrands();
  for (let times = 0; times < 3; times++) run('one', 'START 1');
  after(500);
  runs[0]?.done.resolve();
  await settle();
  for (let times = 0; times < 3; times++) run('one', 'START 1');
  expect(runs).toHaveLength(1);
  expect(errands.outcome('one', 'START 1')).toEqual({ doneAt: 500, problem: '' });
  expect(errands.outcome('one', 'START 2')).toEqual({ problem: '' });
});

test('another errand waits for the one under way, and that of another cluster does not', async () => {
  const { runs, run } = testErrands();
  run('one', 'START 1');
  run('one', 'STOP 2');
  run('two', 'START 1');
  expect(runs.map(({ name }) => name)).toEqual(['one START 1', 'two START 1']);
  runs[0]?.done.resolve();
  await settle();
  run('one', 'STOP 2');
  expect(runs.at(-1)?.name).toBe('one STOP 2');
});

test('one that fails says why, and is repeated with growing pauses', async () => {
  const { errands, runs, run, after } = testErrands();
  for (let second = 0; second <= 120; second++) {
    run('one', 'START 1');
    runs.at(-1)?.done.reject(new Error('forbidden'));
    await settle();
    after(1_000);
  }
  expect(errands.outcome('one', 'START 1')).toEqual({ problem: 'forbidden' });
  // After about 1, 2, 4, 8, 16 and then 30 s, each between a half and one and a half of it.
  expect(runs.length).toBeGreaterThanOrEqual(6);
  expect(runs.length).toBeLessThanOrEqual(15);
});

test('what is under way at the end may finish for a while, then it is ended', async () => {
  const { errands, runs, run } = testErrands();
  run('one', 'START 1');
  run('two', 'START 1');
  const stopped = errands.stop(50);
  runs[0]?.done.resolve();
  await stopped;
  expect(runs.map(({ signal }) => signal.aborted)).toEqual([true, true]);
  expect(errands.outcome('one', 'START 1').doneAt).toBe(0);
  expect(errands.outcome('two', 'START 1').problem).toBe('the monitor stops');
  run('one', 'STOP 2');
  expect(runs).toHaveLength(2);
});
