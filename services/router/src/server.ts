import { randomBytes } from 'node:crypto';
import type { RouterConfig } from '@trino-gateway/config';
import {
  createCertificateExpiry,
  type Logger,
  openGatewayTransport,
  type Readiness,
  type RunningProcess,
  serveOps,
} from '@trino-gateway/runtime';
import { type ControlPlane, startControlPlane } from './control-plane/control-plane.ts';
import { createDataPath } from './data-path.ts';
import { createClientView } from './http/client-address.ts';
import { createIntake, type Intake } from './http/intake.ts';
import { listenOnAll } from './http/listener.ts';
import { createRequestLog } from './http/request-log.ts';
import { createHeldPolls, type HeldPolls } from './limits/held-polls.ts';
import { createMetrics, type MetricSources, type RouterMetrics } from './metrics.ts';
import { createPassiveHealth } from './passive-health/passive-health.ts';
import { createTemporaryIds } from './queue/temporary-ids.ts';

/** A router at work. Disposal takes at most 9 s: it ends what is under way and reports what is left. */
export type RunningRouter = RunningProcess & {
  /** Where clients connect, in the order of `router.listen`. */
  readonly urls: readonly string[];
  readonly opsUrl: string;
  /** Takes limits that have changed in its configuration; its other keys are read whenever they matter. */
  reconfigured(): void;
};

/** For calls of the gatewayserver that set no limit of their own. */
const CALL_TIME_LIMIT_MS = 5_000;

/**
 * Starts a router. It accepts clients at once, whether the gatewayserver is there or not; /readyz says whether it can serve them.
 * @throws Error naming the address and the key when a port cannot be had
 */
export async function startRouter(config: RouterConfig, logger: Logger): Promise<RunningRouter> {
  await using starting = new AsyncDisposableStack();
  const expiry = starting.use(createCertificateExpiry({ service: 'router', logger }));
  const gatewayserver = starting.use(
    await openGatewayTransport({ section: 'router', keys: config, timeLimitMs: CALL_TIME_LIMIT_MS, expiry, logger }),
  );
  const controlPlane = starting.use(
    startControlPlane(config, gatewayserver, (durationMs) => metrics.routed(durationMs), logger),
  );
  const { gateway, ownership, unknownLinks, live } = controlPlane;
  const intake = starting.use(createIntake(config, logger));
  const { requests: limits, bytes } = intake;
  const heldPolls = createHeldPolls();
  const metrics = createMetrics(metricSources(controlPlane, intake, heldPolls));
  expiry.register(metrics.registry);
  const clientView = createClientView({ externalUrl: config.external_url, trustedProxies: config.trusted_proxies });
  const { access_log: share, access_log_per_second: mostPerSecond } = config;
  const requestLog = createRequestLog({ share, mostPerSecond, clientView, logger, random: Math.random });

  const dataPath = starting.use(
    createDataPath({
      config,
      gateway,
      ownership,
      live,
      passiveHealth: createPassiveHealth(),
      unknownLinks,
      onSubmission: metrics.submitted,
      onQueuedPage: metrics.queuedPage,
      onHandOver: metrics.handedOver,
      onContradiction: metrics.contradicted,
      limits,
      bytes,
      heldPolls,
      temporaryId: createTemporaryIds(randomBytes),
      clientView,
      logger,
    }),
  );
  let stopping = false;
  const notReady = () => (stopping ? 'stopping' : gateway.notReady());
  const ops = starting.use(
    await serveRouterOps(config, { notReady, trouble: gateway.trouble }, metrics.registry, logger),
  );
  const listeners = starting.use(
    await listenOnAll(
      config.listen,
      (request, response, port) => {
        metrics.watch(response, port);
        requestLog.watch(response, port);
        dataPath.handle(request, response, port);
      },
      intake,
    ),
  );
  const running = starting.move();
  return {
    urls: listeners.urls,
    opsUrl: ops.url,
    reconfigured: intake.resize,
    readyLine: `router ready on ${listeners.urls.join(', ')}`,
    announceStop: () => {
      stopping = true;
      listeners.announceStop();
    },
    [Symbol.asyncDispose]: () => {
      stopping = true;
      heldPolls.stop();
      return running.disposeAsync();
    },
  };
}

/** @throws Error naming `router.ops_listen` when the port cannot be had */
async function serveRouterOps(
  config: RouterConfig,
  { notReady, trouble }: Record<'notReady' | 'trouble', () => string | undefined>,
  registry: RouterMetrics['registry'],
  logger: Logger,
): ReturnType<typeof serveOps> {
  const readiness: Readiness = () => {
    const reason = notReady();
    const problem = reason === undefined ? trouble() : reason;
    return { ready: reason === undefined, ...(problem !== undefined && { reason: problem }) };
  };
  try {
    return await serveOps(config.ops_listen, readiness, registry, logger, config.gatewayserver_token);
  } catch (error) {
    throw new Error(`router.ops_listen: ${(error as Error).message}`, { cause: (error as Error).cause });
  }
}

function metricSources({ gateway, live, history }: ControlPlane, intake: Intake, heldPolls: HeldPolls): MetricSources {
  return {
    heldPolls: heldPolls.count,
    connections: intake.connections.open,
    connectionsRefused: intake.connections.refused,
    requestsUnderWay: intake.requests.underWay,
    requestsAtBackends: intake.requests.atBackends,
    requestsWaiting: intake.order.waiting,
    statementBytes: intake.bytes.taken,
    requestsRefused: intake.refused,
    liveQueries: live.counts,
    liveQueriesForgotten: live.dropped,
    historyBacklog: history.backlog,
    historyDropped: history.dropped,
    snapshotAgeMs: gateway.snapshotAgeMs,
  };
}
