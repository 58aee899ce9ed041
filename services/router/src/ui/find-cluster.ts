import type { SnapshotBackend } from '@trino-gateway/api/gateway';
import type { RouterConfig } from '@trino-gateway/config';
import { firstHeader, queryIdIn } from '@trino-gateway/trino';
import type { GatewayClient } from '../control-plane/gateway-client.ts';
import { type LikelyClustersDeps, likelyClusters } from '../dispatch/likely-clusters.ts';
import type { Exchange } from '../http/exchange.ts';
import { type Coordinator, coordinatorOf } from '../stickiness/coordinator.ts';
import type { Ownership } from '../stickiness/ownership.ts';
import { readUiCookie } from './cookie.ts';

export type FindClusterDeps = LikelyClustersDeps & {
  gateway: Pick<GatewayClient, 'backends' | 'signingKey'>;
  ownership: Pick<Ownership, 'owners' | 'candidates'>;
  config: Pick<RouterConfig, 'submit_time_limit'>;
  now: () => number;
};

/** A cluster whose web UI is shown, and the address where browsers reach it without the gateway. */
export type UiCluster = { coordinator: Coordinator; externalUrl: string };

/**
 * Whose web UI is asked for: that of the coordinator of this query, or of the one that the page names where the request comes from;
 * else of the cluster the browser is kept at; else of the one a query of this client would go to.
 */
export async function findCluster(
  context: FindClusterDeps,
  exchange: Exchange,
  queryId: string | undefined,
  kept: UiCluster | undefined,
): Promise<UiCluster | undefined> {
  const { rawHeaders } = exchange.request;
  const byQuery =
    clusterOfQuery(context, queryId) ?? clusterOfQuery(context, queryIdIn(firstHeader(rawHeaders, 'referer') ?? ''));
  if (byQuery !== undefined || queryId !== undefined) return byQuery;
  return kept ?? (await clusterOfNextQuery(context, exchange));
}

/** The cluster that the cookie of a browser names, if it still is a backend. */
export function clusterKept(
  { gateway, now }: Pick<FindClusterDeps, 'gateway' | 'now'>,
  { request }: Exchange,
): UiCluster | undefined {
  const key = gateway.signingKey();
  const backendId = key && readUiCookie(request.rawHeaders, { key, nowMs: now() });
  const backend = gateway.backends().get(backendId ?? '');
  return backend && clusterAt(backend);
}

function clusterOfQuery({ ownership, gateway }: FindClusterDeps, queryId: string | undefined): UiCluster | undefined {
  if (queryId === undefined) return undefined;
  const owners = ownership.owners(queryId);
  const candidates = owners.length > 0 ? owners : ownership.candidates();
  const [coordinator] = candidates;
  if (coordinator === undefined || candidates.length > 1) return undefined;
  const backend = gateway.backends().get(coordinator.backendId);
  // A former incarnation is at the address it always had.
  return { coordinator, externalUrl: (backend?.url === coordinator.url && backend.externalUrl) || coordinator.url };
}

async function clusterOfNextQuery(context: FindClusterDeps, exchange: Exchange): Promise<UiCluster | undefined> {
  const signal = AbortSignal.any([exchange.signal, AbortSignal.timeout(context.config.submit_time_limit)]);
  using clusters = likelyClusters(context, exchange, signal);
  const likely = await clusters.next();
  return likely.kind === 'found' ? clusterAt(likely.backend) : undefined;
}

function clusterAt(backend: SnapshotBackend): UiCluster {
  return { coordinator: coordinatorOf(backend), externalUrl: backend.externalUrl || backend.url };
}
