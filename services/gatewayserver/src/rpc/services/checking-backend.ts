import { routerBackend } from '../../configuration/router-backend.ts';
import type { RpcContext } from './context.ts';

/** A backend of the group that can say whether a client's credentials are good; undefined when none is available. */
export function checkingBackend({ keeper, limits }: Pick<RpcContext, 'keeper' | 'limits'>, groupId: string) {
  const id = limits.group(groupId)?.backendIds.find(limits.isAvailable);
  const backend = id === undefined ? undefined : keeper.known.backends.get(id)?.backend;
  return backend && routerBackend(backend, keeper.isLimited(backend.id));
}
