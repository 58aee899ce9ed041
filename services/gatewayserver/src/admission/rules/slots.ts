import type { AdmissionState } from '../state/admission-state.ts';
import type { Waiter } from '../state/waiter.ts';
import { compareWaiters } from '../state/waiting-line.ts';
import type { Limits } from './limits.ts';

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

/** Those that a waiter may be offered. */
export function freeBackendsOf(
  state: AdmissionState,
  limits: Limits,
  { groupId, user, failedBackendIds, onlyBackendId }: Waiter,
): string[] {
  const free = freeBackends(state, limits, groupId, user, failedBackendIds);
  return onlyBackendId === undefined ? free : free.filter((id) => id === onlyBackendId);
}

/** The next waiter, and the backend whose slot it is offered. */
export type SlotOffer = { waiter: Waiter; backendId: string };

/**
 * The next waiter for a free slot of any of these groups: by priority, then, where a group shares fairly, by the fewest running
 * queries of its user, then by arrival. Absent waiters keep their place and are passed over.
 */
export function nextOffer(
  state: AdmissionState,
  limits: Limits,
  groupIds: Iterable<string>,
  now: number,
): SlotOffer | undefined {
  let best: { waiter: Waiter; free: string[] } | undefined;
  for (const groupId of groupIds) {
    const next = nextOfGroup(state, limits, groupId, now);
    if (next && (best === undefined || compareWaiters(next.waiter, best.waiter) < 0)) best = next;
  }
  if (!best) return undefined;
  const { waiter, free } = best;
  return { waiter, backendId: limits.choose(waiter.groupId, free, waiter) };
}

function nextOfGroup(
  state: AdmissionState,
  limits: Limits,
  groupId: string,
  now: number,
): { waiter: Waiter; free: string[] } | undefined {
  // Without a free slot there is no need to look at the waiters.
  if (freeOfGroup(state, limits, groupId).length === 0) return undefined;
  const isFair = limits.group(groupId)?.fairShare === true;
  let best: { waiter: Waiter; free: string[]; running: number } | undefined;
  for (const waiter of state.queue(groupId)) {
    if (best && waiter.priority < best.waiter.priority) break;
    if (waiter.presentUntil <= now || waiter.pausedUntil > now) continue;
    if (waiter.limit && waiter.limit.until <= now) continue;
    const running = isFair ? state.ofUser(groupId, waiter.user) : 0;
    if (best && running >= best.running) continue;
    const free = freeBackendsOf(state, limits, waiter);
    if (free.length === 0) continue;
    best = { waiter, free, running };
    if (running === 0) break;
  }
  return best;
}

/** The backends of a group with a free slot, whatever the limits of users and whichever backends failed. */
function freeOfGroup(state: AdmissionState, limits: Limits, groupId: string): string[] {
  const group = limits.group(groupId);
  if (!group || state.isHeld(groupId)) return [];
  return group.backendIds.filter((id) => slotProblem(state, limits, groupId, id) === undefined);
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
  const most = limits.maxOnBackend(backendId);
  if (most > 0 && state.onBackend(backendId) + limits.externalOn(backendId) >= most) return 'backend is full';
  const each = limits.group(groupId)?.maxOnEachBackend ?? 0;
  if (each > 0 && state.inGroupOnBackend(groupId, backendId) >= each) return 'group is full';
  return limits.isAvailable(backendId) ? undefined : 'unavailable';
}
