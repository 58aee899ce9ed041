import type { AdmissionState } from '../state/admission-state.ts';
import type { Lease } from '../state/waiter.ts';
import type { Limits } from './limits.ts';
import { freeBackends, nextTurn } from './slots.ts';
import type { AdmissionTimes } from './times.ts';

/** What decisions about slots depend on. They change the state and nothing else. */
export type Admission = {
  state: AdmissionState;
  limits: Limits;
  times: AdmissionTimes;
  /** Milliseconds of the database's clock. */
  now: number;
  /** Since when polls could have been heard without a break: silence from before counts for nothing. */
  servedSince: number;
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
  | { kind: 'nobody' };

/** Takes a slot now, or says that there is none. Repeated, it answers the same. */
export function admit(admission: Admission, applicant: Applicant): Admitted {
  const { state, limits } = admission;
  const { submissionId, groupId, user, failedBackendIds, avoidedBackendIds, neverWaits } = applicant;
  const held = state.lease(submissionId);
  // What runs is never given up for a repeated question, whatever it says.
  if (held?.phase === 'RUNNING' || held?.phase === 'SETTLED') return { kind: 'lease', lease: held };
  if (held && held.phase !== 'LAPSED' && !failedBackendIds.includes(held.backendId))
    return { kind: 'lease', lease: held };
  state.deleteLease(submissionId);
  // Whoever is present and next goes first: what is free afterwards nobody who waits can use.
  giveTurns(admission);
  const group = limits.group(groupId);
  const free = freeBackends(state, limits, groupId, user, failedBackendIds);
  const usable = group?.backendIds.filter((id) => limits.isAvailable(id) && !failedBackendIds.includes(id)) ?? [];
  const candidates = free.length === 0 && neverWaits ? usable : free;
  if (candidates.length > 0) {
    const preferred = candidates.filter((id) => !avoidedBackendIds.includes(id));
    const backendId = limits.choose(groupId, preferred.length > 0 ? preferred : candidates, user);
    return { kind: 'lease', lease: take(admission, applicant, backendId) };
  }
  if (neverWaits) return { kind: 'nobody' };
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

/** Submissions that were given up, or went elsewhere: what they have not used is free. Answers how many held a slot. */
export function giveUp({ state }: Admission, submissionIds: Iterable<string>): number {
  let given = 0;
  for (const id of submissionIds) {
    if (state.lease(id)?.phase !== 'TAKEN') continue;
    state.deleteLease(id);
    given += 1;
  }
  return given;
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

/** Offers every free slot to whoever is next; before all, to queries that had one and were asked for again since it lapsed. */
export function giveTurns(admission: Admission): void {
  giveAnew(admission);
  const { state, limits, times, now, newClaimId } = admission;
  for (;;) {
    const turn = nextTurn(state, limits, state.queuedGroupIds(), now);
    if (!turn) return;
    const { waiter, backendId } = turn;
    const { submissionId, groupId, user } = waiter;
    take(admission, { submissionId, groupId, user }, backendId);
    const pickedUp = waiter.heldUntil > now;
    const until = now + (pickedUp ? times.claimMs : times.pickUpMs);
    state.putWaiter({ ...waiter, phase: 'CLAIMED', claim: { id: newClaimId(), backendId, pickedUp, until } });
  }
}

function giveAnew({ state, limits, times, now }: Admission): void {
  for (const lease of state.wanted()) {
    const { wantedUntil = 0, backendId, groupId, user } = lease;
    if (wantedUntil <= now || !hasRoom(state, limits, backendId, groupId, user)) continue;
    state.putLease({ ...lease, phase: 'HANDED_OUT', until: now + times.wantedMs });
  }
}

function hasRoom(state: AdmissionState, limits: Limits, backendId: string, groupId: string, user: string): boolean {
  if (limits.group(groupId)) return freeBackends(state, limits, groupId, user).includes(backendId);
  const most = limits.maxOnBackend(backendId);
  return most === 0 || state.onBackend(backendId) + limits.foreignOn(backendId) < most;
}

/** The cluster has answered with this id; the client is about to learn it. False when the lease is no longer held. */
export function handOut({ state, times, now }: Admission, submissionId: string, queryId: string): boolean {
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
 * The first poll of a query is here, which starts it. False when it has no slot now: it must not reach the cluster.
 * A query nobody knows, from before there was a limit, takes a slot of its backend if there is one; where the backend has no
 * limit of its own it counts nowhere.
 */
export function activate(admission: Admission, { queryId, backendId, neverWaits }: FirstPoll): boolean {
  const { state, limits } = admission;
  const lease = state.leaseOfQuery(queryId);
  if (lease?.phase === 'SETTLED') return true;
  // Anybody may poll an id that never was: only what a limit counts is kept.
  if (!lease && admission.limits.maxOnBackend(backendId) === 0) return true;
  if (!lease || lease.phase === 'LAPSED') {
    giveTurns(admission);
    const { groupId = '', user = '' } = lease ?? {};
    const isGiven = state.leaseOfQuery(queryId)?.phase === 'HANDED_OUT';
    if (!isGiven && !neverWaits && !hasRoom(state, limits, lease?.backendId ?? backendId, groupId, user)) {
      if (lease) state.putLease({ ...lease, wantedUntil: admission.now + admission.times.wantedMs });
      return false;
    }
  }
  const { now } = admission;
  const taken = lease ?? { id: queryId, backendId, groupId: '', user: '', takenAt: now };
  state.putLease({ ...taken, queryId, phase: 'RUNNING', polledAt: now, until: 0 });
  return true;
}

/** Trino has said of these queries that they are done: the last page passed, or somebody looked. Answers how many held a slot. */
export function settle({ state, times, now }: Admission, queryIds: Iterable<string>): number {
  let settled = 0;
  for (const queryId of queryIds) {
    const lease = state.leaseOfQuery(queryId);
    if (!lease || lease.phase === 'SETTLED') continue;
    if (lease.phase !== 'LAPSED') settled++;
    state.putLease({ ...lease, phase: 'SETTLED', until: now + times.lapsedMs });
  }
  return settled;
}

/**
 * Trino does not know these queries. They may not have begun: those with a first poll under way keep their slots, the others
 * need one anew when they are polled. Answers how many held a slot.
 */
export function lapse({ state, times, now }: Admission, queryIds: Iterable<string>): number {
  let lapsed = 0;
  for (const queryId of queryIds) {
    const lease = state.leaseOfQuery(queryId);
    if (lease?.phase !== 'RUNNING' || now - (lease.polledAt ?? 0) < times.underWayMs) continue;
    state.putLease({ ...lease, phase: 'LAPSED', until: now + times.lapsedMs });
    lapsed++;
  }
  return lapsed;
}
