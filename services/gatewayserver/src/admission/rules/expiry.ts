import { whyMayNotUse } from '../limits/who-may-use.ts';
import type { Lease } from '../state/lease.ts';
import type { Waiter } from '../state/waiter.ts';
import type { Admission } from './admission.ts';
import { end, endWhenOver } from './queue.ts';

/**
 * Of past leases and past waiters, at most this many each are remembered, the latest: repeated polls come within seconds, while
 * at a thousand queries per second their time limits alone would keep a million.
 */
const MOST_REMEMBERED = 50_000;
/** The same bound for the size of their stored answers. */
const MOST_REMEMBERED_BYTES = 67_108_864;

/** Ends what time alone ends: unpolled leases, claims, waits beyond their limit, abandoned waiters. */
export function expire(
  admission: Admission,
  mostRemembered = MOST_REMEMBERED,
  mostBytes = MOST_REMEMBERED_BYTES,
): void {
  const { state, times, now } = admission;
  for (const waiter of [...state.waiting()]) {
    const { id, phase, claim } = waiter;
    if (endWhenOver(admission, id)?.phase === 'ENDED') continue;
    if (phase === 'CLAIMED' && claim && claim.until <= now) withdrawClaim(admission, waiter);
    else if (phase === 'QUEUED') {
      const { limits } = admission;
      const reason = whyEnded(admission, waiter);
      const notAllowed = whyMayNotUse(limits, waiter.groupId, waiter);
      if (reason !== undefined) end(admission, id, reason);
      else if (notAllowed !== undefined) end(admission, id, 'QUERY_REJECTED', notAllowed);
      else if (isNewlyOverdue(admission, waiter)) state.putWaiter({ ...waiter, isOverdue: true });
    }
  }
  for (const lease of [...state.countedLeases()]) {
    const { phase, until } = lease;
    if (isOrphaned(admission, lease)) state.putLease({ ...lease, phase: 'SETTLED', until: now + times.rememberedMs });
    else if (phase === 'RUNNING' || until > now) continue;
    else if (phase === 'HANDED_OUT') state.putLease({ ...lease, phase: 'LAPSED', until: now + times.rememberedMs });
    else state.deleteLease(lease.id);
  }
  forgetWaiters(admission, mostRemembered, mostBytes);
  forgetLeases(admission, mostRemembered);
}

/** While its query runs, and for a while after, its temporary id leads to it. */
function forgetWaiters({ state, times, now }: Admission, most: number, mostBytes: number): void {
  const isTooMuch = () => state.pastWaiterCount() > most || state.pastWaiterBytes() > mostBytes;
  for (const { id, submissionId, endedAt } of state.pastWaiters()) {
    if (now - endedAt < times.keepMs && !isTooMuch()) return;
    const phase = state.lease(submissionId)?.phase;
    if (phase === undefined || (phase === 'SETTLED' && isTooMuch())) state.deleteWaiter(id);
  }
}

function forgetLeases({ state, now }: Admission, most: number): void {
  let excess = state.pastLeaseCount() - most;
  for (const { id, until } of state.pastLeases()) {
    if (until > now && excess <= 0) return;
    state.deleteLease(id);
    excess--;
  }
}

/** Its backend was deleted: it counts against no limit any more, and the cluster cannot be asked for its end. */
function isOrphaned({ limits, times, now }: Admission, { phase, backendId, takenAt }: Lease): boolean {
  return phase === 'RUNNING' && !limits.isKnown(backendId) && now - takenAt >= times.orphanedMs;
}

/** Its claim has expired: it returns to its place, and is passed over until its next poll. */
function withdrawClaim({ state }: Admission, waiter: Waiter): void {
  state.deleteLease(waiter.submissionId);
  const { claim: _, ...rest } = waiter;
  state.putWaiter({ ...rest, phase: 'QUEUED', heldUntil: 0, presentUntil: 0 });
}

/** It has waited for longer than its group would let it, if the limits of that did more than observe. */
function isNewlyOverdue({ limits, now }: Admission, { groupId, queuedAt, isOverdue }: Waiter): boolean {
  const { maxWaitMs = 0 } = limits.group(groupId)?.observed ?? {};
  return isOverdue !== true && maxWaitMs > 0 && now - queuedAt >= maxWaitMs;
}

function whyEnded({ limits, times, now, servedSince }: Admission, waiter: Waiter): string | undefined {
  const { groupId, queuedAt, seenAt, heldUntil } = waiter;
  const group = limits.group(groupId);
  if (now - Math.max(seenAt, heldUntil, servedSince) >= times.forgetMs) return 'ABANDONED_QUERY';
  if (!group) return now - Math.max(queuedAt, servedSince) >= times.orphanedMs ? 'QUERY_REJECTED' : undefined;
  const isTooLong = group.maxWaitMs > 0 && now - queuedAt >= group.maxWaitMs;
  return isTooLong ? 'EXCEEDED_TIME_LIMIT' : undefined;
}
