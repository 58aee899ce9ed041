import type { AdmissionState } from '../state/admission-state.ts';
import type { Waiter } from '../state/waiter.ts';
import { type Limits, waitsForBackend } from './limits.ts';
import { whyMayNotUse } from './who-may-use.ts';

/** A query as far as it matters whether it goes on to the spill-over group of its group. */
export type Spilling = Pick<Waiter, 'groupId' | 'user' | 'source' | 'asker' | 'strict' | 'onlyBackendId'>;

/**
 * The group that a query which has waited for so long may start in as well; undefined where there is none, yet or at all. One step:
 * to the spill-over group of the group that was decided.
 */
export function spillOverOf(
  state: AdmissionState,
  limits: Limits,
  query: Spilling,
  waitedMs: number,
): string | undefined {
  const { groupId, user } = query;
  const stays = query.strict === true || query.onlyBackendId !== undefined;
  const group = limits.group(groupId);
  if (!group?.spillOver || stays || waitedMs < spillsOverAfterMs(limits, groupId)) return undefined;
  // Its operator holds it, or its user has as many as they may: that is no want of room.
  const isOwnLimit = group.maxRunningOfUser > 0 && state.ofUser(groupId, user) >= group.maxRunningOfUser;
  if (state.isHeld(groupId) || isOwnLimit) return undefined;
  const { groupId: next } = group.spillOver;
  const other = limits.group(next);
  return !other || other.isDisabled || whyMayNotUse(limits, next, query) !== undefined ? undefined : next;
}

/** How long queries of a group wait in it first; endless where it has no spill-over group. */
export function spillsOverAfterMs(limits: Limits, groupId: string): number {
  const group = limits.group(groupId);
  if (!group?.spillOver) return Number.POSITIVE_INFINITY;
  // Without this group they would be refused: there is nothing here to wait for.
  const isHopeless = !group.backendIds.some(limits.isAvailable) && !waitsForBackend(limits, groupId);
  return isHopeless ? 0 : group.spillOver.afterMs;
}

/** Every group with queries that may start in it: those of the groups named here, and their spill-over groups; each with the groups whose queries these are. */
export function originsOf(limits: Limits, groupIds: Iterable<string>): ReadonlyMap<string, readonly string[]> {
  const origins = new Map<string, string[]>();
  const add = (groupId: string, origin: string) => {
    const known = origins.get(groupId);
    if (known) known.push(origin);
    else origins.set(groupId, [origin]);
  };
  for (const id of groupIds) {
    add(id, id);
    const next = limits.group(id)?.spillOver?.groupId;
    if (next !== undefined && limits.group(next)) add(next, id);
  }
  return origins;
}

/** When a waiter will be the first that may go on to the spill-over group of its group; undefined when none will. */
export function nextSpillOver(
  state: AdmissionState,
  limits: Limits,
  now: number,
  isOurs: (waiterId: string) => boolean,
): number | undefined {
  let first: number | undefined;
  for (const groupId of state.queuedGroupIds()) {
    const afterMs = spillsOverAfterMs(limits, groupId);
    if (afterMs === Number.POSITIVE_INFINITY) continue;
    for (const { id, queuedAt } of state.queue(groupId)) {
      const at = queuedAt + afterMs;
      if (at > now && (first === undefined || at < first) && isOurs(id)) first = at;
    }
  }
  return first;
}
