import { createClient, type Transport } from '@connectrpc/connect';
import { QueryService } from '@trino-gateway/api/gateway';
import type { RouterConfig } from '@trino-gateway/config';
import { every, type Logger } from '@trino-gateway/runtime';
import { createOwnership, type OwnershipTable } from '../stickiness/ownership.ts';
import { createUnknownLinks, type UnknownLinks } from '../stickiness/unknown-links.ts';
import { createFailureLog } from './failure-log.ts';
import type { FollowedConfiguration, FollowOptions } from './follow-configuration.ts';
import { createGatewayClient, type RunningGatewayClient } from './gateway-client.ts';
import { createLiveQueries, type LiveQueryTable, type QueryNews } from './live-queries.ts';
import { createHistory, type RunningHistory } from './reports/history-reporter.ts';

/** What the router learns from the gatewayserver and reports to it. Disposal reports what is left. */
export type ControlPlane = AsyncDisposable & {
  gateway: RunningGatewayClient;
  ownership: OwnershipTable;
  unknownLinks: UnknownLinks;
  live: LiveQueryTable;
  history: RunningHistory;
};

const SWEEP_INTERVAL_MS = 10_000;

/** How a control plane reaches the gatewayserver. */
export type ControlPlaneOptions = {
  config: Pick<RouterConfig, 'history_backlog' | 'gatewayserver_wait'>;
  transport: Transport;
  /** Names this process in its reports; unique among routers. */
  routerId: string;
  /** Begins to follow the configuration. */
  follow: (following: Following) => FollowedConfiguration;
  /** Called with every call of `route` that was answered and its duration. */
  onRouted: (durationMs: number) => void;
  /** Tells the other processes of this router; absent where there are none. */
  tell?: ((news: QueryNews) => void) | undefined;
  logger: Logger;
};

/** What is told of the configuration that is followed. */
export type Following = Pick<FollowOptions, 'ownership' | 'onChange' | 'onSnapshot'>;

/** Begins to follow the configuration and to report, whether the gatewayserver is there or not. */
export function startControlPlane(options: ControlPlaneOptions): ControlPlane {
  const { config, transport, routerId, follow, onRouted, tell, logger } = options;
  const parts = new AsyncDisposableStack();
  const queries = createClient(QueryService, transport);
  const history = createHistory({
    send: async (batch, timeoutMs) => {
      await queries.recordQueries({ queries: batch }, { timeoutMs });
    },
    most: config.history_backlog,
    logger,
  });
  const ownership = createOwnership();
  const unknownLinks = createUnknownLinks();
  const live = createLiveQueries({ history, failures: createFailureLog(logger), tell });
  const gateway = parts.use(
    createGatewayClient({
      transport,
      routerId,
      gatewayserverWaitMs: config.gatewayserver_wait,
      follow: (onSnapshot) => follow({ ownership, onChange: unknownLinks.clear, onSnapshot }),
      ownership,
      liveCounts: live.counts,
      queriesOf: live.ofIncarnation,
      onRouted,
      logger,
    }),
  );
  parts.use(history);
  parts.use(every(SWEEP_INTERVAL_MS, 'looking for abandoned queries', logger, async () => live.sweep()));
  return { gateway, ownership, unknownLinks, live, history, [Symbol.asyncDispose]: () => parts.disposeAsync() };
}
