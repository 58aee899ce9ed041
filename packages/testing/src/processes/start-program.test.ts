import { spawn } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { startProgram } from './start-program.ts';
import { until } from './until.ts';
import { untilReady } from './until-ready.ts';

const shell = (script: string) => ({ command: '/bin/sh', args: ['-c', script] });
const isAlive = (pid: number) => {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
};

test('the output of both streams is kept, and passed on line by line', async () => {
  const lines: string[] = [];
  const program = await startProgram({ ...shell('echo one; echo two >&2'), onLine: (line) => lines.push(line) });
  expect(await program.ended).toEqual({ code: 0, signal: null });
  expect(lines.toSorted()).toEqual(['one', 'two']);
  expect(program.output()).toContain('one\n');
});

test('of a long output the newest is kept, beginning with a whole line', async () => {
  const program = await startProgram(shell('i=0; while [ $i -lt 20000 ]; do i=$((i+1)); echo "line $i of many"; done'));
  await program.ended;
  const lines = program.output().split('\n').slice(0, -1);
  expect(lines.at(-1)).toBe('line 20000 of many');
  expect(lines.length).toBeLessThan(20_000);
  expect(lines).toEqual(lines.map((_, at) => `line ${20_001 - lines.length + at} of many`));
});

test('with a log file the output goes there', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'start-program-'));
  try {
    const logPath = join(folder, 'log');
    const program = await startProgram({ ...shell('echo written'), logPath });
    await program.ended;
    expect(await readFile(logPath, 'utf8')).toBe('written\n');
    expect(program.output()).toBe('written\n');
    await (await startProgram({ ...shell('echo again'), logPath, keepsLog: true })).ended;
    expect(await readFile(logPath, 'utf8')).toBe('written\nagain\n');
    await (await startProgram({ ...shell('echo anew'), logPath })).ended;
    expect(await readFile(logPath, 'utf8')).toBe('anew\n');
  } finally {
    await rm(folder, { recursive: true });
  }
});

test('a program that cannot be started fails at once', async () => {
  await expect(startProgram({ command: '/no/such/program', args: [] })).rejects.toThrow('ENOENT');
});

test('a stop gives a program the time to end, and kills it when it takes longer', async () => {
  const polite = await startProgram(shell("trap 'exit 7' TERM; echo up; while :; do sleep 0.05; done"));
  const stubborn = await startProgram(shell("trap '' TERM; echo up; while :; do sleep 0.05; done"));
  for (const program of [polite, stubborn]) await until('its trap to be set', () => program.output().includes('up'));
  expect(await polite.stop(20_000)).toEqual({ code: 7, signal: null });
  expect(await stubborn.stop(100)).toEqual({ code: null, signal: 'SIGKILL' });
  expect(stubborn.ending()).toEqual({ code: null, signal: 'SIGKILL' });
});

test('a program that ends before it is ready fails with its output', async () => {
  const program = await startProgram(shell('echo the port is taken; exit 3'));
  const never = { isReady: () => false, timeLimitMs: 20_000 };
  await expect(untilReady(program, 'the service', never)).rejects.toThrow(
    /the service ended with 3\nthe port is taken/,
  );
});

test('a program that is not ready in time is killed', async () => {
  const program = await startProgram(shell('sleep 60'));
  await expect(untilReady(program, 'it', { isReady: () => false, timeLimitMs: 50 })).rejects.toThrow('it to be ready');
  expect(program.ending()).toEqual({ code: null, signal: 'SIGKILL' });
});

test('a program ends with the process that started it, also when that is killed, and when it was frozen', async () => {
  const starter = `
    import { startProgram } from ${JSON.stringify(new URL('./start-program.ts', import.meta.url).href)};
    const program = await startProgram({ command: 'sleep', args: ['60'] });
    program.signal('SIGSTOP');
    console.log(program.pid);
    setInterval(() => {}, 1_000);`;
  const parent = spawn(process.execPath, ['--input-type=module', '--eval', starter], {
    env: { ...process.env, NODE_OPTIONS: '' },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let printed = '';
  parent.stdout.setEncoding('utf8').on('data', (text: string) => {
    printed += text;
  });
  const pid = Number(await until('the program to run', () => /^\d+\n/.test(printed) && printed.trim()));
  expect(isAlive(pid)).toBe(true);
  parent.kill('SIGKILL');
  await until('the program to end', () => !isAlive(pid), 20_000);
});
