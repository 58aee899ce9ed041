import { createClient } from '@connectrpc/connect';
import {
  AdmissionService,
  Backend_Forwarding,
  BackendService,
  QueryService,
  SuiteService,
} from '@trino-gateway/api/gateway';
import type { MonitorConfig } from '@trino-gateway/config';
import { createGatewayTransport, type Logger, type RunningProcess, serveOps } from '@trino-gateway/runtime';
import { createSlots } from './clusters/concurrency-limit.ts';
import { createStanding } from './gatewayserver/connection-state.ts';
import { measuredTransport } from './gatewayserver/measured-transport.ts';
import { createOutbox } from './gatewayserver/outbox.ts';
import { keepWatching } from './gatewayserver/watch-backend-list.ts';
import { createDirectHistory } from './history/direct-history.ts';
import { watchLeases } from './leases/watch-leases.ts';
import { createMetrics } from './metrics.ts';
import { probe } from './probing/probe.ts';
import { watchBackend } from './probing/watch-backend.ts';
import { createReports } from './reporting/status-reports.ts';
import { everyMinute } from './schedules/every-minute.ts';
import { createSchedules } from './schedules/uptime-schedules.ts';

/** A monitor at work. Disposal ends all looks and takes a few seconds at most. */
export type RunningMonitor = RunningProcess & { readonly opsUrl: string };

/** For each call of the gatewayserver that sets no limit of its own. */
const CALL_TIME_LIMIT_MS = 5_000;
const LOOKS_AT_ONCE = 64;
/** A healthy cluster answers a look within this; one that does not keeps no other from its turn. */
const LOOK_HOLDS_SLOT_MS = 1_000;

/**
 * Starts a monitor. It runs, and is ready, whether the gatewayserver is there or not; one that refuses its token makes it
 * unready, for it then sees nothing.
 * @throws Error naming the address and the key when the port cannot be had
 */
export async function startMonitor(config: MonitorConfig, logger: Logger): Promise<RunningMonitor> {
  await using starting = new AsyncDisposableStack();
  const gateway = starting.use(
    createGatewayTransport({
      urls: config.gatewayserver_url,
      token: config.gatewayserver_token,
      timeLimitMs: CALL_TIME_LIMIT_MS,
    }),
  );
  const metrics = createMetrics({
    reportsWaiting: () => outbox.waiting(),
    scheduledUp: (backendId) => schedules.scheduledUp(backendId),
    foreignRunning: (backendId) => leases.foreign(backendId),
  });
  const transport = measuredTransport(gateway, metrics.called);
  const suite = createClient(SuiteService, transport);
  const backends = createClient(BackendService, transport);
  const standing = createStanding(config.gatewayserver_token !== undefined, logger);
  const outbox = starting.use(createOutbox({ standing, logger }));
  const schedules = createSchedules({ backends, outbox, logger });
  const reports = createReports({ suite, backends, outbox, logger, scheduledUp: schedules.scheduledUp });
  const leases = starting.use(
    watchLeases({
      admission: createClient(AdmissionService, transport),
      intervalMs: config.interval,
      timeLimitMs: config.probe_time_limit,
      logger,
      onLook: (backendId, look) => {
        metrics.settled(look.settled);
        reports.foreign(backendId, look.foreign);
      },
    }),
  );
  const history = createDirectHistory({ queries: createClient(QueryService, transport), outbox, logger });
  const directIds = new Set<string>();
  const slots = createSlots(LOOKS_AT_ONCE, LOOK_HOLDS_SLOT_MS);

  let stopping = false;
  const ops = await serveOps(
    config.ops_listen,
    () => {
      const reason = stopping ? 'stopping' : standing.refused();
      return reason === undefined ? { ready: true } : { ready: false, reason };
    },
    metrics.registry,
    logger,
    config.gatewayserver_token,
  ).catch((error: Error) => {
    throw new Error(`monitor.ops_listen: ${error.message}`, { cause: error.cause });
  });
  starting.use(ops);
  starting.use(everyMinute('reading the uptime schedules', logger, schedules.look));
  starting.use(
    keepWatching({
      suite,
      standing,
      logger,
      watch: (backend, after) =>
        watchBackend(backend, {
          settings: config,
          probe,
          slots,
          after,
          onFound: (finding, durationMs) => {
            metrics.found(finding, durationMs);
            reports.found(backend, finding);
          },
          afterLook: async (limits) => {
            if (directIds.has(backend.id)) await history.follow(backend, limits);
          },
        }),
      onList: (list) => {
        schedules.takeOver(list);
        leases.takeOver(list);
        directIds.clear();
        for (const { id, forwarding } of list) if (forwarding === Backend_Forwarding.DIRECT) directIds.add(id);
      },
      onBack: () => {
        schedules.tellAgain();
        leases.forget();
      },
      onGone: (backendId) => {
        metrics.gone(backendId);
        reports.gone(backendId);
        history.gone(backendId);
      },
    }),
  );
  const running = starting.move();
  return {
    opsUrl: ops.url,
    readyLine: `monitor ready, ops on ${ops.url}`,
    [Symbol.asyncDispose]: () => {
      stopping = true;
      return running.disposeAsync();
    },
  };
}
