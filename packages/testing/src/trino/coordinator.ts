import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, open, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { runCommand } from '../toolchains/run-command.ts';
import { exchange, runStatement } from '../trino-client/statement.ts';
import { serverFolder } from './artifacts.ts';
import { findClassArchive } from './class-archive.ts';
import {
  type CoordinatorSettings,
  coordinatorFiles,
  KEYSTORE_PASSWORD,
  PROBE_SOURCE,
  pluginNames,
} from './coordinator-files.ts';
import { eventListenerPlugin } from './event-listener.ts';
import { findJdk, type Jdk } from './jdk.ts';

/** A coordinator's settings, and how to start it. */
export type CoordinatorOptions = CoordinatorSettings & {
  /** Largest heap; default `768M`. With less, Trino dies of the first tpch query. */
  heap?: string;
  /** Further options of its Java. */
  jvmFlags?: readonly string[];
  /** Its folder, emptied first and kept afterwards; default a temporary one, removed when it is stopped. */
  folder?: string;
  /** True leaves it running when this process ends; default false: it dies with this process, however that ends. */
  outlivesUs?: boolean;
  /** Default four minutes: it takes 10 s on a machine that has time, and more than a minute on one that has none. */
  readyWithinMs?: number;
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
  /** Its log, until it is stopped (for good when `folder` was given). */
  logPath: string;
  /** False once its process ended. */
  running: () => boolean;
  /** SIGKILL, as a crash: nothing is said to anybody. Answers when the process is gone. */
  kill: () => Promise<void>;
  /** SIGTERM, and SIGKILL after `graceMs` (default 5000). Trino needs 10 s to leave while queries run. */
  stop: (graceMs?: number) => Promise<void>;
};

/** Marks our processes in the process list; followed by the name. */
export const PROCESS_MARK = '-Dtrino-gateway.coordinator=';

/**
 * Fetches Trino when need be, starts a coordinator and answers when it runs queries that need a worker. (`SELECT 1` needs
 * none and succeeds seconds too early.) Throws MissingTool without a JDK or Maven, and with the end of its log when it
 * does not come up; nothing is left running then.
 */
export async function startCoordinator(options: CoordinatorOptions = {}): Promise<Coordinator> {
  const say = options.say ?? (() => {});
  const jdk = await findJdk();
  const server = await serverFolder(jdk, say);
  const port = options.port || (await freePort());
  await Promise.all([port, options.httpsPort].map((one) => (one === undefined ? undefined : assertFree(one))));
  const settings = { ...options, name: options.name ?? 'trino', port };
  const folder = await makeFolder(settings, jdk, server, say);
  const logPath = join(folder, 'server.log');
  const child = await launch(settings, jdk, server, folder, logPath);
  const coordinator = handle(settings, child, folder, logPath);
  try {
    await untilReady(coordinator, options);
  } catch (error) {
    const end = await logEnd(logPath);
    await coordinator.kill();
    if (options.folder === undefined) await rm(folder, { recursive: true, force: true });
    throw new Error(`Trino ${settings.name} on port ${port} did not come up: ${String(error)}\n${end}`, {
      cause: error,
    });
  }
  if (options.outlivesUs) child.unref();
  return coordinator;
}

/** A port nobody listens on at the moment. */
export async function freePort(): Promise<number> {
  const probe = createServer().listen(0, '127.0.0.1');
  await once(probe, 'listening');
  const address = probe.address();
  probe.close();
  await once(probe, 'close');
  if (address === null || typeof address === 'string') throw new Error('the system gave no port');
  return address.port;
}

async function assertFree(port: number): Promise<void> {
  const probe = createServer().listen(port, '127.0.0.1');
  await once(probe, 'listening').catch((error) => {
    throw new Error(`port ${port} for Trino cannot be had: ${error.code ?? error}`, { cause: error });
  });
  probe.close();
  await once(probe, 'close');
}

async function makeFolder(
  settings: CoordinatorOptions & { name: string; port: number },
  jdk: Jdk,
  server: string,
  say: (line: string) => void,
): Promise<string> {
  const listener = settings.events === undefined ? undefined : await eventListenerPlugin(say);
  if (settings.folder !== undefined) await rm(settings.folder, { recursive: true, force: true });
  const folder = settings.folder ?? (await mkdtemp(join(tmpdir(), `trino-gateway-${settings.name}-`)));
  await mkdir(join(folder, 'plugin'), { recursive: true });
  for (const plugin of pluginNames(settings))
    await symlink(join(server, 'plugin', plugin), join(folder, 'plugin', plugin));
  if (listener !== undefined)
    await symlink(join(listener, 'http-event-listener'), join(folder, 'plugin', 'http-event-listener'));
  for (const [path, text] of coordinatorFiles(settings)) {
    await mkdir(dirname(join(folder, path)), { recursive: true });
    await writeFile(join(folder, path), text, { mode: 0o600 });
  }
  if (settings.httpsPort !== undefined) await makeKeyStore(jdk, join(folder, 'etc', 'keystore.p12'));
  return folder;
}

async function makeKeyStore(jdk: Jdk, path: string): Promise<void> {
  const args = ['-genkeypair', '-keyalg', 'EC', '-alias', 'trino', '-dname', 'CN=localhost', '-validity', '3650'];
  args.push('-ext', 'san=dns:localhost,ip:127.0.0.1', '-storepass', KEYSTORE_PASSWORD, '-keystore', path);
  await runCommand(join(jdk.home, 'bin', 'keytool'), args, { timeoutMs: 60_000 });
}

async function launch(
  settings: CoordinatorOptions & { name: string },
  jdk: Jdk,
  server: string,
  folder: string,
  logPath: string,
): Promise<ChildProcess> {
  const jars = (await readdir(join(server, 'lib'))).filter((name) => name.endsWith('.jar')).sort();
  // 300 jars are too long a command line to read in a process list.
  const classpath = jars.map((name) => join(server, 'lib', name)).join(':');
  await writeFile(join(folder, 'java.args'), `-cp "${classpath}"\n`);
  const archive = await findClassArchive(jdk);
  const args = [
    `${PROCESS_MARK}${settings.name}`,
    `-Xmx${settings.heap ?? '768M'}`,
    // Quick to start and small; not for measuring how fast Trino can be.
    '-XX:+UseSerialGC',
    '-XX:TieredStopAtLevel=1',
    '-XX:ReservedCodeCacheSize=128M',
    '-XX:+ExitOnOutOfMemoryError',
    '-XX:+EnableDynamicAgentLoading',
    '-Djdk.attach.allowAttachSelf=true',
    // Else a library starts a second Java only to look at this one.
    '-Djol.skipHotspotSAAttach=true',
    ...(archive === undefined ? [] : [`-XX:SharedArchiveFile=${archive}`, '-Xlog:cds=off', '-Xlog:cds+dynamic=off']),
    ...(settings.jvmFlags ?? []),
    '-Dconfig=etc/config.properties',
    '@java.args',
    'io.trino.server.TrinoServer',
  ];
  await using log = await open(logPath, 'a');
  // Its own process group: a Ctrl-C in the terminal reaches us, and we stop it in our own order.
  const child = spawn(join(jdk.home, 'bin', 'java'), args, {
    cwd: folder,
    detached: true,
    stdio: ['ignore', log.fd, log.fd],
  });
  await once(child, 'spawn');
  if (!settings.outlivesUs) bindToUs(child);
  return child;
}

/** A shell waits for the end of a pipe that only we hold, and then kills: that works even when we are killed ourselves. */
function bindToUs(child: ChildProcess): void {
  const guard = spawn('sh', ['-c', 'read -r _; kill -9 "$0"', String(child.pid)], {
    detached: true,
    stdio: ['pipe', 'ignore', 'ignore'],
  });
  child.once('exit', () => guard.kill('SIGKILL')); // before the process id can belong to somebody else
  guard.on('error', () => child.kill('SIGKILL'));
  guard.stdin.on('error', () => {});
  guard.unref();
}

function handle(
  settings: CoordinatorOptions & { name: string; port: number },
  child: ChildProcess,
  folder: string,
  logPath: string,
): Coordinator {
  const { pid } = child;
  if (pid === undefined) throw new Error('a process that was spawned has an id');
  const exited = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  const running = () => child.exitCode === null && child.signalCode === null;
  const kill = async () => {
    child.kill('SIGKILL');
    if (running()) await exited;
  };
  const stop = async (graceMs = 5000) => {
    if (running()) {
      child.kill('SIGTERM');
      await Promise.race([exited, sleep(graceMs, undefined, { ref: false })]);
    }
    await kill();
    if (settings.folder === undefined) await rm(folder, { recursive: true, force: true });
  };
  return {
    name: settings.name,
    url: `http://127.0.0.1:${settings.port}`,
    ...(settings.httpsPort === undefined ? {} : { httpsUrl: `https://127.0.0.1:${settings.httpsPort}` }),
    port: settings.port,
    pid,
    logPath,
    running,
    kill,
    stop,
    [Symbol.asyncDispose]: () => stop(),
  };
}

async function untilReady(coordinator: Coordinator, options: CoordinatorOptions): Promise<void> {
  const limit = AbortSignal.timeout(readyWithinMs(options));
  const signal = options.signal === undefined ? limit : AbortSignal.any([limit, options.signal]);
  let last: unknown = 'no answer yet';
  while (coordinator.running()) {
    if (signal.aborted) throw new Error(`${limit.aborted ? 'took too long' : 'given up'}; last: ${String(last)}`);
    try {
      if (await isReady(coordinator, options, signal)) return;
    } catch (error) {
      last = error;
    }
    await sleep(250);
  }
  throw new Error('its process ended');
}

const readyWithinMs = (options: CoordinatorOptions) => options.readyWithinMs ?? 240_000;

async function isReady(coordinator: Coordinator, options: CoordinatorOptions, signal: AbortSignal): Promise<boolean> {
  const info = await exchange(new URL('/v1/info', coordinator.url), { method: 'GET', signal });
  if (JSON.parse(info.body).starting !== false) return false;
  const result = await runStatement(coordinator.httpsUrl ?? coordinator.url, 'SELECT count(*) FROM tpch.tiny.region', {
    user: options.password?.user ?? 'trino-gateway',
    ...(options.password === undefined ? {} : { password: options.password.password }),
    source: PROBE_SOURCE,
    ...(options.password !== undefined && coordinator.httpsUrl === undefined
      ? { headers: { 'X-Forwarded-Proto': 'https' } }
      : {}),
    timeoutMs: readyWithinMs(options),
    signal,
  });
  if (result.error !== undefined) throw new Error(`${result.error.errorName}: ${result.error.message}`);
  return result.state === 'FINISHED';
}

async function logEnd(path: string): Promise<string> {
  const text = await readFile(path, 'utf8').catch(() => '');
  return text
    .split('\n')
    .filter((line) => !/\b(INFO|DEBUG)\b/.test(line))
    .slice(-20)
    .join('\n');
}
