import { type AdmissionState, compareWaiters } from './admission-state.ts';
import type { GroupLimits, Limits } from './limits.ts';
import type { Waiter } from './state.ts';

/** Whether anything bounds what a user may run in a group on a backend. Where nothing does, no lease is needed. */
export function isLimited(limits: Limits, group: GroupLimits): boolean {
  const { maxOnEachBackend, maxRunningOfUser, backendIds, held } = group;
  return held || maxOnEachBackend > 0 || maxRunningOfUser > 0 || backendIds.some((id) => limits.maxOnBackend(id) > 0);
}

/** The backends of a group with a free slot for a query of this user, in the group's order. */
export function freeBackends(
  state: AdmissionState,
  limits: Limits,
  groupId: string,
  user: string,
  failed: readonly string[] = [],
): string[] {
  const group = limits.group(groupId);
  if (!group || group.held) return [];
  if (group.maxRunningOfUser > 0 && state.ofUser(groupId, user) >= group.maxRunningOfUser) return [];
  return group.backendIds.filter((id) => {
    if (failed.includes(id) || !limits.isAvailable(id)) return false;
    const most = limits.maxOnBackend(id);
    if (most > 0 && state.onBackend(id) >= most) return false;
    return group.maxOnEachBackend === 0 || state.inGroupOnBackend(groupId, id) < group.maxOnEachBackend;
  });
}

/** A waiter that is next, and where it goes. */
export type Turn = { waiter: Waiter; backendId: string };

/**
 * Who is next for a free slot of any of these groups: priority, then, where a group shares fairly, the user with the fewest
 * running queries, then arrival. Those who are absent keep their place and are passed over.
 */
export function nextTurn(
  state: AdmissionState,
  limits: Limits,
  groupIds: Iterable<string>,
  now: number,
): Turn | undefined {
  let best: Turn | undefined;
  for (const groupId of groupIds) {
    const turn = nextOfGroup(state, limits, groupId, now);
    if (turn && (best === undefined || compareWaiters(turn.waiter, best.waiter) < 0)) best = turn;
  }
  return best;
}

function nextOfGroup(state: AdmissionState, limits: Limits, groupId: string, now: number): Turn | undefined {
  const group = limits.group(groupId);
  // With no slot for anybody nobody need be looked at.
  if (!group || group.held || freeOfGroup(state, limits, groupId, group).length === 0) return undefined;
  let best: { turn: Turn; running: number } | undefined;
  for (const waiter of state.queue(groupId)) {
    if (best && waiter.priority < best.turn.waiter.priority) break;
    if (waiter.presentUntil <= now) continue;
    const running = group.fairShare ? state.ofUser(groupId, waiter.user) : 0;
    if (best && running >= best.running) continue;
    const free = freeBackends(state, limits, groupId, waiter.user, waiter.failedBackendIds);
    if (free.length === 0) continue;
    best = { turn: { waiter, backendId: limits.choose(groupId, free, waiter.user) }, running };
    if (!group.fairShare) break;
  }
  return best?.turn;
}

function freeOfGroup(state: AdmissionState, limits: Limits, groupId: string, group: GroupLimits): string[] {
  return group.backendIds.filter((id) => {
    const most = limits.maxOnBackend(id);
    const hasRoom = most === 0 || state.onBackend(id) < most;
    const { maxOnEachBackend: each } = group;
    return limits.isAvailable(id) && hasRoom && (each === 0 || state.inGroupOnBackend(groupId, id) < each);
  });
}
