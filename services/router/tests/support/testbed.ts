import { createSecretKey, randomBytes } from 'node:crypto';
import { create, type MessageInitShape } from '@bufbuild/protobuf';
import { jest } from '@jest/globals';
import { authenticationCheck, type DelegatedAuthentication } from '@trino-gateway/api/authentication';
import {
  Backend_ForwardedHeaders,
  type Decision,
  DecisionSchema,
  type Query,
  type RouteRequest,
  type RouteResponse,
  RouteResponseSchema,
  type RoutingNeeds,
  type SnapshotBackend,
  SnapshotBackendSchema,
} from '@trino-gateway/api/gateway';
import { type Logger, silentLogger } from '@trino-gateway/runtime';
import type { ScriptedTrino } from '@trino-gateway/testing';
import { createRouterDrains, type RouterDrains } from '../../src/control-plane/drains.ts';
import type { GatewayClient } from '../../src/control-plane/gateway-client.ts';
import type { LiveQueries } from '../../src/control-plane/live-queries.ts';
import { createDataPath, type DataPathDeps } from '../../src/data-path.ts';
import { type ClientAddressSettings, createClientView } from '../../src/http/client-address.ts';
import { createByteBudget } from '../../src/limits/byte-budget.ts';
import { createFailedPolls } from '../../src/limits/failed-polls.ts';
import { createHeldPolls } from '../../src/limits/held-polls.ts';
import { createRequestLimits } from '../../src/limits/request-limits.ts';
import { type ClientListener, listenForClients } from '../../src/listeners/listener.ts';
import { createPassiveHealth } from '../../src/passive-health/passive-health.ts';
import { createTemporaryIds } from '../../src/queue/temporary-ids.ts';
import type { Coordinator, CoordinatorTls } from '../../src/stickiness/coordinator.ts';
import { createOwnership, type OwnershipTable } from '../../src/stickiness/ownership.ts';
import { createUnknownLinks } from '../../src/stickiness/unknown-links.ts';
import { type FakeAdmission, fakeAdmission } from './fake-admission.ts';

type Route = Parameters<GatewayClient['route']>[0];

// A machine that is busy with other things must not make a test of time limits fail.
jest.setTimeout(120_000);

/** A data path over a gatewayserver that is a plain object. */
export type Testbed = AsyncDisposable & {
  url: string;
  port: number;
  ownership: OwnershipTable;
  /** What it must not send, and has under way. */
  drains: RouterDrains;
  /** What `route` was asked. */
  routes: Route[];
  settled: string[];
  incarnations: { suffix: string; backendId: string }[];
  /** Listening port, group and result of each submission. */
  submissions: [number, string, string][];
  /** Group and result of each hand-over. */
  handOvers: [string, string][];
  /** Backends that claimed ids or transactions of others. */
  contradictions: string[];
  /** Queued queries whose end was reported. */
  endedInQueue: { id: string; error?: string | undefined }[];
  /** Ends the held polls, as a stop does. */
  stopHolding(): void;
  held(): number;
  /** Bytes of statements under way. */
  bytesTaken(): number;
  /** Polls of waiting clients that it holds. */
  pollsHeld(): number;
  started: Query[];
  /** Handed over to clusters whose clients poll them themselves. */
  directQueries: Query[];
  running: string[];
  ended: { id: string; state: number; error?: string | undefined }[];
};

export type TestbedOptions = {
  /** Backend id → cluster; they are chosen in this order, unless excluded. */
  clusters?: Record<string, Pick<ScriptedTrino, 'url'> & { tls?: CoordinatorTls }>;
  forwardedHeaders?: Backend_ForwardedHeaders;
  /** Further settings of all of them. */
  backend?: Partial<Pick<SnapshotBackend, 'externalUrl' | 'forwarding' | 'limited'>>;
  /** The suffixes the monitor saw at backends. */
  coordinatorIds?: Record<string, string>;
  /** Whether the gatewayserver knows the suffixes of this backend as those of another one. */
  refusesIncarnation?: (backendId: string) => boolean;
  /** What every decision says; the entry point then asks for it, too. */
  authDelegated?: boolean;
  /** Where delegated authentication is asked for; undefined while the router does not know. Default: by `authDelegated`. */
  authentication?: () => DelegatedAuthentication | undefined;
  logger?: Logger;
  /** Instead of choosing in order. */
  route?: (request: Route) => Partial<RouteResponse> | Promise<Partial<RouteResponse>>;
  /** What every decision says beside where the query goes. */
  effects?: Partial<Pick<Decision, 'requestSource' | 'addClientTags' | 'sessionProperties' | 'setHeaders'>>;
  /** Of the routing chain; default none. */
  routingNeeds?: RoutingNeeds;
  config?: Partial<DataPathDeps['config']>;
  client?: Partial<ClientAddressSettings>;
  pollRetryDelaysMs?: number[];
  signingKey?: Uint8Array;
  /** Instead of a store of open transactions that this router alone has. */
  transactions?: Pick<GatewayClient, 'recordTransaction' | 'findTransaction' | 'endTransaction'>;
  /** The slots of the clusters, shared by routers; all of them are then limited, unless `backend` says otherwise. */
  admission?: FakeAdmission;
  holdMs?: number;
  limits?: Parameters<typeof createRequestLimits>[0];
  /** Of statements under way. */
  bytes?: { most: number; mostEach: number };
};

const plenty = { requests: 1_000, requestsPerClient: 1_000, requestsPerBackend: 1_000 };

/** A store of open transactions, to be shared by several routers. */
export function transactionStore(open = new Map<string, Coordinator>()): NonNullable<TestbedOptions['transactions']> {
  return {
    recordTransaction: async (id, owner) => {
      if (!open.has(id)) open.set(id, owner);
      return open.get(id) ?? owner;
    },
    findTransaction: async (id) => open.get(id),
    endTransaction: (id) => void open.delete(id),
  };
}

const key = randomBytes(32);

export async function startTestbed(options: TestbedOptions = {}): Promise<Testbed> {
  const backends = new Map<string, SnapshotBackend>();
  for (const [id, { url, tls }] of Object.entries(options.clusters ?? {})) {
    const coordinatorId = options.coordinatorIds?.[id] ?? '';
    const forwardedHeaders = options.forwardedHeaders ?? Backend_ForwardedHeaders.AUTO;
    const own = { id, url, forwardedHeaders, coordinatorId, ...(tls && { tls }) };
    backends.set(id, create(SnapshotBackendSchema, { ...own, ...options.backend }));
  }
  const { admission } = options;
  if (admission !== undefined)
    for (const backend of backends.values()) {
      backend.limited = options.backend?.limited ?? true;
      admission.backends.set(backend.id, backend);
    }
  const ownership = createOwnership();
  ownership.replace([...backends.values()], []);
  const seen = {
    routes: [] as Route[],
    settled: [] as string[],
    incarnations: [] as { suffix: string; backendId: string }[],
    submissions: [] as Testbed['submissions'],
    handOvers: [] as Testbed['handOvers'],
    contradictions: [] as string[],
    endedInQueue: [] as Testbed['endedInQueue'],
    started: [] as Query[],
    directQueries: [] as Query[],
    running: [] as string[],
    ended: [] as Testbed['ended'],
  };
  const inOrder = (request: Route): Partial<RouteResponse> => {
    const { authDelegated = false } = options;
    const open = [...backends.values()].filter(({ id }) => !request.excludedBackendIds.includes(id));
    const backend = open.find(({ id }) => !request.avoidedBackendIds.includes(id)) ?? open[0];
    if (backend === undefined)
      return { authDelegated, refusal: 'no backend is left', refusalErrorName: 'NO_NODES_AVAILABLE' };
    const decision = create(DecisionSchema, {
      backendId: backend.id,
      groupId: 'g',
      decidedBy: 'policy p',
    });
    return { authDelegated, decision, backend };
  };
  const drains = createRouterDrains(() => ({ live: 0, queries: [], endedQueryIds: [] }));
  const gateway: GatewayClient = {
    connections: { reached: () => {}, failed: () => {} },
    drains,
    notReady: () => undefined,
    route: async (request) => {
      seen.routes.push(request);
      const answer = await (options.route ?? admission?.route ?? inOrder)(request as RouteRequest);
      if (answer.decision) Object.assign(answer.decision, options.effects);
      return create(RouteResponseSchema, answer as MessageInitShape<typeof RouteResponseSchema>);
    },
    settle: (id) => {
      drains.over(id);
      seen.settled.push(id);
      admission?.settleSubmission(id);
    },
    admission: (admission ?? fakeAdmission({})).link,
    backends: () => backends,
    routingNeeds: () => options.routingNeeds,
    authentication: () => {
      const hosts = options.authDelegated === true ? ['127.0.0.1'] : [];
      const rules =
        options.authentication === undefined ? { ports: [], hosts, clusters: [] } : options.authentication();
      return rules && authenticationCheck(rules);
    },
    signingKey: () => createSecretKey(options.signingKey ?? key),
    recordIncarnation: async ({ suffix, backendId }) => {
      seen.incarnations.push({ suffix, backendId });
      return options.refusesIncarnation?.(backendId) !== true;
    },
    ...(options.transactions ?? transactionStore()),
  };
  const live: LiveQueries = {
    started: (query) => void seen.started.push(query),
    directQueryStarted: (query) => void seen.directQueries.push(query),
    seen: () => {},
    running: (id) => void seen.running.push(id),
    ended: (id, { state, error }) => void seen.ended.push({ id, state, error: error?.name }),
    queuedQueryEnded: (id, { error }) => void seen.endedInQueue.push({ id, error: error?.name }),
    counts: () => new Map(),
  };
  const holds = createHeldPolls({ holdMs: options.holdMs ?? 200 });
  const bytes = createByteBudget(options.bytes?.most ?? 1e9, options.bytes?.mostEach ?? 1e9);
  const dataPath = createDataPath({
    failedPolls: createFailedPolls(),
    limits: createRequestLimits(options.limits ?? plenty, silentLogger),
    bytes,
    heldPolls: holds,
    onQueuedPage: () => {},
    onHandOver: (...ended) => void seen.handOvers.push(ended),
    onContradiction: (backendId) => void seen.contradictions.push(backendId),
    config: {
      explain_headers: false,
      submit_time_limit: 60_000,
      attempt_time_limit: 30_000,
      connect_time_limit: 10_000,
      fast_path: true,
      poll_time_limit: 30_000,
      max_statement_bytes: 16_777_216,
      history_text_while_waiting: false,
      auth_provider_time_limit: 30_000,
      auth_cache_time: 300_000,
      auth_forward_credentials: false,
      ui: 'PROXY',
      ...options.config,
    },
    gateway,
    ownership,
    live,
    passiveHealth: createPassiveHealth(),
    unknownLinks: createUnknownLinks(),
    clientView: createClientView({ trustedProxies: [], ...options.client }),
    onSubmission: (...ended) => void seen.submissions.push(ended),
    temporaryId: createTemporaryIds(randomBytes),
    logger: options.logger ?? silentLogger,
    timings: { pollRetryDelaysMs: options.pollRetryDelaysMs ?? [20, 20, 20] },
  });
  const listener: ClientListener = await listenForClients({ host: '127.0.0.1', port: 0 }, dataPath.handle, {
    fastPath: true,
    direct: (at) => {
      const here = { port: at.port, begun: at.begun, passed: () => {} };
      return (head, connection) => dataPath.direct.answer(head, connection, here);
    },
    graceMs: 100,
  });
  return {
    url: listener.url,
    pollsHeld: holds.count,
    port: listener.port,
    stopHolding: holds.stop,
    held: holds.count,
    bytesTaken: bytes.taken,
    ownership,
    drains,
    ...seen,
    [Symbol.asyncDispose]: async () => {
      holds.stop();
      await listener[Symbol.asyncDispose]();
      dataPath[Symbol.dispose]();
    },
  };
}
