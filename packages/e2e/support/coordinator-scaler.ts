import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { freePorts } from '@trino-gateway/testing/processes/free-ports';
import { makeCoordinatorFolder } from '@trino-gateway/testing/trino/coordinator-folder';
import { coordinatorProgram } from '@trino-gateway/testing/trino/coordinator-program';
import { findJdk } from '@trino-gateway/testing/trino/jdk';
import { trinoServer } from '@trino-gateway/testing/trino/server';
import { chosenVersion, OLDEST_JAVA } from '@trino-gateway/testing/trino/versions';

/** A real coordinator that is down, and the program that starts and stops it for the `command` scaler. */
export type ScaledCoordinator = AsyncDisposable & {
  readonly url: string;
  /** Of the contract: start, stop, state. */
  readonly command: { start: string[]; stop: string[]; state: string[] };
  /** Every call that changes something: `start` or `stop`, oldest first. */
  calls(): Promise<string[]>;
  isRunning(): Promise<boolean>;
};

/** Makes its files below a folder. It ends with this process, however that ends. */
export async function scaledCoordinator(folder: string, name: string): Promise<ScaledCoordinator> {
  const say = (line: string) => void process.stderr.write(`${line}\n`);
  const version = chosenVersion();
  const jdk = await findJdk(OLDEST_JAVA[version]);
  const server = await trinoServer(version, jdk, say);
  const [port = 0] = await freePorts(1);
  const home = join(folder, name);
  await makeCoordinatorFolder({ name, port, folder: home }, jdk, server);
  const { command, args } = await coordinatorProgram({ name }, jdk, server, home);
  const script = join(folder, `${name}.sh`);
  const quoted = [command, ...args].map((part) => `'${part}'`).join(' ');
  await writeFile(script, program(home, quoted, process.pid), { mode: 0o755 });
  const calls = () => readFile(join(home, 'calls'), 'utf8').then(linesOf, () => []);
  const isRunning = async () => {
    const pid = Number(await readFile(join(home, 'pid'), 'utf8').catch(() => '0'));
    return pid > 0 && isAlive(pid);
  };
  return {
    url: `http://127.0.0.1:${port}`,
    command: { start: [script, 'start'], stop: [script, 'stop'], state: [script, 'state'] },
    calls,
    isRunning,
    [Symbol.asyncDispose]: async () => {
      const pid = Number(await readFile(join(home, 'pid'), 'utf8').catch(() => '0'));
      if (pid > 0 && isAlive(pid)) process.kill(pid, 'SIGKILL');
    },
  };
}

/** Says STARTING from the moment at which it was told to start: whoever looks next does not tell it again. */
function program(home: string, java: string, testPid: number): string {
  return `#!/bin/sh
cd '${home}' || exit 1
alive() { [ -f pid ] && kill -0 "$(cat pid)" 2>/dev/null; }
case "$1" in
start)
  echo start >> calls
  alive && exit 0
  : > server.log
  setsid ${java} >> server.log 2>&1 < /dev/null &
  echo $! > pid
  setsid sh -c 'while kill -0 ${testPid} 2>/dev/null && kill -0 '$!' 2>/dev/null; do sleep 1; done; kill -9 '$! > /dev/null 2>&1 < /dev/null &
  ;;
stop)
  echo stop >> calls
  alive && kill "$(cat pid)"
  exit 0
  ;;
state)
  if ! alive; then echo STOPPED
  elif grep -q 'SERVER STARTED' server.log; then echo RUNNING
  else echo STARTING
  fi
  ;;
esac
`;
}

function linesOf(text: string): string[] {
  return text.split('\n').filter((line) => line !== '');
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
