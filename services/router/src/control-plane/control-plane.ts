import { randomUUID } from 'node:crypto';
import { createClient, type Transport } from '@connectrpc/connect';
import { QueryService } from '@trino-gateway/api/gateway';
import type { RouterConfig } from '@trino-gateway/config';
import { every, type Logger } from '@trino-gateway/runtime';
import { createOwnership, type OwnershipTable } from '../stickiness/ownership.ts';
import { createUnknownLinks, type UnknownLinks } from '../stickiness/unknown-links.ts';
import { createFailureLog } from './failure-log.ts';
import { createGatewayClient, type RunningGatewayClient } from './gateway-client.ts';
import { createLiveQueries, type LiveQueryTable } from './live-queries.ts';
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

/**
 * Begins to watch and to report, whether the gatewayserver is there or not.
 * @param transport to the gatewayserver
 * @param onRouted called with every call of `route` that was answered and its duration
 */
export function startControlPlane(
  config: RouterConfig,
  transport: Transport,
  onRouted: (durationMs: number) => void,
  logger: Logger,
): ControlPlane {
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
  const live = createLiveQueries({ history, failures: createFailureLog(logger) });
  const gateway = parts.use(
    createGatewayClient({
      transport,
      routerId: randomUUID(),
      gatewayserverWaitMs: config.gatewayserver_wait,
      stateFile: config.state_file,
      hasToken: config.gatewayserver_token !== undefined,
      ownership,
      onChange: unknownLinks.clear,
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
