import { activate, confirmLease, settle } from '../../../src/admission/rules/lease-phases.ts';
import { assign, depart, end, leave, moveToFront, release, seen } from '../../../src/admission/rules/queue.ts';
import type { Waiter } from '../../../src/admission/state/waiter.ts';
import { must } from '../../support/must.ts';
import type { ClientCommand } from './commands.ts';
import { dispatch, isReady } from './slot-offers.ts';
import { post } from './submit.ts';
import type { Client, World } from './world.ts';

/** The clients to which it can happen: random choices among all would mostly do nothing. */
export function able(world: World, kind: ClientCommand['kind']): Client[] {
  return world.clients.filter((one) => canAct(world, kind, one));
}

/** It happens to the client, if there is one it can happen to. @throws Error naming the law broken */
export function actOfClient(world: World, step: ClientCommand): void {
  const { admission } = world;
  const those = able(world, step.kind);
  const one = those[step.client % Math.max(those.length, 1)];
  if (!one) return;
  const waiter = waiterOf(world, one);
  switch (step.kind) {
    case 'confirm':
      takeAnswer(world, one);
      return;
    case 'poll':
      poll(world, one);
      return;
    case 'finish':
      finish(world, one);
      return;
    case 'late':
      comeLate(world, one, waiter);
      return;
  }
  if (!waiter) return;
  switch (step.kind) {
    case 'offer':
      takeOffer(world, one, waiter, step);
      return;
    case 'cancel':
      if (end(admission, waiter.id, 'USER_CANCELED')) one.over = true;
      dispatch(world);
      return;
    case 'hangUp':
      leave(admission, waiter.id);
      // A slot that was kept for its next poll is free.
      dispatch(world);
      return;
    case 'routerGone':
      goSilent(world, waiter, step);
      return;
    case 'front':
      if (!moveToFront(admission, waiter.id)) return;
      must(admission.state.queue(waiter.groupId)[0]?.id === waiter.id, 'a waiter that is moved to the front is first');
      return;
  }
}

function waiterOf({ admission }: World, { temporaryId }: Client): Waiter | undefined {
  return temporaryId === undefined ? undefined : admission.state.waiter(temporaryId);
}

function canAct(world: World, kind: ClientCommand['kind'], one: Client): boolean {
  const waiter = waiterOf(world, one);
  if (kind === 'confirm') return !waiter && one.posted.length > 0 && !one.given;
  if (kind === 'late') return one.late.length > 0;
  if (kind === 'offer') return waiter?.phase === 'CLAIMED';
  if (kind === 'finish') return one.polled && !one.over;
  if (kind === 'poll') return !one.over && !one.polled && (one.given !== undefined || one.temporaryId !== undefined);
  return waiter !== undefined;
}

function takeAnswer({ admission }: World, one: Client): void {
  const [answer] = one.posted;
  if (one.temporaryId === undefined && answer && confirmLease(admission, one.submissionId, answer.queryId))
    one.given = answer;
}

function poll(world: World, one: Client): void {
  const { admission, running } = world;
  if (one.given) {
    if (!activate(admission, { ...one.given, neverWaits: false })) return;
    one.polled = true;
    running.set(one.given.queryId, one.given.backendId);
  } else if (one.temporaryId !== undefined) {
    const found = seen(admission, one.temporaryId, 10);
    if (found?.phase === 'HANDED_OVER') one.given = one.posted.find(({ queryId }) => queryId === found.queryId);
    dispatch(world);
  }
}

function finish(world: World, one: Client): void {
  if (!one.given) return;
  one.over = true;
  world.running.delete(one.given.queryId);
  settle(world.admission, [one.given.queryId]);
  dispatch(world);
}

type OfferCommand = Extract<ClientCommand, { kind: 'offer' }>;

function takeOffer(world: World, one: Client, waiter: Waiter, { client, outcome }: OfferCommand): void {
  const { admission } = world;
  if (!waiter.claim) return;
  const { id: claimId, backendId } = waiter.claim;
  if (outcome === 'crash') {
    // Accepted by the cluster, but its router does not go on: it is dead, or only slow.
    one.late.push({ claimId, queryId: post(world, one, backendId).queryId, failed: client % 2 === 0 });
    return;
  }
  if (outcome === 'failed' || outcome === 'unauthenticated') {
    release(admission, waiter.id, claimId, outcome);
    dispatch(world);
    return;
  }
  const answers = Array.from({ length: outcome === 'twice' ? 2 : 1 }, () => post(world, one, backendId));
  const taken = answers.filter(({ queryId }) => assign(admission, waiter.id, claimId, queryId));
  must(taken.length <= 1, 'of two assignments at once one is accepted');
}

function comeLate(world: World, one: Client, waiter: Waiter | undefined): void {
  const { admission } = world;
  const { claimId, queryId, failed } = one.late.shift() ?? {};
  if (!waiter || claimId === undefined || queryId === undefined) return;
  const isHeld = waiter.phase === 'CLAIMED' && waiter.claim?.id === claimId;
  if (failed) must(release(admission, waiter.id, claimId, 'failed') === isHeld, 'a lost claim releases nothing');
  else {
    const accepted = assign(admission, waiter.id, claimId, queryId);
    // The lease may have expired with its claim, which is not noticed yet.
    must(isHeld || !accepted, 'a lost claim assigns nothing');
  }
  dispatch(world);
}

function goSilent(world: World, waiter: Waiter, { late }: { late: boolean }): void {
  const { state } = world.admission;
  depart(world.admission, waiter.id, late ? waiter.seenAt - 1 : waiter.seenAt, world.admission.now);
  must(!late || state.waiter(waiter.id) === waiter, 'a later poll is not affected');
  const after = state.waiter(waiter.id);
  must(late || after?.phase !== 'QUEUED' || !isReady(world, after), 'a client that misses its rhythm is passed over');
  // A slot that was kept for its next poll is free.
  dispatch(world);
}
