import type { Waiter } from '../state/waiter.ts';
import { type Admission, handOut } from './admission.ts';
import { whyFull } from './why-full.ts';

/** A statement that is to wait. */
export type Newcomer = Pick<
  Waiter,
  'id' | 'groupId' | 'priority' | 'user' | 'source' | 'submissionId' | 'secretHash' | 'bytes'
>;

/** What a newcomer gets. */
export type Enqueued = { kind: 'waits'; waiter: Waiter } | { kind: 'full'; message: string };

/** Takes a place at the end, unless the queue is full. Repeated, it answers the same. */
export function enqueue({ state, limits, times, now }: Admission, newcomer: Newcomer): Enqueued {
  const known = state.waiter(newcomer.id);
  if (known) return { kind: 'waits', waiter: known };
  const full = whyFull(state, limits, newcomer);
  if (full !== undefined) return { kind: 'full', message: full };
  const waiter: Waiter = {
    ...newcomer,
    place: state.nextPlace(),
    queuedAt: now,
    seenAt: now,
    heldUntil: 0,
    presentUntil: now + times.presentMs,
    pausedUntil: 0,
    phase: 'QUEUED',
    failedBackendIds: [],
    queryId: '',
    endedAt: 0,
    endedBy: '',
  };
  state.putWaiter(waiter);
  return { kind: 'waits', waiter };
}

/** A poll of it has come in and is held for up to this long. Undefined when nobody knows it. */
export function seen({ state, times, now }: Admission, id: string, holdMs: number): Waiter | undefined {
  const waiter = state.waiter(id);
  if (waiter?.phase === 'QUEUED') {
    const heldUntil = now + holdMs;
    state.putWaiter({ ...waiter, seenAt: now, heldUntil, presentUntil: heldUntil + times.presentMs });
  } else if (waiter?.phase === 'CLAIMED' && waiter.claim?.pickedUp === false) {
    const claim = { ...waiter.claim, pickedUp: true, until: now + times.claimMs };
    state.putWaiter({ ...waiter, seenAt: now, claim });
    // The lease was taken with the claim: it must outlive it.
    const lease = state.lease(waiter.submissionId);
    if (lease?.phase === 'TAKEN') state.putLease({ ...lease, until: now + times.takenMs });
  }
  return state.waiter(id);
}

/** Its client has gone: it keeps its place and is passed over until its next poll. */
export function leave({ state }: Admission, id: string): void {
  const waiter = state.waiter(id);
  if (waiter?.phase === 'QUEUED') state.putWaiter({ ...waiter, heldUntil: 0, presentUntil: 0 });
}

/**
 * Who held the poll that was seen at this moment has gone, without a word about the client: a poll that comes again soon finds
 * it present still. A later poll counts on.
 */
export function loseHold({ state, times, now }: Admission, id: string, seenAt: number): void {
  const waiter = state.waiter(id);
  if (waiter?.phase !== 'QUEUED' || waiter.seenAt !== seenAt || waiter.heldUntil <= now) return;
  state.putWaiter({ ...waiter, heldUntil: 0, presentUntil: now + times.presentMs });
}

/** The waiter this claim still belongs to. */
function claimed({ state }: Admission, id: string, claimId: string): Waiter | undefined {
  const waiter = state.waiter(id);
  return waiter?.phase === 'CLAIMED' && waiter.claim?.id === claimId ? waiter : undefined;
}

/** The cluster has taken it, with an answer of so many bytes. False when the claim is no longer held: the cluster's answer must not be given to anybody. */
export function handOver(admission: Admission, id: string, claimId: string, queryId: string, bytes = 0): boolean {
  const { state, now } = admission;
  const waiter = claimed(admission, id, claimId);
  if (!waiter) {
    const known = state.waiter(id);
    return known?.phase === 'HANDED_OVER' && known.claim?.id === claimId && known.queryId === queryId;
  }
  if (!handOut(admission, waiter.submissionId, queryId)) return false;
  state.putWaiter({ ...waiter, phase: 'HANDED_OVER', queryId, bytes, endedAt: now, heldUntil: 0, presentUntil: 0 });
  return true;
}

/** How a cluster did not take a statement. */
export type GivenBack =
  /** Refused, silent, 502, 503, 504: another backend of the group is next, if there is one. */
  | 'failed'
  /** The credentials are not good: with newer ones, at the next poll, they may be. */
  | 'unauthenticated';

/** The cluster did not take it: back to its place, and its slot is free. False when the claim was lost already. */
export function giveBack(admission: Admission, id: string, claimId: string, how: GivenBack): boolean {
  const { state, limits, times, now } = admission;
  const waiter = claimed(admission, id, claimId);
  if (!waiter) return false;
  state.deleteLease(waiter.submissionId);
  const { claim, ...rest } = waiter;
  if (how === 'unauthenticated') {
    state.putWaiter({ ...rest, phase: 'QUEUED', heldUntil: 0, presentUntil: 0 });
    return true;
  }
  const failed = [...waiter.failedBackendIds, claim?.backendId ?? ''];
  const members = limits.group(waiter.groupId)?.backendIds ?? [];
  const goesOn = members.some((one) => limits.isAvailable(one) && !failed.includes(one));
  state.putWaiter({
    ...rest,
    phase: 'QUEUED',
    // With nobody else to ask all may be asked again, after a while.
    failedBackendIds: goesOn ? failed : [],
    pausedUntil: goesOn ? 0 : now + times.pauseMs,
  });
  return true;
}

/** Ends it for a reason, a Trino error name; false when it is with a cluster already, has ended or is not known. */
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
    endedMessage,
    bytes: 0,
    endedAt: now,
    heldUntil: 0,
    presentUntil: 0,
  });
  return true;
}

/** All who wait in a group go on in another one, by priority and arrival. Answers how many they were. */
export function moveGroup({ state }: Admission, from: string, to: string): number {
  const moved = [...state.waiting()].filter(({ groupId }) => groupId === from);
  // Who has a slot already uses that one.
  for (const waiter of moved) state.putWaiter({ ...waiter, groupId: to });
  return moved.length;
}

/** Puts it before all others of its group. Undefined when it does not wait any more. */
export function moveToFront({ state, limits }: Admission, id: string): Waiter | undefined {
  const waiter = state.waiter(id);
  if (waiter?.phase !== 'QUEUED') return undefined;
  const [first] = state.queue(waiter.groupId);
  if (!first || first.id === id) return waiter;
  // Where users share fairly the first place alone does not make it the next one: a priority of its own does.
  const isFair = limits.group(waiter.groupId)?.fairShare === true;
  const moved = isFair
    ? { ...waiter, priority: first.priority + 1 }
    : { ...waiter, priority: first.priority, place: first.place - 1 };
  state.putWaiter(moved);
  return moved;
}
