import type { Lease } from '../state/lease.ts';
import type { Admission } from './admission.ts';
import { hasFreeSlot, offerSlots } from './offer-slots.ts';

/** The cluster has answered with this id, and the client is about to receive it. False when the lease is no longer held. */
export function confirmLease({ state, times, now }: Admission, submissionId: string, queryId: string): boolean {
  const lease = state.lease(submissionId);
  if (!lease) return false;
  if (lease.phase !== 'TAKEN') return lease.phase !== 'LAPSED' && lease.queryId === queryId;
  state.putLease({ ...lease, queryId, phase: 'HANDED_OUT', until: now + times.unpolledMs });
  return true;
}

/** A first poll of a query. */
export type FirstPoll = {
  queryId: string;
  backendId: string;
  /** It is bound to this coordinator and must not wait: inside a transaction, or to end one. */
  neverWaits: boolean;
};

/**
 * The first poll of a query, which starts it. False when it has no slot now: the poll must not reach the cluster.
 * A query without a lease, from before there was a limit, takes a slot of its backend if one is free; where the backend has
 * no limit of its own, it counts nowhere.
 */
export function activate(admission: Admission, { queryId, backendId, neverWaits }: FirstPoll): boolean {
  const { state, limits, now } = admission;
  const lease = state.leaseOfQuery(queryId);
  if (lease?.phase === 'SETTLED') return true;
  // Anybody may poll an id that never was: only what a limit counts is kept.
  if (!lease && limits.maxOnBackend(backendId) === 0) return true;
  if (!lease || lease.phase === 'LAPSED') {
    offerSlots(admission);
    const { groupId = '', user = '' } = lease ?? {};
    const isRenewed = state.leaseOfQuery(queryId)?.phase === 'HANDED_OUT';
    if (!isRenewed && !neverWaits && !hasFreeSlot(state, limits, lease?.backendId ?? backendId, groupId, user)) {
      if (lease) state.putLease(wanted(admission, lease));
      return false;
    }
  }
  const taken = lease ?? { id: queryId, backendId, groupId: '', user: '', takenAt: now };
  state.putLease({ ...taken, queryId, phase: 'RUNNING', polledAt: now, until: 0 });
  return true;
}

/**
 * Its client has been turned away, and comes back: a slot is reserved for it until then, for twice its last pause (none is known the
 * first time), at most as long as for a query that was just handed out. It is remembered for as long as it is asked for.
 */
function wanted({ times, now }: Admission, lease: Lease): Lease {
  const { wantedUntil = now, wantedMs = 0 } = lease;
  const pauseMs = now - (wantedUntil - wantedMs);
  const patience = Math.min(Math.max(times.reservedMs, 2 * pauseMs), times.unpolledMs);
  return { ...lease, wantedMs: patience, wantedUntil: now + patience, until: now + times.rememberedMs };
}

/** These queries are done: their last page has passed, or their cluster says so. Answers how many held a slot. */
export function settle({ state, times, now }: Admission, queryIds: Iterable<string>): number {
  let settled = 0;
  for (const queryId of queryIds) {
    const lease = state.leaseOfQuery(queryId);
    if (!lease || lease.phase === 'SETTLED') continue;
    if (lease.phase !== 'LAPSED') settled++;
    state.putLease({ ...lease, phase: 'SETTLED', until: now + times.rememberedMs });
  }
  return settled;
}

/**
 * Their cluster does not know these queries, or they were cancelled before their first poll. They may not have begun: those with a
 * first poll under way keep their slots, the others need a new one when they are polled. Answers how many held a slot.
 */
export function expireUnknown({ state, times, now }: Admission, queryIds: Iterable<string>): number {
  let expired = 0;
  for (const queryId of queryIds) {
    const lease = state.leaseOfQuery(queryId);
    const isUnpolled = lease?.phase === 'HANDED_OUT';
    const isLost = lease?.phase === 'RUNNING' && now - (lease.polledAt ?? 0) >= times.underWayMs;
    if (lease === undefined || !(isUnpolled || isLost)) continue;
    state.putLease({ ...lease, phase: 'LAPSED', until: now + times.rememberedMs });
    expired++;
  }
  return expired;
}
