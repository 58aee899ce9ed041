import { type Admission, handOut } from './admission.ts';
import type { Waiter } from './state.ts';

/** A statement that is to wait. */
export type Newcomer = Pick<Waiter, 'id' | 'groupId' | 'priority' | 'user' | 'submissionId'>;

/** What a newcomer gets. */
export type Enqueued = { kind: 'waits'; waiter: Waiter } | { kind: 'full'; message: string };

/** Takes a place at the end, unless the queue is full. Repeated, it answers the same. */
export function enqueue({ state, limits, times, now }: Admission, newcomer: Newcomer, place: number): Enqueued {
  const known = state.waiter(newcomer.id);
  if (known) return { kind: 'waits', waiter: known };
  const { groupId, user } = newcomer;
  const { maxQueued = 0, maxQueuedOfUser = 0 } = limits.group(groupId) ?? {};
  if (maxQueued > 0 && state.waitingInGroup(groupId) >= maxQueued)
    return { kind: 'full', message: `Too many queued queries for group ${groupId}: it holds ${maxQueued}` };
  if (maxQueuedOfUser > 0 && state.waitingOfUser(groupId, user) >= maxQueuedOfUser)
    return {
      kind: 'full',
      message: `Too many queued queries of this user in group ${groupId}: ${maxQueuedOfUser} may wait`,
    };
  const waiter: Waiter = {
    ...newcomer,
    place,
    queuedAt: now,
    seenAt: now,
    presentUntil: now + times.presentMs,
    presentAt: '',
    phase: 'QUEUED',
    failedBackendIds: [],
    queryId: '',
    endedBy: '',
  };
  state.putWaiter(waiter);
  return { kind: 'waits', waiter };
}

/** A poll of it has come in at a replica, which holds it for up to this long. Undefined when nobody knows it. */
export function seen(
  { state, times, now }: Admission,
  id: string,
  replica: string,
  holdMs: number,
): Waiter | undefined {
  const waiter = state.waiter(id);
  if (waiter?.phase !== 'QUEUED') return waiter;
  const present: Waiter = { ...waiter, seenAt: now, presentUntil: now + holdMs + times.presentMs, presentAt: replica };
  state.putWaiter(present);
  return present;
}

/** Its client has gone, or its credentials were just refused: it keeps its place and is passed over until its next poll. */
export function absent({ state, now }: Admission, id: string): void {
  const waiter = state.waiter(id);
  if (waiter?.phase === 'QUEUED') state.putWaiter({ ...waiter, presentUntil: now, presentAt: '' });
}

/** The waiter this claim still belongs to. */
function claimed({ state }: Admission, id: string, claimId: string): Waiter | undefined {
  const waiter = state.waiter(id);
  return waiter?.phase === 'CLAIMED' && waiter.claim?.id === claimId ? waiter : undefined;
}

/** The cluster has taken it. False when the claim is no longer held: the cluster's answer must not be given to anybody. */
export function handOver(admission: Admission, id: string, claimId: string, queryId: string): boolean {
  const waiter = claimed(admission, id, claimId);
  if (!waiter) {
    const known = admission.state.waiter(id);
    return known?.phase === 'HANDED_OVER' && known.queryId === queryId;
  }
  if (!handOut(admission, waiter.submissionId, queryId)) return false;
  admission.state.putWaiter({ ...waiter, phase: 'HANDED_OVER', queryId, seenAt: admission.now, presentAt: '' });
  return true;
}

/** How a cluster did not take a statement. */
export type GivenBack =
  /** Refused, silent, 502, 503, 504: another backend of the group is next, if there is one. */
  | 'failed'
  /** The credentials are not good: with newer ones, at the next poll, they may be. */
  | 'unauthenticated';

/** The cluster did not take it: back to its place, and its slot is free. */
export function giveBack(admission: Admission, id: string, claimId: string, how: GivenBack): void {
  const { state, limits, now } = admission;
  const waiter = claimed(admission, id, claimId);
  if (!waiter) return;
  state.deleteLease(waiter.submissionId);
  const { claim, ...rest } = waiter;
  const failed = how === 'failed' ? [...waiter.failedBackendIds, claim?.backendId ?? ''] : [];
  const others = limits
    .group(waiter.groupId)
    ?.backendIds.filter((one) => limits.isAvailable(one) && !failed.includes(one));
  const goesOn = how === 'failed' && others !== undefined && others.length > 0;
  state.putWaiter({
    ...rest,
    phase: 'QUEUED',
    failedBackendIds: goesOn ? failed : [],
    // With nobody else to ask it is not offered to the same again before its next poll.
    presentUntil: goesOn ? waiter.presentUntil : now,
  });
}

/** Ends it for a reason, a Trino error name; nothing happens when it is with a cluster already, or has ended. */
export function end(admission: Admission, id: string, endedBy: string): boolean {
  const { state, now } = admission;
  const waiter = state.waiter(id);
  if (!waiter || waiter.phase === 'HANDED_OVER' || waiter.phase === 'ENDED') return false;
  if (waiter.phase === 'CLAIMED') state.deleteLease(waiter.submissionId);
  const { claim: _, ...rest } = waiter;
  state.putWaiter({ ...rest, phase: 'ENDED', endedBy, seenAt: now, presentUntil: now, presentAt: '' });
  return true;
}

/** Puts it before all others of its group. */
export function moveToFront({ state }: Admission, id: string): boolean {
  const waiter = state.waiter(id);
  if (waiter?.phase !== 'QUEUED') return false;
  const [first] = state.queue(waiter.groupId);
  if (!first || first.id === id) return true;
  state.putWaiter({ ...waiter, priority: first.priority, place: first.place - 1 });
  return true;
}
