import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { until } from '../processes/until.ts';
import { type ServiceName, startCommand } from './start-script.ts';

/** One process of the suite, started as users start it, that tests may stop, kill and start again. */
export type ManagedProcess = AsyncDisposable & {
  readonly pid: number;
  /** What it printed on both streams since its last start. */
  output(): string;
  /** Starts it again with the same environment and waits until it is ready. */
  start(): Promise<void>;
  /** SIGTERM, and what it exited with. */
  stop(): Promise<{ code: number | null; signal: NodeJS.Signals | null }>;
  /** SIGKILL. */
  kill(): Promise<void>;
  /** Stops its threads without ending it, and lets them go on. */
  freeze(): void;
  thaw(): void;
};

/**
 * Starts a service with these settings (environment keys without their prefix) and waits for /readyz, unless told not to.
 * `nodeOptions` are further options of Node, such as the heap of a container.
 */
export async function startService(
  service: ServiceName,
  settings: Record<string, string>,
  opsUrl: string,
  waitForReady = true,
  nodeOptions = '',
): Promise<ManagedProcess> {
  let child: ChildProcess | undefined;
  let printed = '';
  const ended = async (one: ChildProcess) => {
    if (one.exitCode === null && one.signalCode === null) await once(one, 'exit');
    return { code: one.exitCode, signal: one.signalCode };
  };
  const start = async () => {
    printed = '';
    const { command, args, cwd, path } = startCommand(service);
    const started = spawn(command, args, {
      cwd,
      env: { ...environment(service, settings, nodeOptions), PATH: path },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    child = started;
    for (const stream of [started.stdout, started.stderr]) {
      stream.setEncoding('utf8').on('data', (text: string) => {
        printed = (printed + text).slice(-200_000);
      });
    }
    const hasEnded = () => started.exitCode !== null || started.signalCode !== null;
    const probe = async () => {
      if (hasEnded()) return true;
      return (await fetch(`${opsUrl}/${waitForReady ? 'readyz' : 'livez'}`, { signal: AbortSignal.timeout(2_000) })).ok;
    };
    await until(`${service} to be ${waitForReady ? 'ready' : 'alive'} at ${opsUrl}`, probe, 60_000).catch(
      (error: Error) => {
        started.kill('SIGKILL');
        throw new Error(`${error.message}\n${printed}`);
      },
    );
    // Somebody else may answer at an address that it could not have.
    if (hasEnded()) throw new Error(`${service} exited with ${started.exitCode}: ${printed}`);
  };
  await start();
  const signal = async (name: NodeJS.Signals) => {
    if (!child) throw new Error(`${service} is not running`);
    child.kill(name);
    return ended(child);
  };
  return {
    get pid() {
      return child?.pid ?? 0;
    },
    output: () => printed,
    start,
    stop: () => signal('SIGTERM'),
    kill: async () => {
      await signal('SIGKILL');
    },
    freeze: () => void child?.kill('SIGSTOP'),
    thaw: () => void child?.kill('SIGCONT'),
    [Symbol.asyncDispose]: async () => {
      if (!child || child.exitCode !== null || child.signalCode !== null) return;
      child.kill('SIGCONT');
      child.kill('SIGTERM');
      const force = setTimeout(() => child?.kill('SIGKILL'), 12_000);
      await ended(child);
      clearTimeout(force);
    },
  };
}

function environment(service: ServiceName, settings: Record<string, string>, nodeOptions: string): NodeJS.ProcessEnv {
  const kept = Object.entries(process.env).filter(
    ([name]) => !name.startsWith('TRINO_GATEWAY_') && name !== 'NODE_OPTIONS',
  );
  const own = Object.entries(settings).map(([key, value]) => [`TRINO_GATEWAY_${service.toUpperCase()}_${key}`, value]);
  // Of no effect before a debugger is asked for, by SIGUSR1: then it finds a free port.
  return Object.fromEntries([...kept, ...own, ['NODE_OPTIONS', `--inspect-port=0 ${nodeOptions}`.trim()]]);
}
