import { randomUUID } from 'node:crypto';
import type { RouterConfig } from '@trino-gateway/config';
import { createCertificateExpiry, type Logger } from '@trino-gateway/runtime';
import { followConfiguration } from './control-plane/follow-configuration.ts';
import { openUplink } from './control-plane/uplink.ts';
import { addWorkerMetrics } from './metrics.ts';
import { startPrimary } from './primary.ts';
import { type RunningRouter, serveRouterOps } from './running-router.ts';
import { createServing } from './serving.ts';

/**
 * Starts a router. It accepts clients at once, whether the gatewayserver is there or not; /readyz says whether it can serve them.
 * @throws Error naming the address and the key when a port cannot be had
 */
export function startRouter(config: RouterConfig, logger: Logger): Promise<RunningRouter> {
  return config.workers > 1 ? startPrimary(config, logger) : startAlone(config, logger);
}

/** In this process alone. */
async function startAlone(config: RouterConfig, logger: Logger): Promise<RunningRouter> {
  await using starting = new AsyncDisposableStack();
  const expiry = starting.use(createCertificateExpiry({ service: 'router', logger }));
  const transport = starting.use(await openUplink(config, expiry, logger));
  const serving = starting.use(
    createServing({
      ...{ config, transport, routerId: randomUUID(), expiry, logger },
      follow: (following) =>
        followConfiguration({
          ...{ ...following, transport, stateFile: config.state_file, logger },
          hasToken: config.gatewayserver_token !== undefined,
        }),
    }),
  );
  const { gateway, registry, reconfigured } = serving;
  expiry.register(registry);
  addWorkerMetrics(registry, { workers: () => 1, restarts: () => 0 });
  let stopping = false;
  const notReady = () => (stopping ? 'stopping' : gateway.notReady());
  const ops = starting.use(await serveRouterOps(config, { notReady, trouble: gateway.trouble }, registry, logger));
  const listeners = starting.use(await serving.listen());
  const running = starting.move();
  return {
    urls: listeners.urls,
    opsUrl: ops.url,
    reconfigured,
    readyLine: `router ready on ${listeners.urls.join(', ')}`,
    announceStop: () => {
      stopping = true;
      listeners.announceStop();
    },
    [Symbol.asyncDispose]: () => {
      stopping = true;
      serving.stopHolding();
      return running.disposeAsync();
    },
  };
}
