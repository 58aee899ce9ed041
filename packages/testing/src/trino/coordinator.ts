import { once } from 'node:events';
import { readFile, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { freePorts } from '../processes/free-ports.ts';
import { type Ending, type RunningProgram, startProgram } from '../processes/start-program.ts';
import { untilReady } from '../processes/until-ready.ts';
import { exchange } from '../trino-client/exchange.ts';
import { runStatement } from '../trino-client/run-statement.ts';
import { type CoordinatorSettings, PROBE_SOURCE } from './coordinator-files.ts';
import { makeCoordinatorFolder } from './coordinator-folder.ts';
import { coordinatorProgram, type JavaOptions } from './coordinator-program.ts';
import { findJdk } from './jdk.ts';
import { trinoServer } from './server.ts';
import { chosenVersion, OLDEST_JAVA } from './versions.ts';

/** A coordinator's settings, and how to start it. */
export type CoordinatorOptions = CoordinatorSettings &
  Partial<JavaOptions> & {
    /** Its folder, emptied first and kept afterwards; default a temporary one, removed when it is stopped. */
    folder?: string;
    /** Default four minutes: it takes 10 s on a machine that has time, and more than a minute on one that has none. */
    readyWithinMs?: number;
    /** A bearer token it takes, where it takes no passwords: asked with while it starts. */
    token?: string;
    /** Ends the start. */
    signal?: AbortSignal;
    /** Gets progress lines. */
    say?: (line: string) => void;
  };

/** A running coordinator: a whole cluster of one node with the catalogs tpch and memory. */
export type Coordinator = AsyncDisposable & {
  name: string;
  /** `http://127.0.0.1:PORT`. */
  url: string;
  /** Present when it was given a TLS port. */
  httpsUrl?: string;
  port: number;
  pid: number;
  /** Its log, until it is stopped (for good when `folder` or `logPath` was given). */
  logPath: string;
  /** False once its process ended. */
  running: () => boolean;
  /** Resolves when its process has ended. */
  ended: Promise<Ending>;
  /** SIGKILL, as a crash: nothing is said to anybody. Answers when the process is gone. */
  kill: () => Promise<void>;
  /** SIGTERM, and SIGKILL after `graceMs` (default 5000). Trino needs 10 s to leave while queries run. */
  stop: (graceMs?: number) => Promise<void>;
};

const READY_WITHIN_MS = 240_000;
const GRACE_MS = 5_000;

/**
 * Fetches Trino when need be, starts a coordinator and answers when it runs queries that need a worker. (`SELECT 1` needs
 * none and succeeds seconds too early.) Throws MissingToolError without a JDK or Maven, and with the end of its log when it
 * does not come up; nothing is left running then.
 */
export async function startCoordinator(options: CoordinatorOptions = {}): Promise<Coordinator> {
  const say = options.say ?? (() => {});
  const version = options.version ?? chosenVersion();
  const jdk = await findJdk(OLDEST_JAVA[version]);
  const server = await trinoServer(version, jdk, say);
  const [port = 0] = options.port ? [options.port] : await freePorts(1);
  await Promise.all([port, options.httpsPort].map((one) => (one === undefined ? undefined : assertFree(one))));
  const settings = { ...options, name: options.name ?? 'trino', port };
  const folder = await makeCoordinatorFolder(settings, jdk, server);
  const forget = async () => {
    if (options.folder === undefined) await rm(folder, { recursive: true, force: true });
  };
  const program = await coordinatorProgram(settings, jdk, server, folder);
  const running = await startProgram(program);
  const coordinator = handle(settings, running, program.logPath, forget);
  try {
    await untilReady(running, `Trino ${settings.name} on port ${port}`, {
      isReady: () => runsQueries(coordinator, options),
      timeLimitMs: options.readyWithinMs ?? READY_WITHIN_MS,
      pauseMs: 250,
      signal: options.signal,
    });
  } catch (error) {
    const end = await logEnd(program.logPath);
    await forget();
    throw new Error(`Trino ${settings.name} on port ${port} did not come up: ${firstLine(error)}\n${end}`, {
      cause: error,
    });
  }
  if (options.outlivesUs) running.unref();
  return coordinator;
}

async function assertFree(port: number): Promise<void> {
  const probe = createServer().listen(port, '127.0.0.1');
  await once(probe, 'listening').catch((error) => {
    throw new Error(`port ${port} for Trino cannot be had: ${error.code ?? error}`, { cause: error });
  });
  probe.close();
  await once(probe, 'close');
}

function handle(
  settings: CoordinatorSettings & { name: string; port: number },
  running: RunningProgram,
  logPath: string,
  forget: () => Promise<void>,
): Coordinator {
  const stop = async (graceMs = GRACE_MS) => {
    await running.stop(graceMs);
    await forget();
  };
  return {
    name: settings.name,
    url: `http://127.0.0.1:${settings.port}`,
    ...(settings.httpsPort === undefined ? {} : { httpsUrl: `https://127.0.0.1:${settings.httpsPort}` }),
    port: settings.port,
    pid: running.pid,
    logPath,
    running: () => running.ending() === undefined,
    ended: running.ended,
    kill: () => running.kill(),
    stop,
    [Symbol.asyncDispose]: () => stop(),
  };
}

/** Whether a query that needs a worker ends. @throws whatever stands in its way */
async function runsQueries(coordinator: Coordinator, options: CoordinatorOptions): Promise<boolean> {
  const { password, token, readyWithinMs: timeoutMs = READY_WITHIN_MS, signal } = options;
  const given = signal === undefined ? {} : { signal };
  const info = await exchange(new URL('/v1/info', coordinator.url), { method: 'GET', ...given });
  if (JSON.parse(info.body).starting !== false) return false;
  const result = await runStatement(coordinator.httpsUrl ?? coordinator.url, 'SELECT count(*) FROM tpch.tiny.region', {
    user: password?.user ?? 'trino-gateway',
    ...(token === undefined ? {} : { headers: { Authorization: `Bearer ${token}`, 'X-Forwarded-Proto': 'https' } }),
    ...(password === undefined ? {} : { password: password.password }),
    source: PROBE_SOURCE,
    ...(password !== undefined && coordinator.httpsUrl === undefined
      ? { headers: { 'X-Forwarded-Proto': 'https' } }
      : {}),
    timeoutMs,
    ...given,
  });
  if (result.error !== undefined) throw new Error(`${result.error.errorName}: ${result.error.message}`);
  return result.state === 'FINISHED';
}

const firstLine = (error: unknown) => String((error as Error).message).split('\n')[0];

async function logEnd(path: string): Promise<string> {
  const text = await readFile(path, 'utf8').catch(() => '');
  return text
    .split('\n')
    .filter((line) => !/\b(INFO|DEBUG)\b/.test(line))
    .slice(-20)
    .join('\n');
}
