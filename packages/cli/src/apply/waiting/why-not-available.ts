import { type Backend, type Group, ClusterScaling_State as State } from '@trino-gateway/api/gateway';
import type { Declared } from '@trino-gateway/config';

/** What is known of the gateway's objects now. */
export type Condition = { backends: readonly Backend[]; groups: readonly Group[] };

/** Where autoscaling keeps a cluster that is not waited for. */
const OFF: readonly State[] = [State.STOPPED, State.TERMINATING, State.DRAINING];

/**
 * One sentence for each declared backend that does not take queries, and each declared group without one that does. What is disabled
 * is not waited for, nor what autoscaling has switched off.
 */
export function whyNotAvailable(declared: Declared, now: Condition): string[] {
  const backends = new Map(now.backends.map((backend) => [backend.id, backend]));
  const groups = new Map(now.groups.map((group) => [group.id, group]));
  return [
    ...declared.backends.flatMap(({ id }) => {
      const backend = backends.get(id);
      if (backend && (isAvailable(backend) || isOff(backend))) return [];
      const reasons = backend?.condition?.reasons ?? [];
      return [`backend "${id}" is not available: ${backend ? reasons.join('; ') || 'not probed yet' : 'it is gone'}`];
    }),
    ...declared.groups.flatMap(({ id }) => {
      const group = groups.get(id);
      if (group === undefined) return [`group "${id}" is gone`];
      const members = group.backendIds.flatMap((member) => backends.get(member) ?? []);
      if (group.enabled === false || members.some(isAvailable)) return [];
      if (group.autoscaling && members.some(isOff)) return [];
      return [`group "${id}" has no available backend`];
    }),
  ];
}

function isAvailable({ condition }: Backend): boolean {
  return condition?.available === true;
}

function isOff({ enabled, condition }: Backend): boolean {
  return enabled === false || OFF.includes(condition?.scaling?.state ?? State.STATE_UNSPECIFIED);
}
