import { randomBytes } from 'node:crypto';
import type { Transport } from '@connectrpc/connect';
import type { RouterConfig } from '@trino-gateway/config';
import type { CertificateExpiry, Logger } from '@trino-gateway/runtime';
import { type ControlPlane, type ControlPlaneOptions, startControlPlane } from './control-plane/control-plane.ts';
import { createDataPath } from './data-path.ts';
import { createClientView } from './http/client-address.ts';
import { createRequestLog } from './http/request-log.ts';
import { createFailedPolls } from './limits/failed-polls.ts';
import { createHeldPolls, type HeldPolls } from './limits/held-polls.ts';
import { followCertificate } from './listeners/certificate.ts';
import type { AnswerDirectly } from './listeners/fast-path.ts';
import { createIntake, type Intake, type SharedIntake } from './listeners/intake.ts';
import { type Bind, type ListenerPort, listenOnAll } from './listeners/listener.ts';
import { createMetrics, type MetricSources, type RouterMetrics } from './metrics.ts';
import { createPassiveHealth } from './passive-health/passive-health.ts';
import type { DirectListener } from './poll/direct/direct-poll.ts';
import { createTemporaryIds } from './queue/temporary-ids.ts';
import type { News } from './workers/messages.ts';

/** What one process does for clients, before it has listeners. Disposal reports what is left, and closes the connections to clusters. */
export type Serving = AsyncDisposable &
  Pick<ControlPlane, 'gateway'> & {
    registry: RouterMetrics['registry'];
    /** Opens the listeners of the configuration. */
    listen(): ReturnType<typeof listenOnAll>;
    /** Takes limits that have changed in the configuration. */
    reconfigured(): void;
    /** Another process of this router tells something. */
    heard(news: News): void;
    /** Ends the polls that are held, and those to come. */
    stopHolding(): void;
  };

export type ServingOptions = Pick<ControlPlaneOptions, 'routerId' | 'follow'> & {
  config: RouterConfig;
  transport: Transport;
  logger: Logger;
  /** Where connections come from; default: each listener has its port. */
  bind?: Bind;
  /** Learns when the certificate of the listeners ends; default: another process tells of it. */
  expiry?: Pick<CertificateExpiry, 'inForce'>;
  /** What is shared with other processes; default nothing. */
  shared?: SharedIntake;
  /** Tells the other processes of this router; absent where there are none. */
  tell?: (news: News) => void;
};

const untold = { inForce: () => {} };

/** Wires all that serves clients; it begins to follow the configuration. */
export function createServing(options: ServingOptions): Serving {
  const { config, transport, routerId, follow, logger, bind, shared, expiry = untold, tell } = options;
  const parts = new AsyncDisposableStack();
  const onRouted = (durationMs: number) => metrics.routed(durationMs);
  const controlPlane = parts.use(startControlPlane({ config, transport, routerId, follow, onRouted, tell, logger }));
  const { gateway, ownership, unknownLinks, live } = controlPlane;
  const intake = parts.use(createIntake(config, logger, shared));
  const { requests: limits, bytes } = intake;
  const heldPolls = createHeldPolls();
  const failedPolls = createFailedPolls(tell);
  const metrics = createMetrics(metricSources(controlPlane, intake, heldPolls));
  const clientView = createClientView({ externalUrl: config.external_url, trustedProxies: config.trusted_proxies });
  const { access_log: share, access_log_per_second: mostPerSecond } = config;
  const requestLog = createRequestLog({ share, mostPerSecond, clientView, logger, random: Math.random });
  const dataPath = parts.use(
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
      failedPolls,
      temporaryId: createTemporaryIds(randomBytes),
      clientView,
      logger,
    }),
  );
  const answerDirectly = (at: ListenerPort): AnswerDirectly => {
    const listener: DirectListener = {
      get port() {
        return at.port;
      },
      begun: (request, response) => {
        at.begun(request, response);
        metrics.watch(response, at.port);
        requestLog.watch(response, at.port);
      },
      passed: () => metrics.pollPassed(at.port),
    };
    return (head, connection) => dataPath.direct.answer(head, connection, listener);
  };
  return {
    gateway,
    registry: metrics.registry,
    listen: async () => {
      const certificate = parts.use(await followCertificate(config, expiry, logger));
      return await listenOnAll(
        { plain: config.listen, tls: config.tls_listen ?? [] },
        (request, response, port) => {
          metrics.watch(response, port);
          requestLog.watch(response, port);
          dataPath.handle(request, response, port);
        },
        {
          ...{ ...intake, certificate, fastPath: config.fast_path },
          // What is logged of each request is read from its exchange.
          ...(share === 0 && { direct: answerDirectly }),
          ...(bind && { bind }),
        },
      );
    },
    reconfigured: intake.resize,
    heard: (news) => {
      if (news.kind === 'ended' || news.kind === 'seen') live.elsewhere(news);
      else failedPolls.elsewhere(news);
    },
    stopHolding: heldPolls.stop,
    [Symbol.asyncDispose]: () => parts.disposeAsync(),
  };
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
