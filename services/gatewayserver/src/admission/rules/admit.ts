import type { Lease } from '../state/lease.ts';
import type { Admission } from './admission.ts';
import { offerSlots } from './offer-slots.ts';
import { freeBackends } from './slots.ts';
import { takeLease } from './take-lease.ts';

/** A statement that asks for a slot. */
export type Applicant = {
  submissionId: string;
  groupId: string;
  user: string;
  /** What the strategy AFFINITY goes by, where that is not the user. */
  affinityHash?: number | undefined;
  /** Backends that did not take it. */
  failedBackendIds: readonly string[];
  /** Backends just seen failing: taken only when no other has a slot. */
  avoidedBackendIds: readonly string[];
  /** COMMIT, kill_query and the like: it takes a slot, and does not wait for one. */
  neverWaits: boolean;
};

/** What an applicant gets. */
export type Admitted =
  | { kind: 'lease'; lease: Lease }
  /** It may queue. */
  | { kind: 'wait' }
  /** No backend of its group is available, and the group does not queue for that. */
  | { kind: 'unavailable' };

/** Takes a slot now, or says that there is none. Repeated, it answers the same. */
export function admit(admission: Admission, applicant: Applicant): Admitted {
  const { state, limits } = admission;
  const { submissionId, groupId, user, failedBackendIds, avoidedBackendIds, neverWaits } = applicant;
  const held = heldLease(admission, applicant);
  if (held) return { kind: 'lease', lease: held };
  state.deleteLease(submissionId);
  // Serve waiters first, so that newcomers cannot overtake.
  offerSlots(admission);
  const group = limits.group(groupId);
  const free = freeBackends(state, limits, groupId, user, failedBackendIds);
  const usable = group?.backendIds.filter((id) => limits.isAvailable(id) && !failedBackendIds.includes(id)) ?? [];
  const candidates = free.length === 0 && neverWaits ? usable : free;
  if (candidates.length > 0) {
    const preferred = candidates.filter((id) => !avoidedBackendIds.includes(id));
    const backendId = limits.choose(groupId, preferred.length > 0 ? preferred : candidates, applicant);
    return { kind: 'lease', lease: takeLease(admission, applicant, backendId) };
  }
  if (neverWaits) return { kind: 'unavailable' };
  return usable.length > 0 || group?.queuesWhenUnavailable === true ? { kind: 'wait' } : { kind: 'unavailable' };
}

/** The lease that a repeated question is answered with. */
function heldLease({ state }: Admission, { submissionId, failedBackendIds }: Applicant): Lease | undefined {
  const held = state.lease(submissionId);
  // A running query keeps its slot, whichever backends the question excludes.
  if (held?.phase === 'RUNNING' || held?.phase === 'SETTLED') return held;
  return held && held.phase !== 'LAPSED' && !failedBackendIds.includes(held.backendId) ? held : undefined;
}

/** Takes a slot of one backend, whatever its limit: for statements that only this coordinator can execute. */
export function takeAt(
  admission: Admission,
  applicant: Pick<Applicant, 'submissionId' | 'groupId' | 'user'>,
  backendId: string,
): Lease {
  const held = admission.state.lease(applicant.submissionId);
  return held && held.phase !== 'LAPSED' ? held : takeLease(admission, applicant, backendId);
}
