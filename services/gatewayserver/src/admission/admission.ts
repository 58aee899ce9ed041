import type { AdmissionState } from './admission-state.ts';
import type { Limits } from './limits.ts';
import { freeBackends, nextTurn } from './slots.ts';
import type { Lease, Waiter } from './state.ts';
import type { AdmissionTimes } from './times.ts';

/** What decisions about slots depend on. They change the state and nothing else. */
export type Admission = {
  state: AdmissionState;
  limits: Limits;
  times: AdmissionTimes;
  /** Milliseconds of the database's clock. */
  now: number;
  /** Draws the name of a claim. */
  newClaimId: () => string;
};

/** A statement that asks for a slot. */
export type Applicant = {
  submissionId: string;
  groupId: string;
  user: string;
  /** Backends that did not take it. */
  failedBackendIds: readonly string[];
  /** COMMIT, kill_query and the like: it takes a slot, and does not wait for one. */
  neverWaits: boolean;
};

/** What an applicant gets. */
export type Admitted =
  | { kind: 'lease'; lease: Lease }
  /** It may queue. */
  | { kind: 'wait' }
  /** No backend of its group is available, and the group does not queue for that. */
  | { kind: 'nobody' };

/** Takes a slot now, or says that there is none. Repeated, it answers the same. */
export function admit(admission: Admission, applicant: Applicant): Admitted {
  const { state, limits } = admission;
  const { submissionId, groupId, user, failedBackendIds } = applicant;
  const held = state.lease(submissionId);
  if (held && held.phase !== 'LAPSED' && !failedBackendIds.includes(held.backendId))
    return { kind: 'lease', lease: held };
  state.deleteLease(submissionId);
  // Whoever is present and next goes first: what is free afterwards nobody who waits can use.
  giveTurns(admission);
  const group = limits.group(groupId);
  const free = freeBackends(state, limits, groupId, user, failedBackendIds);
  const usable = group?.backendIds.filter((id) => limits.isAvailable(id) && !failedBackendIds.includes(id)) ?? [];
  const candidates = free.length === 0 && applicant.neverWaits ? usable : free;
  if (candidates.length > 0)
    return {
      kind: 'lease',
      lease: take(admission, applicant, limits.choose(groupId, candidates, user)),
    };
  return usable.length > 0 || group?.queuesWhenUnavailable === true ? { kind: 'wait' } : { kind: 'nobody' };
}

/** Takes a slot of one backend, whatever its limit: for statements that only this coordinator can carry out. */
export function takeAt(
  admission: Admission,
  applicant: Pick<Applicant, 'submissionId' | 'groupId' | 'user'>,
  backendId: string,
): Lease {
  const held = admission.state.lease(applicant.submissionId);
  return held && held.phase !== 'LAPSED' ? held : take(admission, applicant, backendId);
}

function take(
  { state, times, now }: Admission,
  { submissionId, groupId, user }: Pick<Applicant, 'submissionId' | 'groupId' | 'user'>,
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

/** Offers every free slot to whoever is next; answers those who got one. */
export function giveTurns(admission: Admission): Waiter[] {
  const { state, limits, times, now, newClaimId } = admission;
  const claimed: Waiter[] = [];
  for (;;) {
    const turn = nextTurn(state, limits, state.queuedGroupIds(), now);
    if (!turn) return claimed;
    const { waiter, backendId } = turn;
    const { submissionId, groupId, user } = waiter;
    take(admission, { submissionId, groupId, user }, backendId);
    const claim = { id: newClaimId(), backendId, until: now + times.claimMs };
    const taken: Waiter = { ...waiter, phase: 'CLAIMED', claim };
    state.putWaiter(taken);
    claimed.push(taken);
  }
}

/** The cluster has answered with this id; the client is about to learn it. False when the lease is no longer held. */
export function handOut({ state, times, now }: Admission, submissionId: string, queryId: string): boolean {
  const lease = state.lease(submissionId);
  if (!lease || lease.phase === 'LAPSED') return false;
  if (lease.phase === 'TAKEN')
    state.putLease({ ...lease, queryId, phase: 'HANDED_OUT', until: now + times.unpolledMs });
  return lease.phase === 'TAKEN' || lease.queryId === queryId;
}

/**
 * The first poll of a query is here, which starts it. False when it has no slot now: it must not reach the cluster.
 * A query nobody knows, from before there was a limit, takes a slot of its backend if there is one.
 */
export function activate(admission: Admission, queryId: string, backendId: string): boolean {
  const { state, limits } = admission;
  const lease = state.leaseOfQuery(queryId);
  if (lease?.phase === 'RUNNING') return true;
  if (!lease || lease.phase === 'LAPSED') {
    giveTurns(admission);
    const { groupId = '', user = '' } = lease ?? {};
    const most = limits.maxOnBackend(backendId);
    const hasRoom = limits.group(groupId)
      ? freeBackends(state, limits, groupId, user).includes(backendId)
      : most === 0 || state.onBackend(backendId) < most;
    if (!hasRoom) return false;
  }
  const { now: takenAt } = admission;
  const taken = lease ?? { id: queryId, backendId, groupId: '', user: '', takenAt };
  state.putLease({ ...taken, queryId, phase: 'RUNNING', until: Number.POSITIVE_INFINITY });
  return true;
}

/** A lease is over, because its query is, or was given up before it was polled. */
export function release(admission: Admission, lease: Lease): void {
  admission.state.deleteLease(lease.id);
}

/** Trino has said of these queries that they are done: the last page passed, or somebody looked. */
export function settle(admission: Admission, queryIds: Iterable<string>): void {
  for (const queryId of queryIds) {
    const lease = admission.state.leaseOfQuery(queryId);
    if (lease) release(admission, lease);
  }
}
