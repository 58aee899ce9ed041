import { randomUUID } from 'node:crypto';
import type { Client } from '@connectrpc/connect';
import type { DiscoveryService, DiscoverySource } from '@trino-gateway/api/gateway';
import type { MonitorConfig } from '@trino-gateway/config';
import { every, type Logger, pause } from '@trino-gateway/runtime';
import type { ConnectionState } from '../gatewayserver/connection-state.ts';
import type { Kubernetes } from '../kubernetes/kubernetes.ts';
import { sourcesToDeclare } from './declare.ts';
import type { DiscoveryMetrics } from './discovery-metrics.ts';
import { DISCOVERED_KINDS } from './kinds.ts';
import { createProblemLog } from './problem-log.ts';
import { type Source, type SourceState, watchSource } from './watch-source.ts';

/** Far below the lease of the lead, so that it is prolonged in time. */
const INTERVAL_MS = 3_000;

type Options = {
  kubernetes: Pick<Kubernetes, 'call' | 'watch'>;
  service: Pick<Client<typeof DiscoveryService>, 'declareDiscovered'>;
  connection: ConnectionState;
  metrics: DiscoveryMetrics;
  logger: Logger;
};

/** Backends by discovery; nothing where it is not switched on. */
export function startDiscovery(
  config: MonitorConfig,
  { kubernetes, service, connection, metrics, logger }: Options,
): AsyncDisposable {
  if (!config.discovery) return { [Symbol.asyncDispose]: async () => {} };
  const stop = new AbortController();
  const states = sourcesOf(config).map((source) => ({ source, state: NOT_LOOKED }));
  const problems = createProblemLog(logger);
  const monitorId = randomUUID();
  let toDeclare: DiscoverySource[] | undefined;
  metrics.found(() => toDeclare);
  const declaring = every(INTERVAL_MS, 'declaring what was discovered', logger, async (signal) => {
    if (toDeclare === undefined) return;
    try {
      const { leads } = await service.declareDiscovered({ monitorId, sources: toDeclare }, { signal });
      metrics.leads(leads);
      connection.succeeded('discovering');
    } catch (error) {
      metrics.leads(false);
      connection.failed('discovering', error);
    }
  });
  const watching = states.map((one) =>
    watchSource({
      source: one.source,
      kubernetes,
      label: config.discovery_label,
      onChange: (state) => {
        one.state = state;
        toDeclare = sourcesToDeclare(states);
        problems.tell(toDeclare ?? []);
        declaring.hurry();
      },
      pause,
      signal: stop.signal,
    }),
  );
  return {
    [Symbol.asyncDispose]: async () => {
      stop.abort();
      await Promise.all([declaring[Symbol.asyncDispose](), ...watching]);
    },
  };
}

const NOT_LOOKED: SourceState = { listed: undefined, problem: '', objects: new Map() };

/** Each kind in each namespace, or in all of them. */
function sourcesOf({ discovery_kinds: kinds, discovery_namespaces: namespaces }: MonitorConfig): Source[] {
  return kinds.flatMap((name): Source[] => {
    const kind = DISCOVERED_KINDS[name];
    if (kind === undefined) return [];
    if (namespaces === undefined) return [{ name: `${name} of all namespaces`, kind, namespace: undefined }];
    return namespaces.map((namespace) => ({ name: `${name} ${namespace}`, kind, namespace }));
  });
}
