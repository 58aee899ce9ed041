import type { Admission } from './admission.ts';
import { end } from './queue.ts';

/** Ends what time alone ends: unpolled leases, claims, waits that are too long, what nobody asks for any more. */
export function expire(admission: Admission): void {
  const { state, limits, times, now } = admission;
  for (const waiter of [...state.waiters()]) {
    const { id, phase, claim, seenAt, queuedAt, groupId } = waiter;
    if (phase === 'CLAIMED' && claim && claim.until <= now) {
      state.deleteLease(waiter.submissionId);
      const { claim: _, ...rest } = waiter;
      state.putWaiter({ ...rest, phase: 'QUEUED', presentUntil: now, presentAt: '' });
    } else if (phase === 'QUEUED') {
      const { maxWaitMs = 0 } = limits.group(groupId) ?? {};
      if (now - seenAt >= times.forgetMs) end(admission, id, 'ABANDONED_QUERY');
      else if (maxWaitMs > 0 && now - queuedAt >= maxWaitMs) end(admission, id, 'EXCEEDED_QUEUED_TIME_LIMIT');
    } else if ((phase === 'ENDED' || phase === 'HANDED_OVER') && now - seenAt >= times.keepMs) state.deleteWaiter(id);
  }
  for (const lease of [...state.leases()]) {
    if (lease.until > now) continue;
    if (lease.phase === 'LAPSED' || lease.queryId === '') state.deleteLease(lease.id);
    else state.putLease({ ...lease, phase: 'LAPSED', until: now + times.lapsedMs });
  }
}
