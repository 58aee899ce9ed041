import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { afterEach, expect, test } from '@jest/globals';

const started: ChildProcess[] = [];
afterEach(() => {
  for (const child of started.splice(0)) child.kill('SIGKILL');
});

/** A process whose start and stop are the given statements. */
function run(start: string, stop = `console.log('stopping')`) {
  const program = `
    import { runProcess } from ${JSON.stringify(new URL('run-process.ts', import.meta.url).href)};
    const server = (await import('node:net')).createServer().listen(0, '127.0.0.1');
    await runProcess(async () => {
      ${start};
      return { readyLine: 'it is ready', async [Symbol.asyncDispose]() { ${stop}; } };
    });`;
  const child = spawn(process.execPath, ['--input-type=module', '--eval', program], {
    env: { PATH: process.env.PATH },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  started.push(child);
  const printed = { out: '', err: '' };
  const waiting: { text: string; resolve: () => void }[] = [];
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    printed.out += text;
    for (const one of waiting) if (printed.out.includes(one.text)) one.resolve();
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    printed.err += text;
  });
  return {
    child,
    printed,
    prints: (text: string) =>
      new Promise<void>((resolve) => {
        waiting.push({ text, resolve });
        if (printed.out.includes(text)) resolve();
      }),
    ended: once(child, 'close') as Promise<[number | null, string | null]>,
  };
}

test.each(['SIGTERM', 'SIGINT'] as const)(
  '%s ends a process in order, with 0, after its one ready line',
  async (signal) => {
    const { child, printed, prints, ended } = run('');
    await prints('it is ready\n');
    child.kill(signal);
    expect(await ended).toEqual([0, null]);
    expect(printed).toEqual({ out: 'it is ready\nstopping\n', err: '' });
  },
  60_000,
);

test('the same signal twice does not cut an orderly stop short', async () => {
  const { child, printed, prints, ended } = run(
    '',
    `process.once('SIGUSR2', () => { console.log('stopped'); process.emit('goOn') }); console.log('stopping'); await new Promise((resolve) => process.once('goOn', resolve))`,
  );
  await prints('it is ready\n');
  child.kill('SIGTERM');
  await prints('stopping\n');
  child.kill('SIGTERM');
  child.kill('SIGINT');
  child.kill('SIGUSR2');
  expect(await ended).toEqual([0, null]);
  expect(printed.out).toContain('stopped\n');
}, 60_000);

test('a start that fails prints why, with its causes and without a stack, and exits with 1', async () => {
  const { printed, ended } = run(`throw new Error('cannot start', { cause: new Error('the port is taken') })`);
  expect(await ended).toEqual([1, null]);
  expect(printed).toEqual({ out: '', err: 'cannot start: the port is taken\n' });
}, 60_000);

test('a start or a stop that hangs is given up when its time is over', async () => {
  const clock = `process.once('SIGTERM', () => {
    const began = performance.now();
    process.once('exit', () => console.log('ended after ' + Math.round(performance.now() - began) + ' ms'));
  })`;
  const stopHangs = run(clock, 'await new Promise(() => {})');
  const startHangs = run(`${clock}; console.log('starting'); await new Promise(() => {})`);
  await Promise.all([stopHangs.prints('it is ready\n'), startHangs.prints('starting\n')]);
  stopHangs.child.kill('SIGTERM');
  startHangs.child.kill('SIGTERM');
  const ends = await Promise.all([stopHangs.ended, startHangs.ended]);
  expect(ends).toEqual([
    [0, null],
    [0, null],
  ]);
  // By their own clocks, and with a margin: the limit is 9 s, and the machine may be busy.
  for (const { printed } of [stopHangs, startHangs])
    expect(Number(/ended after (\d+) ms/.exec(printed.out)?.[1])).toBeLessThan(14_000);
}, 60_000);
