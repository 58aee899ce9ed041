import { waitsForBackend } from '../limits/limits.ts';
import { type Spilling, spillOverOf } from '../limits/spill-over.ts';
import type { Lease } from '../state/lease.ts';
import type { Admission } from './admission.ts';
import { type Observation, wouldHaveWaited } from './observed-limits.ts';
import { offerSlots } from './offer-slots.ts';
import { freeBackends, isSealed } from './slots.ts';
import { takeLease } from './take-lease.ts';

/** A statement that asks for a slot. */
export type Applicant = Spilling & {
  submissionId: string;
  /** What the strategy AFFINITY goes by, where that is not the user. */
  affinityHash?: number | undefined;
  /** Backends that did not take it. */
  failedBackendIds: readonly string[];
  /** Backends just seen failing: taken only when no other has a slot. */
  avoidedBackendIds: readonly string[];
  /** COMMIT, kill_query and the like: it takes a slot, and does not wait for one. */
  neverWaits: boolean;
  /** It waits for an outage of the whole group to pass, although the group refuses queries then. */
  waitsOut?: boolean;
};

/** What an applicant gets. */
export type Admitted =
  | { kind: 'lease'; lease: Lease; observed?: Observation }
  /** It may queue. */
  | { kind: 'wait' }
  /** No backend of its group is available, and the group does not queue for that. */
  | { kind: 'unavailable' };

/** Takes a slot now, or says that there is none. Repeated, it answers the same. */
export function admit(admission: Admission, applicant: Applicant): Admitted {
  const { state, limits } = admission;
  const { submissionId, groupId, user, failedBackendIds, neverWaits } = applicant;
  const held = heldLease(admission, applicant);
  if (held) return { kind: 'lease', lease: held };
  state.deleteLease(submissionId);
  // Serve waiters first, so that newcomers cannot overtake.
  offerSlots(admission);
  const now = spillOverOf(state, limits, applicant, 0);
  const groupIds = now === undefined ? [groupId] : [groupId, now];
  for (const id of groupIds) {
    const free = freeBackends(state, limits, id, user, failedBackendIds);
    if (free.length > 0) return leaseIn(admission, applicant, id, free);
  }
  const isUsableNow = (id: string) => limits.isAvailable(id) && !isSealed(state, limits, id);
  const usableIn = (id: string) =>
    limits.group(id)?.backendIds.filter((one) => isUsableNow(one) && !failedBackendIds.includes(one)) ?? [];
  if (neverWaits) {
    const beyond = groupIds.find((id) => usableIn(id).length > 0);
    if (beyond !== undefined) return leaseIn(admission, applicant, beyond, usableIn(beyond));
    // There is nothing that it could go to yet: it waits for that alone.
    if (limits.coming(groupId) === undefined) return unavailable;
  }
  const later = spillOverOf(state, limits, applicant, Number.POSITIVE_INFINITY);
  const isUsable = usableIn(groupId).length > 0 || (later !== undefined && usableIn(later).length > 0);
  const waitsAnyway = applicant.waitsOut === true || waitsForBackend(limits, groupId);
  return isUsable || waitsAnyway ? { kind: 'wait' } : unavailable;
}

const unavailable: Admitted = { kind: 'unavailable' };

function leaseIn(admission: Admission, applicant: Applicant, groupId: string, candidates: readonly string[]): Admitted {
  const { state, limits } = admission;
  const preferred = candidates.filter((id) => !applicant.avoidedBackendIds.includes(id));
  const backendId = limits.choose(groupId, preferred.length > 0 ? preferred : candidates, applicant);
  const observed = wouldHaveWaited(state, limits, groupId, applicant.user);
  const lease = takeLease(admission, { ...applicant, groupId }, backendId);
  return { kind: 'lease', lease, ...(observed && { observed }) };
}

/** The lease that a repeated question is answered with. */
function heldLease({ state }: Admission, { submissionId, failedBackendIds }: Applicant): Lease | undefined {
  const held = state.lease(submissionId);
  // A running query keeps its slot, whichever backends the question excludes.
  if (held?.phase === 'RUNNING' || held?.phase === 'SETTLED') return held;
  return held && held.phase !== 'LAPSED' && !failedBackendIds.includes(held.backendId) ? held : undefined;
}

/**
 * Takes a slot of one backend, whatever its limit: for statements that only this coordinator can execute. Undefined when it is
 * sealed: it executes none any more.
 */
export function takeAt(
  admission: Admission,
  applicant: Pick<Applicant, 'submissionId' | 'groupId' | 'user'>,
  backendId: string,
): Lease | undefined {
  const held = admission.state.lease(applicant.submissionId);
  if (held && held.phase !== 'LAPSED') return held;
  return isSealed(admission.state, admission.limits, backendId)
    ? undefined
    : takeLease(admission, applicant, backendId);
}
