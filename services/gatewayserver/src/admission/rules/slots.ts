import type { Limits } from '../limits/limits.ts';
import { originsOf, spillOverOf } from '../limits/spill-over.ts';
import { whyMayNotUse } from '../limits/who-may-use.ts';
import type { AdmissionState } from '../state/admission-state.ts';
import type { Waiter } from '../state/waiter.ts';
import { compareWaiters, inOrder } from '../state/waiting-line.ts';

/** The backends of a group with a free slot for a query of this user, in the group's order. */
export function freeBackends(
  state: AdmissionState,
  limits: Limits,
  groupId: string,
  user: string,
  failed: readonly string[] = [],
): string[] {
  const { maxRunningOfUser = 0 } = limits.group(groupId) ?? {};
  if (maxRunningOfUser > 0 && state.ofUser(groupId, user) >= maxRunningOfUser) return [];
  return freeOfGroup(state, limits, groupId).filter((id) => !failed.includes(id));
}

/** Those of its own group that a waiter may be offered. */
export function freeBackendsOf(state: AdmissionState, limits: Limits, waiter: Waiter): string[] {
  return freeBackendsIn(state, limits, waiter.groupId, waiter);
}

function freeBackendsIn(
  state: AdmissionState,
  limits: Limits,
  groupId: string,
  { user, failedBackendIds, onlyBackendId }: Waiter,
): string[] {
  const free = freeBackends(state, limits, groupId, user, failedBackendIds);
  return onlyBackendId === undefined ? free : free.filter((id) => id === onlyBackendId);
}

/** The next waiter, the backend whose slot it is offered, and the group that it starts in. */
export type SlotOffer = { waiter: Waiter; groupId: string; backendId: string };

/**
 * The next waiter for a free slot of any of these groups, or of their spill-over groups: by priority, then, where the group of the
 * slot shares fairly, by the fewest running queries of its user there, then by arrival. Absent waiters keep their place and are
 * passed over.
 */
export function nextOffer(
  state: AdmissionState,
  limits: Limits,
  groupIds: Iterable<string>,
  now: number,
): SlotOffer | undefined {
  let best: (Free & { groupId: string }) | undefined;
  for (const [groupId, origins] of originsOf(limits, groupIds)) {
    const next = nextOfGroup(state, limits, { groupId, origins }, now);
    if (next && (best === undefined || compareWaiters(next.waiter, best.waiter) < 0)) best = { ...next, groupId };
  }
  if (!best) return undefined;
  const { waiter, groupId, free } = best;
  return { waiter, groupId, backendId: limits.choose(groupId, free, waiter) };
}

/** A waiter, and the backends with a slot for it. */
type Free = { waiter: Waiter; free: string[] };

function nextOfGroup(
  state: AdmissionState,
  limits: Limits,
  { groupId, origins }: { groupId: string; origins: readonly string[] },
  now: number,
): Free | undefined {
  // Without a free slot there is no need to look at the waiters.
  if (freeOfGroup(state, limits, groupId).length === 0) return undefined;
  const isFair = limits.group(groupId)?.fairShare === true;
  let best: (Free & { running: number }) | undefined;
  for (const waiter of inOrder(origins.map((origin) => state.queue(origin)))) {
    if (best && waiter.priority < best.waiter.priority) break;
    if (waiter.presentUntil <= now || waiter.pausedUntil > now) continue;
    if (waiter.limit && waiter.limit.until <= now) continue;
    const running = isFair ? state.ofUser(groupId, waiter.user) : 0;
    if (best && running >= best.running) continue;
    if (!mayStartIn(state, limits, groupId, waiter, now)) continue;
    const free = freeBackendsIn(state, limits, groupId, waiter);
    if (free.length === 0) continue;
    best = { waiter, free, running };
    if (running === 0) break;
  }
  return best;
}

/** In its own group; in the spill-over group of that only for want of a slot in its own. */
function mayStartIn(state: AdmissionState, limits: Limits, groupId: string, waiter: Waiter, now: number): boolean {
  if (whyMayNotUse(limits, waiter.groupId, waiter) !== undefined) return false;
  if (waiter.groupId === groupId) return true;
  const { user, failedBackendIds } = waiter;
  return (
    spillOverOf(state, limits, waiter, now - waiter.queuedAt) === groupId &&
    freeBackends(state, limits, waiter.groupId, user, failedBackendIds).length === 0
  );
}

/** The backends of a group with a free slot, whatever the limits of users and whichever backends failed. */
function freeOfGroup(state: AdmissionState, limits: Limits, groupId: string): string[] {
  const group = limits.group(groupId);
  if (!group || state.isHeld(groupId)) return [];
  return group.backendIds.filter((id) => slotProblem(state, limits, groupId, id) === undefined);
}

/** Whether nothing new is sent to the incarnation that a backend has now. */
export function isSealed(state: AdmissionState, limits: Limits, backendId: string): boolean {
  return state.seal(limits.coordinatorOf(backendId)) !== undefined;
}

/** Why a backend has no slot for the queries of a group that it is in. */
export type SlotProblem = 'backend is full' | 'group is full' | 'unavailable';

/** Undefined when there is a slot. */
export function slotProblem(
  state: AdmissionState,
  limits: Limits,
  groupId: string,
  backendId: string,
): SlotProblem | undefined {
  if (isSealed(state, limits, backendId)) return 'unavailable';
  const most = limits.maxOnBackend(backendId);
  if (most > 0 && state.onBackend(backendId) + limits.externalOn(backendId) >= most) return 'backend is full';
  const each = limits.group(groupId)?.maxOnEachBackend ?? 0;
  if (each > 0 && state.inGroupOnBackend(groupId, backendId) >= each) return 'group is full';
  if (limits.isHalfOpen(backendId) && isTakenOn(state, backendId)) return 'unavailable';
  return limits.isAvailable(backendId) ? undefined : 'unavailable';
}

/** Whether a query has a slot there, and no cluster has taken it yet. */
function isTakenOn(state: AdmissionState, backendId: string): boolean {
  return state.countedLeases().some((lease) => lease.phase === 'TAKEN' && lease.backendId === backendId);
}
