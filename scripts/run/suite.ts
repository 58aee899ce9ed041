import type { SuiteConfig } from '@trino-gateway/config';
import type { Sample } from './keep-running.ts';
import type { Plan } from './plan.ts';
import { fetchSamples, startSamples } from './samples.ts';
import { type Service, startService } from './service.ts';

/** What runs. */
export type RunningSuite = {
  gatewayserver: Service;
  monitor: Service;
  router: Service;
  samples: Sample[];
};

/** What a start needs. */
export type SuiteOptions = {
  config: SuiteConfig;
  plan: Plan;
  /** Of the processes; their settings are added where the user gave none. */
  env: NodeJS.ProcessEnv;
  /** Command-line options of the processes. */
  args: readonly string[];
  /** The group of the queries that no policy matches; undefined leaves it to the configuration. */
  defaultGroup: string | undefined;
  logFolder: string;
  say: (line: string) => void;
  signal: AbortSignal;
};

const DEFAULT_URL = 'http://127.0.0.1:8000';

/** Starts samples (when planned) and the three processes. What was started is added to `running` at once, for {@link stopSuite}. */
export async function startSuite(options: SuiteOptions, running: Partial<RunningSuite>): Promise<RunningSuite> {
  const { plan, logFolder, say, signal } = options;
  // First, for it is what most often cannot be had.
  if (plan.clusters === 'samples') await fetchSamples(say, signal);
  const [services] = await Promise.all([
    startServices(options, running),
    plan.clusters === 'samples'
      ? startSamples({ ports: plan.ports, logFolder, say, signal }).then((samples) => {
          running.samples = samples;
        })
      : undefined,
  ]);
  return { ...services, samples: running.samples ?? [] };
}

async function startServices(
  { config, env, args, defaultGroup, logFolder, say, signal }: SuiteOptions,
  running: Partial<RunningSuite>,
): Promise<Omit<RunningSuite, 'samples'>> {
  const start = async (name: Service['name'] & ('gatewayserver' | 'monitor' | 'router'), own: NodeJS.ProcessEnv) => {
    const service = await startService({ name, args, env: { ...env, ...own }, logFolder, say, signal });
    running[name] = service;
    say(`${name} is ready`);
    return service;
  };
  const gatewayserver = await start(
    'gatewayserver',
    defaultGroup === undefined ? {} : { TRINO_GATEWAY_GATEWAYSERVER_DEFAULT_GROUP: defaultGroup },
  );
  const [url = DEFAULT_URL] = gatewayserver.urls;
  const link = (name: 'monitor' | 'router'): NodeJS.ProcessEnv => {
    const prefix = `TRINO_GATEWAY_${name.toUpperCase()}_GATEWAYSERVER`;
    const { gatewayserver_url: urls, gatewayserver_token: token } = config[name];
    return {
      ...(urls.length === 1 && urls[0] === DEFAULT_URL ? { [`${prefix}_URL`]: url } : {}),
      ...(token === undefined && config.gatewayserver.admin_token
        ? { [`${prefix}_TOKEN`]: config.gatewayserver.admin_token }
        : {}),
    };
  };
  const [monitor, router] = await Promise.all([start('monitor', link('monitor')), start('router', link('router'))]);
  return { gatewayserver, monitor, router };
}

/** Stops what runs: first what clients see, the clusters last. Takes 15 s at most. */
export async function stopSuite({ router, monitor, gatewayserver, samples }: Partial<RunningSuite>): Promise<void> {
  await Promise.all([router?.stop(8_000), monitor?.stop(8_000)]);
  await gatewayserver?.stop(4_000);
  await Promise.all((samples ?? []).map((one) => one.stop(3_000)));
}

/** Resolves with what happened when a process of the suite has ended; never when all go on. */
export function untilBroken({ gatewayserver, monitor, router }: RunningSuite): Promise<string> {
  return Promise.race(
    [gatewayserver, monitor, router].map(async ({ name, ended, lastLines, logPath }) =>
      [`${name} ${await ended} (${logPath}); its last lines:`, ...lastLines().map((line) => `  ${line}`)].join('\n'),
    ),
  );
}
