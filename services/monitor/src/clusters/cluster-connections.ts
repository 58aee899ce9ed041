import type { Backend } from '@trino-gateway/api/gateway';
import type { MonitorConfig } from '@trino-gateway/config';
import {
  createProbeTokens,
  createTlsPools,
  type Logger,
  logTlsProblems,
  type ProbeTokens,
} from '@trino-gateway/runtime';
import { type ClusterRequestOptions, tlsAgents } from '@trino-gateway/trino/client';

/** What a request to a cluster is bounded by, and what it is sent with. */
export type ClusterLimits = Pick<ClusterRequestOptions, 'timeLimitMs' | 'dispatcher'> & { signal: AbortSignal };

/** Connections to clusters, also to those with TLS settings of their own, and the tokens of probes that stand in files. */
export type ClusterConnections = Disposable &
  ProbeTokens & {
    /** The connections of a backend, after a look at its TLS files; undefined without settings. @throws TlsFileError */
    of(backend: Pick<Backend, 'tls'>): Promise<ClusterLimits['dispatcher']>;
  };

/** No connection yet. */
export function createClusterConnections(
  { token_folder: path }: Pick<MonitorConfig, 'token_folder'>,
  logger: Pick<Logger, 'info' | 'warn'>,
): ClusterConnections {
  const pools = createTlsPools({ ...tlsAgents, onProblem: logTlsProblems(logger) });
  return {
    ...createProbeTokens({ path, key: 'monitor.token_folder' }),
    of: async ({ tls }) => tls && (await pools.checked(tls)),
    [Symbol.dispose]: () => pools[Symbol.dispose](),
  };
}
