import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { createInterface } from 'node:readline';
import { setTimeout as delay } from 'node:timers/promises';
import { endWithUs } from './end-with-us.ts';

/** How a program is run. */
export type Program = {
  command: string;
  args: readonly string[];
  cwd?: string;
  env?: NodeJS.ProcessEnv;
  /** The user to run as, when it refuses to be root. */
  uid?: number;
  gid?: number;
  /** The file that both its streams go to, emptied first; without one the newest part is kept in memory. */
  logPath?: string;
  /** True adds to what the file holds. */
  keepsLog?: boolean;
  /** Gets each line of both streams, unless they go to a file. */
  onLine?: (line: string) => void;
  /** True lets it go on when this process ends. */
  outlivesUs?: boolean;
};

/** How a process ended: one of both is null. */
export type Ending = { code: number | null; signal: NodeJS.Signals | null };

/** A program that was started: the leader of a process group of its own, which does not see the Ctrl-C of a terminal. */
export type RunningProgram = {
  readonly pid: number;
  /** Undefined while it runs. */
  ending(): Ending | undefined;
  /** Resolves when it has ended and what it printed was read. */
  readonly ended: Promise<Ending>;
  /** The newest of what it printed on both streams, beginning with a whole line. */
  output(): string;
  signal(name: NodeJS.Signals): void;
  /** Asks it to end, and kills it when that takes too long. */
  stop(graceMs: number, signal?: NodeJS.Signals): Promise<Ending>;
  /** SIGKILL, to what it has started as well; resolves when it is gone. */
  kill(): Promise<void>;
  /** For a program that outlives this process: waits for it no longer. */
  unref(): void;
};

const MOST_KEPT = 200_000;
const LAST_OUTPUT_MS = 1_000;

/** Starts a program. Unless told otherwise it ends with this process, however that ends. @throws Error when it cannot be started */
export async function startProgram(program: Program): Promise<RunningProgram> {
  const { command, args, cwd, env, uid, gid, logPath, keepsLog, onLine, outlivesUs } = program;
  await using log = logPath === undefined ? undefined : await open(logPath, keepsLog ? 'a' : 'w');
  const child = spawn(command, args, {
    ...(cwd !== undefined && { cwd }),
    ...(uid !== undefined && { uid }),
    ...(gid !== undefined && { gid }),
    env: env ?? process.env,
    detached: true,
    stdio: ['ignore', log?.fd ?? 'pipe', log?.fd ?? 'pipe'],
  });
  const printed = keepOutput(child, onLine);
  const ended = endOf(child);
  ended.catch(() => {}); // what cannot be started is told by the next line
  await once(child, 'spawn');
  if (!outlivesUs) endWithUs(child);
  const ending = () =>
    child.exitCode === null && child.signalCode === null
      ? undefined
      : { code: child.exitCode, signal: child.signalCode };
  return {
    pid: child.pid ?? 0,
    ending,
    ended,
    output: () => (logPath === undefined ? printed() : readFileSync(logPath, 'utf8')),
    signal: (name) => void child.kill(name),
    stop: async (graceMs, signal = 'SIGTERM') => {
      child.kill(signal);
      const late = setTimeout(() => killGroup(child), graceMs);
      return ended.finally(() => clearTimeout(late));
    },
    kill: async () => {
      killGroup(child);
      await ended;
    },
    unref: () => child.unref(),
  };
}

/** All of its process group that still runs. */
function killGroup({ pid, exitCode, signalCode }: ChildProcess): void {
  if (pid !== undefined && exitCode === null && signalCode === null) process.kill(-pid, 'SIGKILL');
}

/** A process that it has started may hold its streams open: they are not waited for. */
async function endOf(child: ChildProcess): Promise<Ending> {
  const closed = once(child, 'close');
  closed.catch(() => {}); // told by the next line
  await once(child, 'exit');
  await Promise.race([closed, delay(LAST_OUTPUT_MS, undefined, { ref: false })]);
  for (const stream of [child.stdout, child.stderr]) stream?.destroy();
  return { code: child.exitCode, signal: child.signalCode };
}

/** Keeps the newest part of both streams, and hands their lines on. */
function keepOutput({ stdout, stderr }: ChildProcess, onLine: ((line: string) => void) | undefined): () => string {
  let kept = '';
  for (const stream of [stdout, stderr]) {
    stream?.setEncoding('utf8').on('data', (text: string) => {
      kept = newest(kept + text);
    });
    if (stream && onLine) createInterface({ input: stream }).on('line', onLine);
  }
  return () => kept;
}

/** What is kept of it: whole lines, unless a single one is longer. */
function newest(printed: string): string {
  if (printed.length <= MOST_KEPT) return printed;
  const from = printed.length - MOST_KEPT;
  const lineAt = printed.indexOf('\n', from - 1) + 1;
  return printed.slice(lineAt === 0 || lineAt === printed.length ? from : lineAt);
}
