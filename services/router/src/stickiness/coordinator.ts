import type { Backend_ForwardedHeaders, Backend_Tls, SnapshotBackend } from '@trino-gateway/api/gateway';

/** How TLS connections to a coordinator are made: without the other fields of a message, since it is written to the state file. */
export type CoordinatorTls = Pick<Backend_Tls, 'caFile' | 'certFile' | 'keyFile' | 'serverName'>;

/** A coordinator that requests can be sent to. */
export type Coordinator = {
  backendId: string;
  url: string;
  forwardedHeaders: Backend_ForwardedHeaders;
  /** Absent: as every https server. */
  tls?: CoordinatorTls | undefined;
};

/** One run of a coordinator process: all its query ids end in the suffix. */
export type Incarnation = Coordinator & { suffix: string };

/** The coordinator that a backend stands for now. */
export const coordinatorOf = ({
  id,
  url,
  forwardedHeaders,
  tls,
}: Pick<SnapshotBackend, 'id' | 'url' | 'forwardedHeaders' | 'tls'>): Coordinator => ({
  backendId: id,
  url,
  forwardedHeaders,
  ...plainTls(tls),
});

/** The TLS settings of a message, or of another coordinator; nothing where there are none. */
export function plainTls(tls: CoordinatorTls | undefined): Pick<Coordinator, 'tls'> {
  if (tls === undefined) return {};
  const { caFile, certFile, keyFile, serverName } = tls;
  return { tls: { caFile, certFile, keyFile, serverName } };
}

/** Identifies an incarnation: the same suffix may exist at two addresses. */
export const keyOf = ({ suffix, url }: Pick<Incarnation, 'suffix' | 'url'>): string => `${suffix} ${url}`;
