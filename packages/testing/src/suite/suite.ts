import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePorts } from '../processes/free-ports.ts';
import { until } from '../processes/until.ts';
import type { ServiceName } from './start-script.ts';
import { type ManagedProcess, startService } from './start-service.ts';

export type RunningService = ManagedProcess & { readonly url: string; readonly opsUrl: string };
export type RunningRouter = RunningService & {
  /** One per listening port. */ readonly urls: readonly string[];
  readonly ports: readonly number[];
};

export type SuiteOptions = {
  /** Default 1 each. */
  gatewayservers?: number;
  routers?: number;
  /** Listening ports of each router; default 1. */
  listeners?: number;
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
export type Suite = AsyncDisposable & {
  readonly folder: string;
  readonly databaseUrl: string;
  readonly gatewayservers: readonly RunningService[];
  readonly gatewayserver: RunningService;
  readonly monitor: RunningService;
  readonly routers: readonly RunningRouter[];
  readonly router: RunningRouter;
  /** Calls the contract, `BackendService/PutBackend` say, as Connect JSON; throws on an error answer. */
  call<T = Record<string, unknown>>(method: string, body: unknown): Promise<T>;
  /** Puts these backends and waits until each is available. */
  addBackends(backends: Record<string, string>, more?: Record<string, unknown>): Promise<void>;
  /** Puts a group of these backends. */
  addGroup(id: string, backendIds: readonly string[], more?: Record<string, unknown>): Promise<void>;
};

/** Starts the gatewayservers, the monitor and the routers; `await using` ends them and removes their folder. */
export async function startSuite(options: SuiteOptions = {}): Promise<Suite> {
  await using started = new AsyncDisposableStack();
  const folder = await mkdtemp(join(tmpdir(), 'trino-gateway-suite-'));
  started.defer(() => rm(folder, { recursive: true, force: true }));
  const servers = options.gatewayservers ?? 1;
  const routerCount = options.routers ?? 1;
  const listeners = options.listeners ?? 1;
  const ports = await freePorts(servers * 2 + 1 + routerCount * (1 + listeners));
  const next = () => ports.pop() ?? 0;
  const databaseUrl = options.databaseUrl ?? `sqlite:${folder}/gateway.db`;

  const gatewayservers: RunningService[] = [];
  for (let index = 0; index < servers; index++) {
    const [port, ops] = [next(), next()];
    const process = await startService(
      'gatewayserver',
      {
        LISTEN: `127.0.0.1:${port}`,
        OPS_LISTEN: `127.0.0.1:${ops}`,
        DATABASE_URL: databaseUrl,
        ...(options.adminToken && { ADMIN_TOKEN: options.adminToken }),
        ...options.gatewayserver,
      },
      `http://127.0.0.1:${ops}`,
      true,
      options.nodeOptions?.gatewayserver,
    );
    gatewayservers.push(
      started.use(Object.assign(process, { url: `http://127.0.0.1:${port}`, opsUrl: `http://127.0.0.1:${ops}` })),
    );
  }
  const gatewayserver = at(gatewayservers, 0);
  const urls = gatewayservers.map(({ url }) => url);

  const monitorOps = next();
  const monitorProcess = await startService(
    'monitor',
    {
      GATEWAYSERVER_URL: urls.join(','),
      OPS_LISTEN: `127.0.0.1:${monitorOps}`,
      INTERVAL: '1s',
      PROBATION: '10ms',
      ...options.monitor,
    },
    `http://127.0.0.1:${monitorOps}`,
    true,
    options.nodeOptions?.monitor,
  );
  const monitor = started.use(Object.assign(monitorProcess, { url: '', opsUrl: `http://127.0.0.1:${monitorOps}` }));

  const routers: RunningRouter[] = [];
  for (let index = 0; index < routerCount; index++) {
    const ops = next();
    const own = Array.from({ length: listeners }, next);
    // Each router prefers another gatewayserver, so that all of them have work.
    const preferred = index % servers;
    const process = await startService(
      'router',
      {
        GATEWAYSERVER_URL: [...urls.slice(preferred), ...urls.slice(0, preferred)].join(','),
        LISTEN: own.map((port) => `127.0.0.1:${port}`).join(','),
        OPS_LISTEN: `127.0.0.1:${ops}`,
        STATE_FILE: `${folder}/router-${index}.json`,
        EXPLAIN_HEADERS: 'true',
        ...options.router,
      },
      `http://127.0.0.1:${ops}`,
      true,
      options.nodeOptions?.router,
    );
    const ownUrls = own.map((port) => `http://127.0.0.1:${port}`);
    routers.push(
      started.use(
        Object.assign(process, { url: at(ownUrls, 0), urls: ownUrls, ports: own, opsUrl: `http://127.0.0.1:${ops}` }),
      ),
    );
  }

  const callAt = async <T>(url: string, method: string, body: unknown): Promise<T> => {
    const response = await fetch(`${url}/trinogateway.v1.${method}`, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        ...(options.adminToken && { 'x-auth-key': options.adminToken }),
      },
      body: JSON.stringify(body),
      signal: AbortSignal.timeout(10_000),
    });
    const answer: unknown = await response.json();
    if (!response.ok) throw new Error(`${method}: ${JSON.stringify(answer)}`);
    return answer as T;
  };
  const call = <T>(method: string, body: unknown) => callAt<T>(gatewayserver.url, method, body);
  /** Each replica reads within a second what another one has stored. */
  const untilAllKnow = async (what: string, knows: (url: string) => Promise<unknown>) => {
    for (const url of urls) await until(`${what} at ${url}`, () => knows(url), 30_000);
  };
  const owned = started.move();
  return {
    folder,
    databaseUrl,
    gatewayservers,
    gatewayserver,
    monitor,
    routers,
    router: at(routers, 0),
    call,
    addBackends: async (backends, more = {}) => {
      for (const [id, url] of Object.entries(backends))
        await call('BackendService/PutBackend', { backend: { id, url, ...more } });
      type Known = { condition?: { available?: boolean } };
      for (const id of Object.keys(backends))
        await untilAllKnow(`backend ${id} to be available`, async (url) => {
          const { condition } = await callAt<Known>(url, 'BackendService/GetBackend', { id });
          return condition?.available;
        });
    },
    addGroup: async (id, backendIds, more = {}) => {
      const stored = await call('GroupService/PutGroup', { group: { id, backendIds, ...more } });
      await untilAllKnow(
        `group ${id}`,
        async (url) => JSON.stringify(await callAt(url, 'GroupService/GetGroup', { id })) === JSON.stringify(stored),
      );
    },
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

function at<T>(list: readonly T[], index: number): T {
  const found = list[index];
  if (found === undefined) throw new Error(`there is no number ${index}`);
  return found;
}
