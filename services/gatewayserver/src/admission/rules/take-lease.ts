import type { Lease } from '../state/lease.ts';
import type { Admission } from './admission.ts';

/** Takes a slot of a backend for a submission. */
export function takeLease(
  { state, times, now }: Admission,
  { submissionId, groupId, user }: { submissionId: string; groupId: string; user: string },
  backendId: string,
): Lease {
  const lease: Lease = {
    id: submissionId,
    backendId,
    groupId,
    user,
    queryId: '',
    phase: 'TAKEN',
    takenAt: now,
    until: now + times.takenMs,
  };
  state.putLease(lease);
  return lease;
}

/** Releases what submissions that were abandoned, or went elsewhere, have not used. Answers how many held a slot. */
export function releaseUnused({ state }: Admission, submissionIds: Iterable<string>): number {
  let released = 0;
  for (const id of submissionIds) {
    if (state.lease(id)?.phase !== 'TAKEN') continue;
    state.deleteLease(id);
    released += 1;
  }
  return released;
}
