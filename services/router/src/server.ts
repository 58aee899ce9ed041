import { randomBytes, randomUUID } from 'node:crypto';
import { createClient } from '@connectrpc/connect';
import { QueryService } from '@trino-gateway/api/gateway';
import type { RouterConfig } from '@trino-gateway/config';
import { createGatewayTransport, every, type Logger, type RunningProcess, serveOps } from '@trino-gateway/runtime';
import { createSuspects } from './clusters/passive-health.ts';
import { createGatewayClient } from './control-plane/gateway-client.ts';
import { createLiveQueries } from './control-plane/live-queries.ts';
import { createHistory } from './control-plane/reports/history-reporter.ts';
import { createTemporaryIds } from './dispatch/refusal.ts';
import { createHandler } from './handler.ts';
import { createClientView, trustOf } from './http/client-address.ts';
import { listenOnAll } from './http/listener.ts';
import { createRequestOrder } from './http/request-order.ts';
import { boundsOf } from './limits/bounds.ts';
import { createByteBudget } from './limits/byte-budget.ts';
import { createConnectionLimit } from './limits/connection-limit.ts';
import { createHolds } from './limits/held-polls.ts';
import { createRequestLimits } from './limits/request-limits.ts';
import { createUnfinishedHeads, LOOK_EVERY_MS } from './limits/unfinished-heads.ts';
import { createMetrics } from './metrics.ts';
import { createOwnership } from './stickiness/ownership.ts';
import { createUnknownLinks } from './stickiness/unknown-links.ts';

/** A router at work. Disposal takes at most 9 s: it ends what is under way and stores what it has to tell. */
export type RunningRouter = RunningProcess & {
  /** Where clients connect, in the order of `router.listen`. */
  readonly urls: readonly string[];
  readonly opsUrl: string;
};

/** Calls that set no limit of their own. */
const CALL_TIME_LIMIT_MS = 5_000;
const SWEEP_INTERVAL_MS = 10_000;

/**
 * Starts a router. It accepts clients at once, whether the gatewayserver is there or not; /readyz says whether it is of use.
 * @throws Error naming the address and the key when a port cannot be had
 */
export async function startRouter(config: RouterConfig, logger: Logger): Promise<RunningRouter> {
  await using starting = new AsyncDisposableStack();
  const transport = starting.use(
    createGatewayTransport({
      urls: config.gatewayserver_url,
      token: config.gatewayserver_token,
      timeLimitMs: CALL_TIME_LIMIT_MS,
    }),
  );
  const queries = createClient(QueryService, transport);
  const ownership = createOwnership();
  const misses = createUnknownLinks();
  const history = createHistory({
    send: async (batch, timeoutMs) => {
      await queries.recordQueries({ queries: batch }, { timeoutMs });
    },
    most: config.history_backlog,
    logger,
  });
  const live = createLiveQueries({ history });
  const holds = createHolds();
  const bounds = boundsOf(config);
  const connections = createConnectionLimit(bounds.connections, logger, {
    mostPerClient: bounds.connectionsPerClient,
    isProxy: trustOf(config.trusted_proxies),
  });
  const limits = createRequestLimits(bounds, logger);
  const order = createRequestOrder(bounds.waitingRequests);
  const bytes = createByteBudget(bounds.bytes, bounds.bytesPerClient);
  const heads = createUnfinishedHeads(bytes);
  const metrics = createMetrics({
    heldPolls: holds.count,
    connections: connections.open,
    connectionsRefused: connections.refused,
    requestsUnderWay: limits.underWay,
    requestsAtBackends: limits.atBackends,
    requestsWaiting: order.waiting,
    statementBytes: bytes.taken,
    requestsRefused: () =>
      new Map<string, number>([
        ...limits.refused(),
        ['waiting', order.refused()],
        ['bytes', bytes.refused()],
        ['heads', heads.refused()],
      ]),
    liveQueries: live.counts,
    liveQueriesForgotten: live.dropped,
    historyBacklog: history.backlog,
    historyDropped: history.dropped,
    snapshotAgeMs: () => link.snapshotAgeMs(),
  });
  const link = starting.use(
    createGatewayClient({
      transport,
      routerId: randomUUID(),
      gatewayserverWaitMs: config.gatewayserver_wait,
      stateFile: config.state_file,
      hasToken: config.gatewayserver_token !== undefined,
      ownership,
      onChange: misses.clear,
      liveCounts: live.counts,
      onRouted: metrics.routed,
      logger,
    }),
  );
  starting.use(history);
  const looking = setInterval(heads.look, LOOK_EVERY_MS);
  starting.defer(() => clearInterval(looking));
  starting.use(every(SWEEP_INTERVAL_MS, 'looking for abandoned queries', logger, async () => live.sweep()));

  const handler = starting.use(
    createHandler({
      config,
      link,
      ownership,
      live,
      suspects: createSuspects(),
      misses,
      onSubmission: metrics.submitted,
      onQueuedPage: metrics.queuedPage,
      onHandOver: metrics.handedOver,
      onContradiction: metrics.contradicted,
      limits,
      bytes,
      holds,
      temporaryId: createTemporaryIds(randomBytes),
      clientView: createClientView({ externalUrl: config.external_url, trustedProxies: config.trusted_proxies }),
      logger,
    }),
  );
  let stopping = false;
  const ops = await serveOps(
    config.ops_listen,
    () => {
      const reason = stopping ? 'stopping' : link.notReady();
      return reason === undefined ? { ready: true } : { ready: false, reason };
    },
    metrics.registry,
    logger,
    config.gatewayserver_token,
  ).catch((error: Error) => {
    throw new Error(`router.ops_listen: ${error.message}`, { cause: error.cause });
  });
  starting.use(ops);
  const listeners = starting.use(
    await listenOnAll(
      config.listen,
      (request, response, port) => {
        metrics.watch(response, port);
        handler.handle(request, response, port);
      },
      { connections, order, heads },
    ),
  );
  const running = starting.move();
  return {
    urls: listeners.urls,
    opsUrl: ops.url,
    readyLine: `router ready on ${listeners.urls.join(', ')}`,
    [Symbol.asyncDispose]: () => {
      stopping = true;
      holds.stop();
      return running.disposeAsync();
    },
  };
}
