import { type Backend_Stackable, Backend_Scaler_State as State } from '@trino-gateway/api/gateway';
import type { Logger } from '@trino-gateway/runtime';
import type { Kubernetes } from '../../kubernetes/kubernetes.ts';
import { objectPath } from '../../kubernetes/resources.ts';
import { createRights } from '../../kubernetes/rights.ts';
import type { CreateScaler } from './scaler.ts';

const TRINO_CLUSTERS = { apiVersion: 'trino.stackable.tech/v1alpha1', plural: 'trinoclusters', isNamespaced: true };
/** By this name the API server tells whose field it is. */
const FIELD_MANAGER = 'trino-gateway';
/** A coordinator is available a while before its name is known everywhere. */
const SETTLED_MS = 5_000;
const MOST_KEPT = 10_000;

type Condition = { type?: string; status?: string; lastTransitionTime?: string; observedGeneration?: number };
export type TrinoCluster = {
  metadata?: {
    generation?: number;
    deletionTimestamp?: string;
    managedFields?: { manager?: string; fieldsV1?: object }[];
  };
  spec?: { clusterOperation?: { stopped?: boolean; reconciliationPaused?: boolean } };
  status?: { conditions?: Condition[] };
};

/** Clusters of the Stackable operator. A merge patch writes the one field and nothing else, and never creates a cluster. */
export const createStackableScaler: CreateScaler<'stackable'> = (_, { kubernetes, logger }) => {
  const rights = createRights(kubernetes);
  const written = new Map<string, boolean>();

  const write = async (settings: Backend_Stackable, backendId: string, stopped: boolean, signal: AbortSignal) => {
    await patch(kubernetes, settings, stopped, signal);
    if (written.size < MOST_KEPT || written.has(backendId)) written.set(backendId, stopped);
  };
  return {
    state: async ({ settings, backendId }, signal) => {
      const path = objectPath(TRINO_CLUSTERS, settings);
      const { body, at } = await kubernetes.call({ method: 'GET', path, signal });
      const cluster = body as TrinoCluster;
      const own = written.get(backendId);
      if (own !== undefined && own !== isStopped(cluster)) {
        written.delete(backendId);
        tellWhoChangedIt(logger, backendId, cluster);
      }
      return clusterState(cluster, at);
    },
    start: async ({ settings, backendId }, signal) => write(settings, backendId, false, signal),
    stop: async ({ settings, backendId }, signal) => write(settings, backendId, true, signal),
    check: async ({ settings: { namespace, name } }, signal) =>
      rights.check({ verbs: ['get', 'patch'], resource: TRINO_CLUSTERS, namespace, name }, signal),
  };
};

async function patch(
  kubernetes: Kubernetes,
  { namespace, name }: Backend_Stackable,
  stopped: boolean,
  signal: AbortSignal,
) {
  await kubernetes.call({
    method: 'PATCH',
    path: objectPath(TRINO_CLUSTERS, { namespace, name }),
    query: { fieldManager: FIELD_MANAGER },
    body: { spec: { clusterOperation: { stopped } } },
    signal,
  });
}

/**
 * What a TrinoCluster says of itself.
 * @param at when it said so, by the clock of the API server
 * @throws Error when the operator is told to leave it alone: then it stays as it is, whatever is written
 */
export function clusterState(cluster: TrinoCluster, at: number): State {
  const available = isAvailable(cluster, at);
  if (cluster.metadata?.deletionTimestamp !== undefined) return available === 'no' ? State.STOPPED : State.STOPPING;
  const stopped = isStopped(cluster);
  if (stopped && available === 'no') return State.STOPPED;
  if (!stopped && available === 'yes') return State.RUNNING;
  if (cluster.spec?.clusterOperation?.reconciliationPaused === true)
    throw new Error('its spec.clusterOperation.reconciliationPaused is true: the operator neither starts nor stops it');
  return stopped ? State.STOPPING : State.STARTING;
}

function isStopped({ spec }: TrinoCluster): boolean {
  return spec?.clusterOperation?.stopped === true;
}

/** A condition that the operator wrote before it saw the newest spec says nothing yet. */
function isAvailable({ status, metadata }: TrinoCluster, at: number): 'yes' | 'no' | 'not yet' {
  const condition = status?.conditions?.find(({ type }) => type === 'Available');
  if (condition?.status !== 'True') return 'no';
  const { lastTransitionTime, observedGeneration } = condition;
  if (observedGeneration !== undefined && observedGeneration < (metadata?.generation ?? 0)) return 'not yet';
  const ageMs = at - Date.parse(lastTransitionTime ?? '');
  // Of a clock that is far ahead of the API server's nothing is learnt by waiting.
  return Math.abs(ageMs) < SETTLED_MS ? 'not yet' : 'yes';
}

function tellWhoChangedIt(logger: Pick<Logger, 'warn'>, backend: string, cluster: TrinoCluster): void {
  const owners = (cluster.metadata?.managedFields ?? [])
    .filter(({ fieldsV1 }) => JSON.stringify(fieldsV1 ?? {}).includes('"f:stopped"'))
    .map(({ manager }) => manager);
  logger.warn('somebody else writes whether a TrinoCluster is stopped', {
    backend,
    stopped: isStopped(cluster),
    managers: owners.slice(0, 10),
  });
}
