import { type Ending, type RunningProgram, startProgram } from '../processes/start-program.ts';
import { untilReady } from '../processes/until-ready.ts';
import { type ServiceName, startScript } from './start-script.ts';

/** A process of the suite, started as users start it, that tests may stop, kill and start again. */
export type ServiceProcess = AsyncDisposable & {
  readonly pid: number;
  /** What it printed on both streams since its last start. */
  output(): string;
  /** Starts it again with the same environment and waits until it is ready. */
  start(): Promise<void>;
  /** SIGTERM, and how it ended. */
  stop(): Promise<Ending>;
  /** SIGKILL. */
  kill(): Promise<void>;
  /** Stops its threads without ending it, and lets them go on. */
  freeze(): void;
  thaw(): void;
};

export type ServiceOptions = {
  /** Further options of Node, such as the heap of a container. */
  nodeOptions?: string | undefined;
  /** Of the command line. */
  args?: readonly string[];
};

const READY_WITHIN_MS = 60_000;
/** Services end by themselves within ten seconds; a test of that waits longer than the clean-up after one. */
const STOP_WITHIN_MS = { asked: 120_000, cleanUp: 12_000 };

/** Starts a service with these settings (environment keys without their prefix) and waits until it is ready. */
export async function startService(
  service: ServiceName,
  settings: Record<string, string>,
  opsUrl: string,
  { nodeOptions = '', args = [] }: ServiceOptions = {},
): Promise<ServiceProcess> {
  const start = async () => {
    const started = await startProgram(startScript(service, args, environment(service, settings, nodeOptions)));
    const isReady = async () => (await fetch(`${opsUrl}/readyz`, { signal: AbortSignal.timeout(2_000) })).ok;
    await untilReady(started, `${service} at ${opsUrl}`, { isReady, timeLimitMs: READY_WITHIN_MS });
    return started;
  };
  let running: RunningProgram = await start();
  return {
    get pid() {
      return running.pid;
    },
    output: () => running.output(),
    start: async () => {
      running = await start();
    },
    stop: () => running.stop(STOP_WITHIN_MS.asked),
    kill: () => running.kill(),
    freeze: () => running.signal('SIGSTOP'),
    thaw: () => running.signal('SIGCONT'),
    [Symbol.asyncDispose]: async () => {
      running.signal('SIGCONT');
      await running.stop(STOP_WITHIN_MS.cleanUp);
    },
  };
}

/** That of this process without what would change the service. */
function environment(service: ServiceName, settings: Record<string, string>, nodeOptions: string): NodeJS.ProcessEnv {
  const kept = Object.entries(process.env).filter(
    ([name]) => !name.startsWith('TRINO_GATEWAY_') && name !== 'NODE_OPTIONS',
  );
  const own = Object.entries(settings).map(([key, value]) => [`TRINO_GATEWAY_${service.toUpperCase()}_${key}`, value]);
  // Of no effect before a debugger is asked for, by SIGUSR1: then it finds a free port.
  return Object.fromEntries([...kept, ...own, ['NODE_OPTIONS', `--inspect-port=0 ${nodeOptions}`.trim()]]);
}
