import type { MonitorConfig } from '@trino-gateway/config';
import {
  createCertificateExpiry,
  type Logger,
  openGatewayTransport,
  type RunningProcess,
  serveOps,
} from '@trino-gateway/runtime';
import { createParts } from './parts.ts';
import { everyMinute } from './schedules/every-minute.ts';
import { watchBackends } from './watch-backends.ts';

/** A monitor at work. Disposal ends all probes and takes a few seconds at most. */
export type RunningMonitor = RunningProcess & { readonly opsUrl: string };

/** For each call of the gatewayserver that sets no limit of its own. */
const CALL_TIME_LIMIT_MS = 5_000;

/**
 * Starts a monitor. It runs, and is ready, whether the gatewayserver is there or not; one that refuses its token makes it
 * unready, as it then learns of no backend.
 * @throws Error naming the address and the key when the port cannot be had
 */
export async function startMonitor(config: MonitorConfig, logger: Logger): Promise<RunningMonitor> {
  await using starting = new AsyncDisposableStack();
  const expiry = starting.use(createCertificateExpiry({ service: 'monitor', logger }));
  const gateway = starting.use(
    await openGatewayTransport({ section: 'monitor', keys: config, timeLimitMs: CALL_TIME_LIMIT_MS, expiry, logger }),
  );
  const parts = createParts(config, gateway, logger, starting);
  expiry.register(parts.metrics.registry);
  let stopping = false;
  const ops = await serveOps(
    config.ops_listen,
    () => {
      const reason = stopping ? 'stopping' : parts.connection.misconfiguration();
      const shown = reason ?? parts.connection.problem();
      return { ready: reason === undefined, ...(shown !== undefined && { reason: shown }) };
    },
    parts.metrics.registry,
    logger,
    config.gatewayserver_token,
  ).catch((error: Error) => {
    throw new Error(`monitor.ops_listen: ${error.message}`, { cause: error.cause });
  });
  starting.use(ops);
  starting.use(everyMinute('reading the uptime schedules', logger, parts.schedules.evaluate));
  starting.use(watchBackends(config, parts, logger));
  const running = starting.move();
  return {
    opsUrl: ops.url,
    readyLine: `monitor ready, ops on ${ops.url}`,
    announceStop: () => {
      stopping = true;
    },
    [Symbol.asyncDispose]: () => {
      stopping = true;
      return running.disposeAsync();
    },
  };
}
