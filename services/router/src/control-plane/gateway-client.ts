import type { KeyObject } from 'node:crypto';
import { createClient, type Transport } from '@connectrpc/connect';
import type { AuthenticationCheck } from '@trino-gateway/api/authentication';
import {
  AdmissionService,
  type Header,
  type RouteRequest,
  type RouteResponse,
  type RoutingNeeds,
  RoutingService,
  type SnapshotBackend,
  SuiteService,
} from '@trino-gateway/api/gateway';
import { type Logger, type LongPolls, multiplexCalls, within } from '@trino-gateway/runtime';
import type { Connections } from '../passive-health/connections.ts';
import type { Incarnation } from '../stickiness/coordinator.ts';
import type { OwnershipTable } from '../stickiness/ownership.ts';
import type { TransactionStore } from '../stickiness/transactions.ts';
import { type AdmissionClient, createAdmissionClient } from './admission-client.ts';
import { openKnownConfiguration } from './configuration/known-configuration.ts';
import { watchConfiguration } from './configuration/watch-configuration.ts';
import { createRouterDrains, type RouterDrains } from './drains.ts';
import type { IncarnationQueries } from './known-queries.ts';
import { createIncarnationReports } from './record-incarnations.ts';
import { createConnectionReports } from './reports/connection-reports.ts';
import { createLiveReports } from './reports/live-reports.ts';
import { whileUnreachable } from './retry-unreachable.ts';
import { createTransactionStore } from './transaction-store.ts';

/** What the data path of the router needs of the gatewayserver. */
export type GatewayClient = TransactionStore & {
  /** Why no submission can be accepted yet; undefined once there is a snapshot, from the gatewayserver or the state file. */
  notReady(): string | undefined;
  /**
   * Where a new query goes. Waits up to `router.gatewayserver_wait` for a gatewayserver that does not answer.
   * @throws GatewayUnavailableError when it did not answer in that time
   */
  route(
    request: Omit<RouteRequest, '$typeName' | '$unknown' | 'routerId' | 'countedUser' | 'credentials'> & {
      countedUser?: string;
      credentials?: Header[];
    },
    signal: AbortSignal,
  ): Promise<RouteResponse>;
  /** A submission from `route` was given up, or is now counted as live: the gatewayserver need not count it as started any more. */
  settle(submissionId: string): void;
  /** All backends of the snapshot, disabled ones too, by id. */
  backends(): ReadonlyMap<string, SnapshotBackend>;
  /** Where delegated authentication is asked for; undefined while that is not known. */
  authentication(): AuthenticationCheck | undefined;
  /** What `route` is to be given beside what it always is; undefined before the first snapshot. */
  routingNeeds(): RoutingNeeds | undefined;
  /** Signs links, cookies and refusals; undefined before the first snapshot. */
  signingKey(): KeyObject | undefined;
  /**
   * Reports an incarnation seen for the first time to the gatewayserver, and saves it in the state file; resolves when both are done, or
   * after 500 ms. False when the gatewayserver knows that the suffix is another backend's.
   */
  recordIncarnation(incarnation: Incarnation): Promise<boolean>;
  /** Slots and places in the queue. */
  admission: AdmissionClient;
  /** What is seen of connections to clusters goes to all routers. */
  connections: Connections;
  /** What must not be sent any more. */
  drains: Omit<RouterDrains, 'replace' | 'any' | 'told'>;
};

/** The client, as the process that runs it sees it. Disposal ends its loops and writes the state file. */
export type RunningGatewayClient = GatewayClient &
  AsyncDisposable & {
    /** Milliseconds since the gatewayserver last confirmed the snapshot; undefined before it ever did. */
    snapshotAgeMs(): number | undefined;
    /** What does not work between router and gatewayserver now; undefined when all does. */
    trouble(): string | undefined;
  };

export type GatewayClientOptions = {
  /** To the gatewayserver's replicas. */
  transport: Transport;
  /** Names this process in its reports; unique among routers. */
  routerId: string;
  /** `router.gatewayserver_wait`, in milliseconds. */
  gatewayserverWaitMs: number;
  /** `router.state_file`. */
  stateFile: string;
  /** Whether `router.gatewayserver_token` is set: tells a missing token from a wrong one. */
  hasToken: boolean;
  /** Updated with every snapshot. */
  ownership: OwnershipTable;
  /** Called when backends or incarnations have changed. */
  onChange?: () => void;
  /** Live queries by backend id. */
  liveCounts: () => ReadonlyMap<string, number>;
  /** What is known here of the queries of an incarnation. */
  queriesOf: (suffix: string) => IncarnationQueries;
  /** Called with every call of `route` that was answered and its duration. */
  onRouted?: (durationMs: number) => void;
  logger: Logger;
  /** Shorter in tests, in milliseconds. */
  timings?: Partial<typeof TIMINGS> & { watchPauses?: LongPolls['pauses'] };
};

const TIMINGS = {
  /** How long the gatewayserver may hold a watch. */
  watchWaitMs: 10_000,
  reportIntervalMs: 1_000,
  /** Suffixes are kept for days: once a minute is often enough. */
  usedSuffixesIntervalMs: 60_000,
  recordLimitMs: 500,
  recordTransactionLimitMs: 2_000,
};

const REPORT_LIMIT_MS = 2_000;

/** Reads the state file and begins to watch the gatewayserver, whether it is there yet or not. */
export function createGatewayClient(options: GatewayClientOptions): RunningGatewayClient {
  const { transport, routerId, gatewayserverWaitMs, ownership, logger } = options;
  const timings = { ...TIMINGS, ...options.timings };
  const suite = createClient(SuiteService, transport);
  const { awaitTurn, attend } = AdmissionService.method;
  const carried = multiplexCalls(transport, [RoutingService, AdmissionService], [awaitTurn, attend]);

  const configuration = openKnownConfiguration(options);
  const incarnations = createIncarnationReports({ suite, ownership, callLimitMs: timings.recordLimitMs, logger });
  for (const incarnation of configuration.restored) void incarnations.record(incarnation);
  const { recordTransactionLimitMs: recordLimitMs } = timings;
  const transactions = createTransactionStore({ suite, recordLimitMs, gatewayserverWaitMs, logger });
  const drains = createRouterDrains(options.queriesOf);
  const connections = createConnectionReports({
    send: async (report, signal) => {
      await suite.reportConnections({ routerId, ...report }, { signal, timeoutMs: REPORT_LIMIT_MS });
    },
    coordinatorIdOf: ({ backendId, url }) => {
      const backend = configuration.backends().get(backendId);
      return backend?.url === url ? backend.coordinatorId : '';
    },
    logger,
  });
  const watch = watchConfiguration({
    suite,
    waitMs: timings.watchWaitMs,
    hasToken: options.hasToken,
    onSnapshot: ({ refusalKey, ...snapshot }) => {
      drains.replace({ ...snapshot, refusalKey });
      connections.setDoubted(new Set(snapshot.doubtedBackendIds));
      configuration.replace({ ...snapshot, signingKey: refusalKey });
    },
    pauses: options.timings?.watchPauses,
    logger,
  });
  const live = createLiveReports({
    send: async (report, signal) => {
      await suite.reportLiveQueries({ routerId, ...report }, { signal, timeoutMs: REPORT_LIMIT_MS });
    },
    liveCounts: options.liveCounts,
    drains,
    ownership,
    intervalMs: timings.reportIntervalMs,
    usedSuffixesIntervalMs: timings.usedSuffixesIntervalMs,
    logger,
  });
  const admission = createAdmissionClient({ transport: carried, routerId, gatewayserverWaitMs, logger });
  const routing = createClient(RoutingService, carried);
  return {
    trouble: watch.trouble,
    notReady: () => {
      if (watch.mistake() !== undefined) return watch.mistake();
      if (configuration.signingKey()) return undefined;
      return watch.trouble() ?? 'no snapshot of the configuration yet: waiting for the gatewayserver';
    },
    route: (request, signal) =>
      whileUnreachable({ waitMs: gatewayserverWaitMs, signal }, async (timeoutMs) => {
        await live.begun;
        const began = performance.now();
        const answer = await routing.route({ ...request, routerId }, { signal, timeoutMs });
        options.onRouted?.(performance.now() - began);
        return answer;
      }),
    settle: (submissionId) => {
      drains.over(submissionId);
      live.settle(submissionId);
    },
    drains,
    connections,
    backends: configuration.backends,
    authentication: configuration.authentication,
    routingNeeds: configuration.routingNeeds,
    signingKey: configuration.signingKey,
    recordIncarnation: async (incarnation) => {
      let isAccepted = true;
      const recorded = incarnations.record(incarnation).then((answer) => {
        isAccepted = answer;
      });
      await within(timings.recordLimitMs, () => Promise.all([recorded, configuration.save()]));
      return isAccepted;
    },
    ...transactions,
    admission,
    snapshotAgeMs: watch.ageMs,
    [Symbol.asyncDispose]: async () => {
      await Promise.all(
        [watch, live, connections, incarnations, transactions, admission].map((part) => part[Symbol.asyncDispose]()),
      );
      carried[Symbol.dispose]();
      await configuration[Symbol.asyncDispose]();
    },
  };
}
