import { createWriteStream, rmSync } from 'node:fs';
import { join } from 'node:path';
import { type Ending, startProgram } from '@trino-gateway/testing/processes/start-program';
import { untilReady } from '@trino-gateway/testing/processes/until-ready';
import { type ServiceName, startScript } from '@trino-gateway/testing/suite/start-script';

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
  signal.throwIfAborted();
  const logPath = join(logFolder, `${name}.log`);
  rmSync(logPath, { force: true }); // an older one may be open to others
  const log = createWriteStream(logPath, { mode: 0o600 });
  let urls: string[] | undefined;
  const onLine = (line: string) => {
    log.write(`${line}\n`);
    if (line.includes(`${name} ready`)) urls = line.match(/https?:\/\/[^\s,"]+/g) ?? [];
    const worth = worthSaying(line);
    if (worth !== undefined) say(`${name}: ${worth}`);
  };
  const program = await startProgram({ ...startScript(name, args, env), onLine });
  const ended = program.ended.finally(() => log.end()).then(howItEnded);
  await untilReady(program, name, { isReady: () => urls !== undefined, timeLimitMs: READY_WITHIN_MS, signal });
  return {
    name,
    urls: urls ?? [],
    logPath,
    ended,
    lastLines: () => program.output().trimEnd().split('\n').slice(-LINES_KEPT),
    stop: async (graceMs) => {
      await program.stop(graceMs);
    },
  };
}

/** For people. */
export function howItEnded({ code, signal }: Ending): string {
  return signal === null ? `ended with code ${code}` : `was ended by ${signal}`;
}

/** What of a process's output people want to see at once: warnings, errors, and what is no log line at all. */
function worthSaying(line: string): string | undefined {
  if (!line.startsWith('{')) return /^\S+Z (INFO|DEBUG) /.test(line) || line.trim() === '' ? undefined : line;
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
