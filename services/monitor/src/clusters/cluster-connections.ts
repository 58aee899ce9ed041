import type { Backend } from '@trino-gateway/api/gateway';
import { createTlsPools } from '@trino-gateway/runtime';
import { type ClusterRequestOptions, tlsAgents } from '@trino-gateway/trino/client';

/** What a request to a cluster is bounded by, and what it is sent with. */
export type ClusterLimits = Pick<ClusterRequestOptions, 'timeLimitMs' | 'dispatcher'> & { signal: AbortSignal };

/** Connections to clusters, also to those with TLS settings of their own. */
export type ClusterConnections = Disposable & {
  /** The connections of a backend, after a look at its TLS files; undefined without settings. @throws TlsFileError */
  of(backend: Pick<Backend, 'tls'>): Promise<ClusterLimits['dispatcher']>;
};

/** No connection yet. */
export function createClusterConnections(): ClusterConnections {
  const pools = createTlsPools(tlsAgents);
  return {
    of: async ({ tls }) => tls && (await pools.checked(tls)),
    [Symbol.dispose]: () => pools[Symbol.dispose](),
  };
}
