import type { MessageInitShape } from '@bufbuild/protobuf';
import type { Backend, SnapshotBackendSchema } from '@trino-gateway/api/gateway';

/**
 * What routers know of a backend, in snapshots and with decisions; a change of it is a new revision for them.
 * @param limited whether its queries may hold leases
 */
export function routerBackend(
  { id, url, forwardedHeaders, externalUrl, forwarding, tls }: Backend,
  limited: boolean,
): Exclude<MessageInitShape<typeof SnapshotBackendSchema>, { $typeName: string }> {
  return { id, url, forwardedHeaders, externalUrl, forwarding, limited, ...(tls && { tls }) };
}
