import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePorts } from '../processes/free-ports.ts';
import { createCertificateAuthority } from '../tls/certificate-authority.ts';
import { configureSuite, type SuiteConfiguration } from './configure-suite.ts';
import { type GatewayCall, gatewayCall } from './gateway-calls.ts';
import type { ServiceName } from './start-script.ts';
import { type ServiceProcess, startService } from './start-service.ts';

export type RunningService = ServiceProcess & { readonly url: string; readonly opsUrl: string };
export type RunningRouter = RunningService & {
  /** One per listening port without TLS. */
  readonly urls: readonly string[];
  readonly ports: readonly number[];
  /** The port with TLS; empty without `tls`. */
  readonly tlsUrl: string;
};

export type SuiteOptions = {
  /** Default 1 each. */
  gatewayservers?: number;
  routers?: number;
  /** `router.workers` of each; default as the environment says, so that any test can be run with several. */
  workers?: number;
  /** Listening ports of each router; default 1. */
  listeners?: number;
  /** Each router has a port for HTTPS, too, with a certificate for 127.0.0.1 and localhost. */
  tls?: boolean;
  /** Default: a SQLite file of the suite's own. */
  databaseUrl?: string;
  /** `gatewayserver.admin_token`; monitor and routers need it among their settings. */
  adminToken?: string;
  gatewayserver?: Record<string, string>;
  monitor?: Record<string, string>;
  router?: Record<string, string>;
  /** Further options of Node, such as the heap of a container. */
  nodeOptions?: Partial<Record<ServiceName, string>>;
};

/** The product as its users run it: every part a process of its own, on free ports, in a folder of its own. */
export type Suite = AsyncDisposable &
  SuiteConfiguration & {
    readonly folder: string;
    /** The authority of the routers' certificate, with `tls`: its file, and that as PEM. */
    readonly authority: { readonly file: string; readonly cert: string };
    readonly databaseUrl: string;
    readonly gatewayservers: readonly RunningService[];
    readonly gatewayserver: RunningService;
    readonly monitor: RunningService;
    readonly routers: readonly RunningRouter[];
    readonly router: RunningRouter;
    /** Calls the contract at the first gatewayserver. */
    call: GatewayCall;
  };

/** Starts the gatewayservers, the monitor and the routers; `await using` ends them and removes their folder. */
export async function startSuite(options: SuiteOptions = {}): Promise<Suite> {
  await using started = new AsyncDisposableStack();
  const folder = await mkdtemp(join(tmpdir(), 'trino-gateway-suite-'));
  started.defer(() => rm(folder, { recursive: true, force: true }));
  const databaseUrl = options.databaseUrl ?? `sqlite:${folder}/gateway.db`;
  const authority = await writeCertificates(folder, options.tls === true);
  const starts = servicesOf(options, { folder, databaseUrl });

  const gatewayservers: RunningService[] = [];
  for (let index = 0; index < (options.gatewayservers ?? 1); index++)
    gatewayservers.push(started.use(await starts.gatewayserver()));
  const urls = gatewayservers.map(({ url }) => url);
  const monitor = started.use(await starts.monitor(urls));
  const routers: RunningRouter[] = [];
  for (let index = 0; index < (options.routers ?? 1); index++)
    routers.push(started.use(await starts.router(urls, index)));

  const calls = urls.map((url) => gatewayCall(url, options.adminToken));
  const call = at(calls, 0);
  const owned = started.move();
  return {
    folder,
    authority,
    databaseUrl,
    gatewayservers,
    gatewayserver: at(gatewayservers, 0),
    monitor,
    routers,
    router: at(routers, 0),
    call,
    ...configureSuite(call, calls),
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

/** What tests do not say themselves. */
const WORKERS = process.env.TRINO_GATEWAY_ROUTER_WORKERS ?? '1';
const FAST_PATH = process.env.TRINO_GATEWAY_ROUTER_FAST_PATH ?? 'true';

const FILES = { ca: 'ca.pem', cert: 'router.pem', key: 'router.key' };

async function writeCertificates(folder: string, isWanted: boolean): Promise<Suite['authority']> {
  if (!isWanted) return { file: '', cert: '' };
  const authority = createCertificateAuthority();
  const { cert, key } = authority.issue(['localhost', '127.0.0.1']);
  const file = join(folder, FILES.ca);
  await writeFile(file, authority.cert);
  await writeFile(join(folder, FILES.cert), cert);
  await writeFile(join(folder, FILES.key), key);
  return { file, cert: authority.cert };
}

const loopback = (port: number) => `127.0.0.1:${port}`;

/** How each kind of process of a suite is started: on free ports, and with the settings of the options. */
function servicesOf(options: SuiteOptions, { folder, databaseUrl }: { folder: string; databaseUrl: string }) {
  const start = async (service: ServiceName, settings: Record<string, string>) => {
    const [ops = 0] = await freePorts(1);
    const opsUrl = `http://${loopback(ops)}`;
    const all = { OPS_LISTEN: loopback(ops), ...settings, ...options[service] };
    const process = await startService(service, all, opsUrl, { nodeOptions: options.nodeOptions?.[service] });
    return Object.assign(process, { opsUrl });
  };
  return {
    gatewayserver: async (): Promise<RunningService> => {
      const [port = 0] = await freePorts(1);
      const process = await start('gatewayserver', {
        LISTEN: loopback(port),
        DATABASE_URL: databaseUrl,
        OUTAGE_WAIT: '0s', // refusals come at once
        ...(options.adminToken && { ADMIN_TOKEN: options.adminToken }),
      });
      return Object.assign(process, { url: `http://${loopback(port)}` });
    },
    monitor: async (urls: readonly string[]): Promise<RunningService> => {
      const settings = { GATEWAYSERVER_URL: urls.join(','), INTERVAL: '1s', PROBATION: '10ms' };
      return Object.assign(await start('monitor', settings), { url: '' });
    },
    router: async (urls: readonly string[], index: number): Promise<RunningRouter> => {
      const [tlsPort, ...ports] = await freePorts((options.listeners ?? 1) + 1);
      const tls = options.tls === true && {
        TLS_LISTEN: loopback(tlsPort ?? 0),
        TLS_CERT_FILE: `${folder}/${FILES.cert}`,
        TLS_KEY_FILE: `${folder}/${FILES.key}`,
      };
      // Each router prefers another gatewayserver, so that all of them have work.
      const preferred = index % urls.length;
      const process = await start('router', {
        GATEWAYSERVER_URL: [...urls.slice(preferred), ...urls.slice(0, preferred)].join(','),
        LISTEN: ports.map(loopback).join(','),
        STATE_FILE: `${folder}/router-${index}.json`,
        EXPLAIN_HEADERS: 'true',
        WORKERS: String(options.workers ?? WORKERS),
        FAST_PATH,
        ...tls,
      });
      const own = ports.map((port) => `http://${loopback(port)}`);
      const tlsUrl = tls === false ? '' : `https://${tls.TLS_LISTEN}`;
      return Object.assign(process, { url: at(own, 0), urls: own, ports, tlsUrl });
    },
  };
}

function at<T>(list: readonly T[], index: number): T {
  const found = list[index];
  if (found === undefined) throw new Error(`there is no number ${index}`);
  return found;
}
