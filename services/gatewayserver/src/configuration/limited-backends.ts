import type { Group } from '@trino-gateway/api/gateway';
import type { StoredBackend } from '../storage/contract/configuration.ts';

/** The backends whose queries may hold leases: they have a limit of their own, or one of their groups has one. */
export function limitedBackends(
  backends: ReadonlyMap<string, StoredBackend>,
  groups: ReadonlyMap<string, Group>,
): ReadonlySet<string> {
  const limited = new Set<string>();
  for (const [id, { backend }] of backends) if (backend.maxRunningQueries > 0) limited.add(id);
  for (const { maxRunningQueriesPerBackend, queue, backendIds } of groups.values())
    if (maxRunningQueriesPerBackend > 0 || (queue?.perUserMaxRunning ?? 0) > 0)
      for (const id of backendIds) limited.add(id);
  return limited;
}
