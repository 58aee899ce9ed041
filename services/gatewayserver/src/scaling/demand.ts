import type { Limits } from '../admission/limits/limits.ts';
import type { AdmissionState } from '../admission/state/admission-state.ts';

/** Who waits for a cluster, and for how long the first of them has. */
export type Demand = { queued: number; longestWaitMs: number };

/**
 * The queries of a group that a further cluster would help, present or not. Those do not count that it would not: an operator holds
 * the group, their user has as many running as they may, only one backend may take them, or a slot is offered to them already.
 */
export function demandOf(state: AdmissionState, limits: Pick<Limits, 'group'>, groupId: string, now: number): Demand {
  if (state.isHeld(groupId)) return { queued: 0, longestWaitMs: 0 };
  const { maxRunningOfUser = 0 } = limits.group(groupId) ?? {};
  const ofUser = new Map<string, number>();
  let queued = 0;
  let since = now;
  for (const { user, queuedAt, onlyBackendId } of state.queue(groupId)) {
    if (onlyBackendId !== undefined) continue;
    if (maxRunningOfUser > 0) {
      const before = ofUser.get(user) ?? state.ofUser(groupId, user);
      if (before >= maxRunningOfUser) continue;
      ofUser.set(user, before + 1);
    }
    queued += 1;
    since = Math.min(since, queuedAt);
  }
  return { queued, longestWaitMs: Math.max(0, Math.round(now - since)) };
}
