import { existsSync, readFileSync } from 'node:fs';
import { mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { create } from '@bufbuild/protobuf';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { Backend_CommandSchema, Backend_Scaler_State as State } from '@trino-gateway/api/gateway';
import { loadConfig } from '@trino-gateway/config';
import { silentLogger as logger } from '@trino-gateway/runtime';
import { until } from '@trino-gateway/testing/processes/until';
import { createKubernetes } from '../../kubernetes/kubernetes.ts';
import { createCommandScaler } from './command.ts';

const never = new AbortController().signal;
let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'command-scaler-'));
});
afterEach(() => rm(folder, { recursive: true }));

const scalerWith = (commandFolder?: string) => {
  const { monitor } = loadConfig({ env: {}, readSecret: () => '' });
  const tools = { kubernetes: createKubernetes({}, logger), logger };
  return createCommandScaler({ ...monitor, command_folder: commandFolder }, tools);
};
const sh = (script: string) => ({
  backendId: 'one',
  isDeclared: true,
  settings: create(Backend_CommandSchema, {
    state: ['/bin/sh', '-c', script],
    start: ['/bin/sh', '-c', script],
  }),
});
const problemOf = (work: Promise<unknown> | undefined) =>
  (work ?? Promise.resolve()).then(
    () => 'no problem',
    (error: Error) => error.message,
  );

test('the last line of what it prints is the state, whatever it printed before', async () => {
  const stateOf = (script: string) => scalerWith().state(sh(script), never);
  expect(await stateOf('echo looking; echo RUNNING')).toBe(State.RUNNING);
  expect(await stateOf('printf "STOPPED"')).toBe(State.STOPPED);
  expect(await stateOf('printf "STARTING\\r\\n\\n"; echo warning >&2')).toBe(State.STARTING);
  expect(await stateOf('head -c 1000000 /dev/zero; echo; echo STOPPING')).toBe(State.STOPPING);
});

test.each([
  ['prints something else', 'echo RUNNING; echo "is it?"', /^state: its last line is "is it\?": expected RUNNING, /],
  ['prints nothing', 'true', /^state: its last line is "": expected /],
  [
    'prints a megabyte without an end of a line',
    'head -c 1000000 /dev/zero | tr "\\0" R',
    /its last line is "R{200}…"/,
  ],
  ['prints control characters', 'printf "\\033[2J"', /its last line is "\?\[2J"/],
  ['fails', 'echo RUNNING; echo no such cluster >&2; exit 3', /^state: it ended with code 3: no such cluster$/],
  ['is killed', 'kill -9 $$', /^state: it ended with SIGKILL$/],
])('a program that %s says no state', async (_, script, expected) => {
  expect(await problemOf(scalerWith().state(sh(script), never))).toMatch(expected);
});

test('a program whose time is over is killed with all that it started', async () => {
  const marks = join(folder, 'pid');
  const hangs = sh(`sleep 600 & echo $! > ${marks}.tmp; mv ${marks}.tmp ${marks}; wait`);
  const limit = new AbortController();
  const hanging = problemOf(scalerWith().start(hangs, limit.signal));
  await until('it to run', () => existsSync(marks));
  limit.abort(new Error('too late'));
  expect(await hanging).toBe('too late');
  const pid = readFileSync(marks, 'utf8').trim();
  await until(
    'its child to be gone',
    () => !existsSync(`/proc/${pid}`) || readFileSync(`/proc/${pid}/stat`, 'utf8').includes(' Z '),
  );
});

test('a process that a start leaves behind goes on, and is not waited for', async () => {
  const pid = join(folder, 'pid');
  await scalerWith().start(sh(`sleep 600 & echo $! > ${pid}`), never);
  // Fails if it has ended.
  await scalerWith().start(sh(`kill $(cat ${pid})`), never);
});

test('one program at a time runs for a backend, and another backend does not wait', async () => {
  const scaler = scalerWith();
  const held = join(folder, 'held');
  const exclusive = sh(`mkdir ${held} || exit 1; sleep 0.02; rmdir ${held}; echo RUNNING`);
  const runs = Array.from({ length: 4 }, () => scaler.state(exclusive, never));
  expect(await Promise.all(runs)).toEqual(Array.from({ length: 4 }, () => State.RUNNING));
  const hung = new AbortController();
  const hanging = problemOf(scaler.start(sh('sleep 600'), hung.signal));
  expect(await scaler.state({ ...sh('echo STOPPED'), backendId: 'two' }, never)).toBe(State.STOPPED);
  hung.abort(new Error('over'));
  expect(await hanging).toBe('over');
});

test('it sees what it is asked about, and nothing of the environment of the monitor', async () => {
  const script = `env | grep -v '^PWD=\\|^_=\\|^SHLVL=\\|^PATH=\\|^HOME=' | sort | tr '\\n' ' '; exit 1`;
  expect(await problemOf(scalerWith().start(sh(script), never))).toBe(
    'start: it ended with code 1: BACKEND_ID=one LANG=C.UTF-8 SCALER_ACTION=start',
  );
});

test('arguments are no shell: what looks like one is passed on as it is', async () => {
  const target = sh('');
  target.settings.state = ['/bin/echo', '$(touch /tmp/x); RUNNING'];
  expect(await problemOf(scalerWith().state(target, never))).toMatch(
    /its last line is "\$\(touch \/tmp\/x\); RUNNING"/,
  );
});

test('programs of a backend that was written through the API are run from below the folder only', async () => {
  const program = join(folder, 'program');
  await writeFile(program, '#!/bin/sh\necho RUNNING\n', { mode: 0o755 });
  await symlink('/bin/sh', join(folder, 'out'));
  const written = (path: string) => ({
    ...sh(''),
    isDeclared: false,
    settings: create(Backend_CommandSchema, { start: [path], stop: [path], state: [path] }),
  });
  const scaler = scalerWith(folder);
  expect(await scaler.state(written(program), never)).toBe(State.RUNNING);
  const refused = (path: string, of = scaler) => problemOf(of.check?.(written(path), never));
  expect(await refused('/bin/sh')).toBe('start: /bin/sh is not below monitor.command_folder');
  expect(await refused(`${folder}/../nothing`)).toBe(`start: ${folder}/../nothing is not below monitor.command_folder`);
  expect(await refused(`${folder}/out`)).toBe(
    `start: ${folder}/out is a link that leads out of monitor.command_folder`,
  );
  expect(await refused(`${folder}/absent`)).toBe(`start: ${folder}/absent cannot be run (ENOENT)`);
  expect(await refused('program')).toBe('start: expected the absolute path of a program');
  expect(await refused(program, scalerWith())).toMatch(
    /^start: .*\/program is not run: set monitor\.command_folder to /,
  );
  expect(await refused(program, scalerWith('/nowhere'))).toBe(`start: ${program} is not below monitor.command_folder`);
});

test('a program that is not there, or none, is a problem that names it', async () => {
  const target = sh('');
  target.settings.state = ['/nowhere/program'];
  expect(await problemOf(scalerWith().state(target, never))).toBe('state: /nowhere/program cannot be run (ENOENT)');
  expect(await problemOf(scalerWith().stop(sh(''), never))).toBe('stop: expected the absolute path of a program');
});
