import { spillOverOf } from '../limits/spill-over.ts';
import { whyFull } from '../limits/why-full.ts';
import type { AdmissionState } from '../state/admission-state.ts';
import type { Waiter } from '../state/waiter.ts';
import type { Admission } from './admission.ts';
import { refusedAndAbandoned } from './ended-message.ts';
import { confirmLease } from './lease-phases.ts';
import { type Observation, wouldHaveBeenFull } from './observed-limits.ts';
import { patienceMs } from './times.ts';

/** A statement that is to be queued. */
export type Newcomer = Pick<
  Waiter,
  | 'id'
  | 'groupId'
  | 'priority'
  | 'user'
  | 'source'
  | 'asker'
  | 'strict'
  | 'affinityHash'
  | 'onlyBackendId'
  | 'submissionId'
  | 'secretHash'
  | 'bytes'
> & {
  /** When it arrived, by the database's clock; absent where only its call is known. */
  arrivedAt?: number | undefined;
  /** The client's own limit for its wait, in milliseconds from now on. */
  limit?: { leftMs: number; message: string } | undefined;
  /** It waits for an outage of its group to pass. */
  outage?: boolean | undefined;
};

/** Whether a newcomer was queued. */
export type Enqueued = { kind: 'waits'; waiter: Waiter; observed?: Observation } | { kind: 'full'; message: string };

/** Takes the place of its arrival, unless the queue is full. Repeated, it answers the same. */
export function enqueue(admission: Admission, newcomer: Newcomer): Enqueued {
  const { state, limits, times, now } = admission;
  const known = state.waiter(newcomer.id);
  if (known) return { kind: 'waits', waiter: known };
  const full = whyFull(state, limits, newcomer);
  if (full !== undefined) return { kind: 'full', message: full };
  const observed = wouldHaveBeenFull(state, limits, newcomer);
  const { limit, arrivedAt, outage, ...who } = newcomer;
  const waiter: Waiter = {
    ...who,
    ...(limit && { limit: { until: now + limit.leftMs, message: limit.message } }),
    ...(outage && { outageUntil: now + limits.outageWaitMs(newcomer.groupId) }),
    place: arrivedAt ?? state.nextPlace(now),
    queuedAt: now,
    seenAt: now,
    heldUntil: 0,
    presentUntil: now + patienceMs(times),
    pausedUntil: 0,
    phase: 'QUEUED',
    failedBackendIds: [],
    queryId: '',
    endedAt: 0,
    endedBy: '',
  };
  state.putWaiter(waiter);
  return { kind: 'waits', waiter, ...(observed && { observed }) };
}

/**
 * Its client polls, and a poll is held for up to this long; `rhythmMs` is how long it pauses between polls, where that is known.
 * Undefined when there is no such waiter.
 */
export function seen(
  { state, times, now }: Admission,
  id: string,
  holdMs: number,
  rhythmMs?: number,
): Waiter | undefined {
  const waiter = state.waiter(id);
  if (waiter?.phase === 'QUEUED') {
    const heldUntil = now + holdMs;
    const rhythm = rhythmMs ?? waiter.rhythmMs;
    const presentUntil = Math.max(now + times.storedPresenceMs, heldUntil + patienceMs(times, rhythm));
    state.putWaiter({ ...waiter, rhythmMs: rhythm, seenAt: now, heldUntil, presentUntil });
  } else if (waiter?.phase === 'CLAIMED' && waiter.claim?.pickedUp === false) {
    const claim = { ...waiter.claim, pickedUp: true, until: now + times.claimMs };
    state.putWaiter({ ...waiter, seenAt: now, claim });
    // The lease was taken with the claim, and must outlive it.
    const lease = state.lease(waiter.submissionId);
    if (lease?.phase === 'TAKEN') state.putLease({ ...lease, until: now + times.takenMs });
  }
  return state.waiter(id);
}

/** Its client polls on, without a poll that could pick up an offer at this moment. Undefined when there is no such waiter. */
export function stays(admission: Admission, id: string, rhythmMs?: number): Waiter | undefined {
  const waiter = admission.state.waiter(id);
  return waiter?.phase === 'QUEUED' ? seen(admission, id, 0, rhythmMs) : waiter;
}

/** Its client has disconnected: it keeps its place and is passed over until its next poll, also by a slot that was kept for that. */
export function leave({ state }: Admission, id: string): void {
  const waiter = state.waiter(id);
  if (!waiter || !giveUpReserved(state, waiter)) return;
  const { claim: _, ...rest } = waiter;
  state.putWaiter({ ...rest, phase: 'QUEUED', heldUntil: 0, presentUntil: 0 });
}

/** Frees the slot that is kept for its next poll, if there is one; false when it neither waits nor has such a slot. */
function giveUpReserved(state: AdmissionState, { phase, claim, submissionId }: Waiter): boolean {
  if (phase === 'CLAIMED' && claim?.pickedUp === false) state.deleteLease(submissionId);
  else if (phase !== 'QUEUED') return false;
  return true;
}

/**
 * No poll has come since the one that ended at `endedAt`: it is passed over until its next, and a slot that was kept for that is
 * free. What was seen after `seenAt` stands.
 */
export function depart({ state, now }: Admission, id: string, seenAt: number, endedAt: number): void {
  const waiter = state.waiter(id);
  if (waiter?.seenAt !== seenAt || waiter.presentUntil <= now || !giveUpReserved(state, waiter)) return;
  const { claim: _, ...rest } = waiter;
  state.putWaiter({ ...rest, phase: 'QUEUED', seenAt: Math.min(endedAt, now), heldUntil: 0, presentUntil: 0 });
}

/** The waiter, while it still holds this claim. */
function claimed({ state }: Admission, id: string, claimId: string): Waiter | undefined {
  const waiter = state.waiter(id);
  return waiter?.phase === 'CLAIMED' && waiter.claim?.id === claimId ? waiter : undefined;
}

/** The cluster has accepted it, with an answer of so many bytes. False when the claim is no longer held: then no client may see the answer. */
export function assign(admission: Admission, id: string, claimId: string, queryId: string, bytes = 0): boolean {
  const { state, now } = admission;
  const waiter = claimed(admission, id, claimId);
  if (!waiter) {
    const known = state.waiter(id);
    return known?.phase === 'HANDED_OVER' && known.claim?.id === claimId && known.queryId === queryId;
  }
  if (!confirmLease(admission, waiter.submissionId, queryId)) return false;
  state.putWaiter({ ...waiter, phase: 'HANDED_OVER', queryId, bytes, endedAt: now, heldUntil: 0, presentUntil: 0 });
  return true;
}

/** Why a cluster did not accept a statement. */
export type ReleaseReason =
  /** Refused, no answer, 502, 503, 504: another backend of the group is next, if there is one. */
  | 'failed'
  /** The credentials are not valid: newer ones, of the next poll, may be. */
  | 'unauthenticated';

/** The cluster did not accept it: it returns to its place, and its slot is free. False when the claim was lost already. */
export function release(admission: Admission, id: string, claimId: string, how: ReleaseReason): boolean {
  const { state, limits, times, now } = admission;
  const waiter = claimed(admission, id, claimId);
  if (!waiter) return false;
  state.deleteLease(waiter.submissionId);
  const { claim, ...rest } = waiter;
  if (how === 'unauthenticated') {
    state.putWaiter({
      ...rest,
      phase: 'QUEUED',
      endedMessage: refusedAndAbandoned,
      heldUntil: 0,
      presentUntil: 0,
    });
    return true;
  }
  const failed = [...waiter.failedBackendIds, claim?.backendId ?? ''];
  const next = spillOverOf(state, limits, waiter, now - waiter.queuedAt);
  const groupIds = next === undefined ? [waiter.groupId] : [waiter.groupId, next];
  const members = groupIds.flatMap((groupId) => limits.group(groupId)?.backendIds ?? []);
  const goesOn = members.some((one) => isOpen(waiter, one) && limits.isAvailable(one) && !failed.includes(one));
  state.putWaiter({
    ...rest,
    phase: 'QUEUED',
    // A router was busy with it: its client's polls come again now.
    presentUntil: Math.max(waiter.presentUntil, now + patienceMs(times, waiter.rhythmMs)),
    // When every backend has failed, all may be asked again after a pause.
    failedBackendIds: goesOn ? failed : [],
    pausedUntil: goesOn ? 0 : now + times.pauseMs,
  });
  return true;
}

function isOpen({ onlyBackendId }: Waiter, backendId: string): boolean {
  return onlyBackendId === undefined || onlyBackendId === backendId;
}

/** Ends it for a reason, a Trino error name; false when it is assigned already, has ended or is not known. */
export function end(admission: Admission, id: string, endedBy: string, endedMessage?: string): boolean {
  const { state, now } = admission;
  const waiter = state.waiter(id);
  if (!waiter || waiter.phase === 'HANDED_OVER' || waiter.phase === 'ENDED') return false;
  if (waiter.phase === 'CLAIMED') state.deleteLease(waiter.submissionId);
  const { claim: _, ...rest } = waiter;
  state.putWaiter({
    ...rest,
    phase: 'ENDED',
    endedBy,
    endedMessage: endedMessage ?? (endedBy === 'ABANDONED_QUERY' ? rest.endedMessage : undefined),
    bytes: 0,
    endedAt: now,
    heldUntil: 0,
    presentUntil: 0,
  });
  return true;
}

/**
 * Ends it when its client's own limit is over, also while a cluster is asked: its answer is thrown away then, and nothing has run.
 * Ends it as well when it has waited for an outage to pass for as long as it may; while a cluster is asked that may be over.
 */
export function endWhenOver(admission: Admission, id: string): Waiter | undefined {
  const waiter = admission.state.waiter(id);
  const { limit, outageUntil } = waiter ?? {};
  if (limit && limit.until <= admission.now) end(admission, id, 'EXCEEDED_TIME_LIMIT', limit.message);
  else if (waiter?.phase === 'QUEUED' && outageUntil !== undefined && outageUntil <= admission.now)
    endOutage(admission, waiter);
  return admission.state.waiter(id);
}

/** When time alone may end its wait; undefined: never. */
export function overAt({ limit, outageUntil }: Pick<Waiter, 'limit' | 'outageUntil'>): number | undefined {
  const until = Math.min(limit?.until ?? Number.POSITIVE_INFINITY, outageUntil ?? Number.POSITIVE_INFINITY);
  return Number.isFinite(until) ? until : undefined;
}

/** It is refused, unless a backend is back: then it waits for a slot like others. */
function endOutage(admission: Admission, waiter: Waiter): void {
  const { state, limits, times, now } = admission;
  const { id, groupId, pausedUntil, queuedAt } = waiter;
  const next = spillOverOf(state, limits, waiter, now - queuedAt);
  const groupIds = next === undefined ? [groupId] : [groupId, next];
  const members = groupIds.flatMap((one) => limits.group(one)?.backendIds ?? []);
  // One that counts as available and has just failed for it is not back; without a slot free it was not asked again since.
  const isBack =
    (pausedUntil === 0 || now - pausedUntil >= times.pauseMs) &&
    members.some((one) => isOpen(waiter, one) && limits.isAvailable(one));
  const seconds = Math.round((now - queuedAt) / 1_000);
  const why = `No cluster is available for this query: ${limits.whyNoBackend(groupId)}; it has waited for one for ${seconds} s`;
  if (isBack) state.putWaiter({ ...waiter, outageUntil: undefined });
  else end(admission, id, 'NO_NODES_AVAILABLE', why);
}

/** Moves all waiters of a group to another one, in which priority and arrival count. Answers how many they were. */
export function moveGroup({ state }: Admission, from: string, to: string): number {
  const moved = [...state.waiting()].filter(({ groupId }) => groupId === from);
  // One with a slot offer already keeps that slot.
  for (const waiter of moved) state.putWaiter({ ...waiter, groupId: to });
  return moved.length;
}

/** More than a call that queues a statement may be late: whoever arrived before it and is queued later is behind it all the same. */
const AHEAD_OF_ALL = 120_000;

/** Moves it before all others of its group. Undefined when it does not wait any more. */
export function moveToFront({ state, limits }: Admission, id: string): Waiter | undefined {
  const waiter = state.waiter(id);
  if (waiter?.phase !== 'QUEUED') return undefined;
  const [first] = state.queue(waiter.groupId);
  if (!first || first.id === id) return waiter;
  // With fair share, the first place alone does not make it the next one: a priority of its own does.
  const isFair = limits.group(waiter.groupId)?.fairShare === true;
  const moved = isFair
    ? { ...waiter, priority: first.priority + 1 }
    : { ...waiter, priority: first.priority, place: first.place - AHEAD_OF_ALL };
  state.putWaiter(moved);
  return moved;
}
