import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { afterEach, expect, test } from '@jest/globals';

const started: ChildProcess[] = [];
afterEach(() => {
  for (const child of started.splice(0)) child.kill('SIGKILL');
});

/** A process whose start and stop are the given statements. */
function run(start: string, stop = `logger.info('it ends')`, hangUp = '') {
  const program = `
    import { createLogger, runProcess } from ${JSON.stringify(new URL('../index.ts', import.meta.url).href)};
    const server = (await import('node:net')).createServer().listen(0, '127.0.0.1');
    const logger = createLogger('router', 'info');
    await runProcess(logger, async () => {
      ${start};
      return { readyLine: 'it is ready', announceStop() { logger.info('not ready any more'); }, async [Symbol.asyncDispose]() { ${stop}; } };
    }, async ({ readyLine }) => { ${hangUp}; });`;
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

/** The messages of log lines, each of which has its time first. */
function messages(text: string): unknown[] {
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => {
      expect(line).toMatch(/^\{"timestamp":"[^"]+Z","level":"(info|warn|error)","service":"router","message":/);
      return (JSON.parse(line) as { message: unknown }).message;
    });
}

test.each([
  ['an error that nothing handles', `setImmediate(() => { throw new Error('oops') })`, 'oops'],
  ['a promise whose failure nothing handles', `void Promise.reject(new Error('oops', { cause: 'why' }))`, 'oops: why'],
])(
  '%s is logged to standard error, and ends the process with 1',
  async (_what, start, error) => {
    const { printed, ended } = run(start);
    expect(await ended).toEqual([1, null]);
    expect(messages(printed.err)).toEqual(['unhandled error: the process ends']);
    expect(JSON.parse(printed.err)).toMatchObject({ error, stack: expect.stringContaining('at ') });
  },
  60_000,
);

test('what libraries print, and warnings of Node, become log lines', async () => {
  const { child, printed, prints, ended } = run(`
    console.error('handler for %s failed', 'X', new Error('gone'));
    console.log('y'.repeat(5_000));
    process.stderr.write('(node:1) something\\n  at line 2\\n');
    process.emitWarning('old', 'DeprecationWarning');
    await new Promise(setImmediate)`);
  await prints('it is ready');
  child.kill('SIGTERM');
  await ended;
  expect(printed.err).toBe('');
  expect(messages(printed.out).slice(1, -3)).toEqual([
    'a library wrote to the console',
    'a library wrote to the console',
    'a library wrote to standard error',
    'a warning of Node',
    'it is ready',
  ]);
  expect(printed.out).toContain('"text":"handler for X failed Error: gone"');
  expect(printed.out).not.toContain('y'.repeat(2_001));
}, 60_000);

test.each(['SIGTERM', 'SIGINT'] as const)(
  '%s ends a process in order, with 0; its start, its ready line and its stop are logged',
  async (signal) => {
    const { child, printed, prints, ended } = run('');
    await prints('it is ready');
    child.kill(signal);
    expect(await ended).toEqual([0, null]);
    expect(messages(printed.out)).toEqual(['starting', 'it is ready', 'stopping', 'it ends', 'stopped']);
    expect(printed.err).toBe('');
  },
  60_000,
);

test('the same signal twice does not cut an orderly stop short', async () => {
  const { child, printed, prints, ended } = run(
    '',
    `process.once('SIGWINCH', () => { logger.info('it goes on'); process.emit('goOn') }); logger.info('it waits'); await new Promise((resolve) => process.once('goOn', resolve))`,
  );
  await prints('it is ready');
  child.kill('SIGTERM');
  await prints('it waits');
  child.kill('SIGTERM');
  child.kill('SIGINT');
  child.kill('SIGWINCH');
  expect(await ended).toEqual([0, null]);
  expect(messages(printed.out).slice(-2)).toEqual(['it goes on', 'stopped']);
}, 60_000);

test('a start that fails logs why to standard error, with its causes and without a stack, and exits with 1', async () => {
  const { printed, ended } = run(`throw new Error('cannot start', { cause: new Error('the port is taken') })`);
  expect(await ended).toEqual([1, null]);
  expect(messages(printed.out)).toEqual(['starting']);
  expect(messages(printed.err)).toEqual(['cannot start: the port is taken']);
}, 60_000);

test('a start or a stop that hangs is given up when its time is over', async () => {
  const clock = `process.once('SIGTERM', () => {
    const began = performance.now();
    process.once('exit', () => logger.info('ended after ' + Math.round(performance.now() - began) + ' ms'));
  })`;
  const stopHangs = run(clock, 'await new Promise(() => {})');
  const startHangs = run(`${clock}; logger.info('it starts'); await new Promise(() => {})`);
  await Promise.all([stopHangs.prints('it is ready'), startHangs.prints('it starts')]);
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

test('SIGHUP ends nothing: it calls for one reload after the other, and what arrives meanwhile is one more', async () => {
  const { child, printed, prints, ended } = run(
    `const go = new Promise((resolve) => process.once('SIGWINCH', resolve)); logger.info('it starts'); await go`,
    undefined,
    `globalThis.reloads = (globalThis.reloads ?? 0) + 1; const go = new Promise((resolve) => process.once('SIGWINCH', resolve)); logger.info('reload ' + reloads + ' begins'); if (reloads === 1) await go`,
  );
  const count = (text: string) => printed.out.split(text).length - 1;
  await prints('it starts');
  child.kill('SIGHUP');
  child.kill('SIGWINCH');
  await prints('it is ready');
  await prints('reload 1 begins');
  for (let at = 0; at < 5; at++) child.kill('SIGHUP');
  child.kill('SIGWINCH');
  await prints('reload 2 begins');
  child.kill('SIGTERM');
  expect(await ended).toEqual([0, null]);
  // Threads take signals, so that the last of them may come after the one that ends the first reload.
  expect([2, 3]).toContain(count(' begins'));
  expect(count('it ends')).toBe(1);
}, 60_000);

test('SIGUSR2 announces a stop, once the process is ready, and ends nothing', async () => {
  const { child, printed, prints, ended } = run(
    `const go = new Promise((resolve) => process.once('SIGWINCH', resolve)); logger.info('it starts'); await go`,
  );
  await prints('it starts');
  child.kill('SIGUSR2');
  await prints('a stop is announced');
  expect(printed.out).not.toContain('not ready any more');
  child.kill('SIGWINCH');
  await prints('not ready any more');
  expect(child.exitCode).toBeNull();
  child.kill('SIGTERM');
  expect(await ended).toEqual([0, null]);
}, 60_000);
