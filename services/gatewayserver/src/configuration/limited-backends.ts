import type { Group } from '@trino-gateway/api/gateway';
import { hasScaler } from '../routing/indexed-configuration.ts';
import type { StoredBackend } from '../storage/contract/configuration.ts';

/**
 * The backends whose queries may hold leases: they have a limit of their own, or a scaler, or one of their groups has a limit, or
 * autoscaling, for which must be known what runs there.
 */
export function limitedBackends(
  backends: ReadonlyMap<string, StoredBackend>,
  groups: ReadonlyMap<string, Group>,
): ReadonlySet<string> {
  const limited = new Set<string>();
  for (const [id, { backend }] of backends) if (backend.maxRunningQueries > 0) limited.add(id);
  for (const group of groups.values()) {
    const { maxRunningQueriesPerBackend, queue, backendIds } = group;
    if (maxRunningQueriesPerBackend > 0 || (queue?.perUserMaxRunning ?? 0) > 0 || isCounted(group, { backends }))
      for (const id of backendIds) limited.add(id);
  }
  return limited;
}

/** Whether it must be known what runs in a group: autoscaling starts and stops its backends, or somebody's. */
export function isCounted(
  { autoscaling, backendIds }: Group,
  { backends }: { backends: ReadonlyMap<string, StoredBackend> },
): boolean {
  return autoscaling !== undefined || backendIds.some((id) => hasScaler(backends.get(id)?.backend));
}
