import { randomUUID } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import { toBinary } from '@bufbuild/protobuf';
import { WatchSnapshotResponseSchema } from '@trino-gateway/api/gateway';
import type { RouterConfig } from '@trino-gateway/config';
import { addBuildInfo, createCertificateExpiry, type Logger } from '@trino-gateway/runtime';
import { collectDefaultMetrics, Registry } from 'prom-client';
import { formatState } from './control-plane/configuration/router-state.ts';
import { followConfiguration } from './control-plane/follow-configuration.ts';
import { openUplink } from './control-plane/uplink.ts';
import { boundsOf } from './limits/bounds.ts';
import { followCertificate } from './listeners/certificate.ts';
import { createClientConnectionLimit } from './listeners/intake.ts';
import { addSnapshotAge, addWorkerMetrics } from './metrics.ts';
import { type RunningRouter, serveRouterOps } from './running-router.ts';
import { createOwnership } from './stickiness/ownership.ts';
import { acceptOnAll, type ListeningAddress } from './workers/accept.ts';
import { createDistribution } from './workers/distribute.ts';
import { mergeMetrics } from './workers/merged-metrics.ts';
import { recordingOnce } from './workers/record-once.ts';
import { startWorkerPool, type WorkerPool } from './workers/worker-pool.ts';

const WORKER = fileURLToPath(new URL('./worker.ts', import.meta.url));

/**
 * The first process of a router with workers: it has the ports, the stream to the gatewayserver, the state file and the ops port; the
 * workers answer the clients. No poll passes here, only new connections and what is asked of the gatewayserver.
 */
export async function startPrimary(config: RouterConfig, logger: Logger): Promise<RunningRouter> {
  await using starting = new AsyncDisposableStack();
  const expiry = starting.use(createCertificateExpiry({ service: 'router', logger }));
  const transport = starting.use(await openUplink(config, expiry, logger));
  const ownership = createOwnership();
  let workerPool: WorkerPool | undefined;
  let snapshot: Uint8Array | undefined;
  const configuration = starting.use(
    followConfiguration({
      ...{ transport, ownership, stateFile: config.state_file, logger },
      hasToken: config.gatewayserver_token !== undefined,
      onSnapshot: (next) => {
        snapshot = toBinary(WatchSnapshotResponseSchema, next);
        workerPool?.tell({ kind: 'snapshot', snapshot });
      },
    }),
  );
  let stopping = false;
  const registry = new Registry();
  addBuildInfo(registry, 'router');
  collectDefaultMetrics({ register: registry });
  expiry.register(registry);
  addSnapshotAge(registry, configuration.snapshotAgeMs);
  addWorkerMetrics(registry, {
    workers: () => workerPool?.serving() ?? 0,
    restarts: () => workerPool?.restarts() ?? 0,
  });
  const metrics = mergeMetrics(registry, async () => (await workerPool?.measure()) ?? new Map());
  const notReady = () => {
    if (stopping) return 'stopping';
    return workerPool?.serving() === 0 ? 'no worker serves yet' : configuration.notReady();
  };
  const reconfigured = () => workerPool?.tell({ kind: 'reconfigured', config, logLevel: logger.level });
  const ops = starting.use(
    await serveRouterOps(
      config,
      { notReady, trouble: configuration.trouble },
      metrics,
      withLevelChange(logger, reconfigured),
    ),
  );
  // The workers read it themselves; this process tells when it ends.
  starting.use(await followCertificate(config, expiry, logger));
  const connections = createClientConnectionLimit(config, logger);
  const distribution = createDistribution();
  starting.defer(distribution.stop);
  const accepting = starting.use(await acceptOnAll(addressesOf(config), connections, logger, distribution.accepted));
  const uuid = randomUUID();
  let started = 0;
  workerPool = starting.use(
    startWorkerPool({
      ...{ size: config.workers, file: WORKER, bounds: boundsOf(config), distribution, logger },
      transport: (worker) =>
        recordingOnce(transport, configuration, ownership, (incarnation) =>
          workerPool?.tell({ kind: 'incarnation', incarnation }, worker),
        ),
      start: (worker) => {
        const state = configuration.state();
        started += 1;
        return {
          ...{ kind: 'start', worker, config, logLevel: logger.level, ports: accepting.ports, snapshot },
          routerId: `${uuid}.${started}`,
          state: state && formatState(state),
        };
      },
      onLeft: metrics.left,
    }),
  );
  await workerPool.begun;
  const running = starting.move();
  return {
    urls: accepting.urls,
    opsUrl: ops.url,
    readyLine: `router ready on ${accepting.urls.join(', ')}`,
    reconfigured: () => {
      const bounds = boundsOf(config);
      connections.resize(bounds.connections, bounds.connectionsPerClient);
      workerPool?.resize(bounds);
      reconfigured();
    },
    announceStop: () => {
      stopping = true;
      workerPool?.tell({ kind: 'stopAnnounced' });
    },
    [Symbol.asyncDispose]: () => {
      stopping = true;
      accepting[Symbol.dispose]();
      return running.disposeAsync();
    },
  };
}

/** In the order in which each worker opens its listeners. */
function addressesOf({ listen, tls_listen = [] }: RouterConfig): ListeningAddress[] {
  return [
    ...listen.map((address) => ({ address, key: 'router.listen', scheme: 'http' }) as const),
    ...tls_listen.map((address) => ({ address, key: 'router.tls_listen', scheme: 'https' }) as const),
  ];
}

/** The same logger, telling of each change of its level. */
function withLevelChange(logger: Logger, changed: () => void): Logger {
  return Object.create(logger, {
    level: {
      get: () => logger.level,
      set: (level: Logger['level']) => {
        logger.level = level;
        changed();
      },
    },
  }) as Logger;
}
