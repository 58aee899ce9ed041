import { routerBackend } from '../../configuration/router-backend.ts';
import type { RpcContext } from './context.ts';

/** A backend of the group, or else of its spill-over group, that can say whether a client's credentials are good; undefined when none is available. */
export function checkingBackend(
  { configuration, limits }: Pick<RpcContext, 'configuration' | 'limits'>,
  groupId: string,
) {
  const { backendIds = [], spillOver } = limits.group(groupId) ?? {};
  const others = spillOver && limits.group(spillOver.groupId)?.backendIds;
  const id = [...backendIds, ...(others ?? [])].find(limits.isAvailable);
  const backend = id === undefined ? undefined : configuration.known.backends.get(id)?.backend;
  return backend && routerBackend(backend, configuration.isLimited(backend.id));
}
