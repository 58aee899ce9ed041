import type { KeyObject } from 'node:crypto';
import { createClient, type Transport } from '@connectrpc/connect';
import type { AuthenticationCheck } from '@trino-gateway/api/authentication';
import {
  type Header,
  type RouteRequest,
  type RouteResponse,
  type RoutingNeeds,
  RoutingService,
  type SnapshotBackend,
  SuiteService,
} from '@trino-gateway/api/gateway';
import type { Logger } from '@trino-gateway/runtime';
import type { Connections } from '../passive-health/connections.ts';
import type { OwnershipTable } from '../stickiness/ownership.ts';
import type { TransactionStore } from '../stickiness/transactions.ts';
import { type AdmissionClient, createAdmissionClient } from './admission-client.ts';
import { createRouterDrains, type RouterDrains } from './drains.ts';
import type { FollowedConfiguration, FollowOptions } from './follow-configuration.ts';
import type { IncarnationQueries } from './known-queries.ts';
import { createConnectionReports } from './reports/connection-reports.ts';
import { createLiveReports } from './reports/live-reports.ts';
import { whileUnreachable } from './retry-unreachable.ts';
import { createTransactionStore } from './transaction-store.ts';

/** What the data path of the router needs of the gatewayserver. */
export type GatewayClient = TransactionStore &
  Pick<FollowedConfiguration, 'recordIncarnation'> & {
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
    /** Slots and places in the queue. */
    admission: AdmissionClient;
    /** What is seen of connections to clusters goes to all routers. */
    connections: Connections;
    /** What must not be sent any more. */
    drains: Omit<RouterDrains, 'replace' | 'any' | 'told'>;
  };

/** The client, as the process that runs it sees it. Disposal ends its loops and writes the state file. */
export type RunningGatewayClient = GatewayClient &
  AsyncDisposable &
  Pick<FollowedConfiguration, 'snapshotAgeMs' | 'trouble'>;

export type GatewayClientOptions = {
  /** To the gatewayserver's replicas. */
  transport: Transport;
  /** Names this process in its reports; unique among routers. */
  routerId: string;
  /** `router.gatewayserver_wait`, in milliseconds. */
  gatewayserverWaitMs: number;
  /** Begins to follow the configuration; the function it gets is to be called with each snapshot, before that is in force. */
  follow: (onSnapshot: FollowOptions['onSnapshot']) => FollowedConfiguration;
  /** Updated with every snapshot. */
  ownership: OwnershipTable;
  /** Live queries by backend id. */
  liveCounts: () => ReadonlyMap<string, number>;
  /** What is known here of the queries of an incarnation. */
  queriesOf: (suffix: string) => IncarnationQueries;
  /** Called with every call of `route` that was answered and its duration. */
  onRouted?: (durationMs: number) => void;
  logger: Logger;
  /** Shorter in tests, in milliseconds. */
  timings?: Partial<typeof TIMINGS>;
};

const TIMINGS = {
  reportIntervalMs: 1_000,
  /** Suffixes are kept for days: once a minute is often enough. */
  usedSuffixesIntervalMs: 60_000,
  recordTransactionLimitMs: 2_000,
};

const REPORT_LIMIT_MS = 2_000;

/** Begins to follow the configuration and to report, whether the gatewayserver is there yet or not. */
export function createGatewayClient(options: GatewayClientOptions): RunningGatewayClient {
  const { transport, routerId, gatewayserverWaitMs, ownership, logger } = options;
  const timings = { ...TIMINGS, ...options.timings };
  const suite = createClient(SuiteService, transport);
  const { recordTransactionLimitMs: recordLimitMs } = timings;
  const transactions = createTransactionStore({ suite, recordLimitMs, gatewayserverWaitMs, logger });
  const drains = createRouterDrains(options.queriesOf);
  const connections = createConnectionReports({
    send: async (report, signal) => {
      await suite.reportConnections({ routerId, ...report }, { signal, timeoutMs: REPORT_LIMIT_MS });
    },
    coordinatorIdOf: ({ backendId, url }) => {
      const backend = configuration.backends().get(backendId);
      return backend?.url === url ? backend.coordinatorId : undefined;
    },
    logger,
  });
  const configuration: FollowedConfiguration = options.follow((snapshot) => {
    drains.replace(snapshot);
    connections.setDoubted(new Set(snapshot.doubtedBackendIds));
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
  const admission = createAdmissionClient({ transport, routerId, gatewayserverWaitMs, logger });
  const routing = createClient(RoutingService, transport);
  const { backends, authentication, routingNeeds, signingKey, notReady } = configuration;
  return {
    ...{ backends, authentication, routingNeeds, signingKey, notReady },
    trouble: configuration.trouble,
    snapshotAgeMs: configuration.snapshotAgeMs,
    recordIncarnation: configuration.recordIncarnation,
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
    ...transactions,
    admission,
    [Symbol.asyncDispose]: async () => {
      await Promise.all([live, connections, transactions, admission].map((part) => part[Symbol.asyncDispose]()));
      await configuration[Symbol.asyncDispose]();
    },
  };
}
