import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createWriteStream, rmSync, type WriteStream } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { type ServiceName, startCommand } from '@trino-gateway/testing/suite/start-script';

/** One process of the suite. */
export type Service = {
  name: string;
  /** The addresses in its ready line, in order. */
  urls: string[];
  logPath: string;
  /** Resolves when its process has ended, with how. */
  ended: Promise<string>;
  /** The end of what it printed. */
  lastLines(): string[];
  /** SIGTERM, and SIGKILL after this time. */
  stop(graceMs: number): Promise<void>;
};

/** How to start one. */
export type ServiceOptions = {
  name: ServiceName;
  args: readonly string[];
  env: NodeJS.ProcessEnv;
  logFolder: string;
  /** Gets its warnings and errors. */
  say: (line: string) => void;
  signal: AbortSignal;
};

const READY_WITHIN_MS = 180_000;
const LINES_KEPT = 15;

/** Starts a process of the suite and answers when it says that it is ready. Its output goes to a file in the log folder. */
export async function startService(options: ServiceOptions): Promise<Service> {
  const { name, args, env, logFolder, say, signal } = options;
  const logPath = join(logFolder, `${name}.log`);
  rmSync(logPath, { force: true }); // an older one may be open to others
  const log = createWriteStream(logPath, { mode: 0o600 });
  // Its own process group: a Ctrl-C in the terminal reaches us, and we stop it in our own order.
  const start = startCommand(name, args);
  const child = spawn(start.command, start.args, {
    cwd: start.cwd,
    env: { ...env, PATH: start.path },
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const kept: string[] = [];
  const ready = Promise.withResolvers<string[]>();
  const output = watchOutput(child, log, (line) => {
    kept.push(line);
    if (kept.length > LINES_KEPT) kept.shift();
    if (line.startsWith(`${name} ready`)) ready.resolve(line.match(/https?:\/\/[^\s,]+/g) ?? []);
    const worth = worthSaying(line);
    if (worth !== undefined) say(`${name}: ${worth}`);
  });
  const ended = endOf(child, output);
  endWithUs(child);
  const stop = async (graceMs: number) => {
    child.kill('SIGTERM');
    const force = new AbortController();
    const late = sleep(graceMs, 'late', { signal: force.signal }).catch(() => 'in time');
    if ((await Promise.race([ended, late])) === 'late') child.kill('SIGKILL');
    force.abort();
    await ended;
  };
  const limit = AbortSignal.timeout(READY_WITHIN_MS);
  const given = AbortSignal.any([signal, limit]);
  const gaveUp = new Promise<never>((_, reject) => {
    given.addEventListener('abort', () => reject(new Error(`${name} was not ready in time`)), { once: true });
    if (given.aborted) reject(new Error(`${name} was not started: stopping`));
  });
  const died = ended.then((how) => {
    throw new Error(`${name} ${how}; its last lines:\n${kept.map((line) => `  ${line}`).join('\n')}`);
  });
  try {
    const urls = await Promise.race([ready.promise, gaveUp, died]);
    died.catch(() => {}); // from here on the caller watches its end
    return { name, urls, logPath, ended, lastLines: () => [...kept], stop };
  } catch (error) {
    await stop(3_000);
    throw error;
  }
}

/** Hands on every line of both streams, and resolves when both have ended. */
async function watchOutput(child: ChildProcess, log: WriteStream, onLine: (line: string) => void): Promise<void> {
  const streams = [child.stdout, child.stderr].filter((stream) => stream !== null);
  await Promise.all(
    streams.map((stream) => {
      const lines = createInterface({ input: stream });
      lines.on('line', (line) => {
        log.write(`${line}\n`);
        onLine(line);
      });
      return once(lines, 'close');
    }),
  );
  log.end();
}

async function endOf(child: ChildProcess, output: Promise<void>): Promise<string> {
  try {
    const [code, signal] = await once(child, 'exit');
    await output;
    return signal === null ? `ended with code ${code}` : `was ended by ${signal}`;
  } catch (error) {
    return `could not be started: ${(error as Error).message}`;
  }
}

/** What of a process's output people want to see at once: warnings, errors, and what is no log line at all. */
function worthSaying(line: string): string | undefined {
  if (!line.startsWith('{')) return /^\w+ ready\b/.test(line) || line.trim() === '' ? undefined : line;
  let entry: Record<string, unknown>;
  try {
    entry = JSON.parse(line);
  } catch {
    return line;
  }
  const { level, message, service, timestamp, ...fields } = entry;
  if (level !== 'warn' && level !== 'error') return undefined;
  const facts = Object.entries(fields).map(
    ([key, value]) => `${key}=${typeof value === 'string' ? value : JSON.stringify(value)}`,
  );
  return [message, ...facts].join('  ');
}

/** A shell waits for the end of a pipe that only we hold, and then ends the process: so it goes even when we are killed. */
function endWithUs(child: ChildProcess): void {
  if (child.pid === undefined) return;
  const guard = spawn('sh', ['-c', 'read -r _; kill "$0"', String(child.pid)], {
    detached: true,
    stdio: ['pipe', 'ignore', 'ignore'],
  });
  child.once('exit', () => guard.kill('SIGKILL')); // before the process id can belong to somebody else
  guard.on('error', () => {});
  guard.stdin.on('error', () => {});
  guard.unref();
}
