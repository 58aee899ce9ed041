import { offerSlots } from '../../../src/admission/rules/offer-slots.ts';
import { freeBackends } from '../../../src/admission/rules/slots.ts';
import type { Waiter } from '../../../src/admission/state/waiter.ts';
import { must } from '../../support/must.ts';
import type { World } from './world.ts';

/** Waiters without a slot offer. */
export function queued({ admission }: World): Waiter[] {
  return [...admission.state.waiters()].filter(({ phase }) => phase === 'QUEUED');
}

/** Whether a waiter is present, and does not pause. */
export function isReady({ admission }: World, { presentUntil, pausedUntil }: Waiter): boolean {
  return presentUntil > admission.now && pausedUntil <= admission.now;
}

/** The backends with a slot that a waiter may have. */
export function freeFor({ admission }: World, { groupId, user, failedBackendIds }: Waiter): string[] {
  return freeBackends(admission.state, admission.limits, groupId, user, failedBackendIds);
}

/** Offers slots. @throws Error when the order was not fair */
export function dispatch(world: World): void {
  const { state } = world.admission;
  const before = queued(world);
  offerSlots(world.admission);
  world.offersPending = false;
  for (const one of before) {
    const offered = state.waiter(one.id);
    if (offered?.phase !== 'CLAIMED') continue;
    must(isReady(world, one), 'no absent waiter is offered a slot');
    must(!state.isHeld(one.groupId), 'no waiter of a held group is started');
    checkOrder(world, offered, before);
  }
}

/** Something has changed, and slots are offered now, or not yet. */
export function changed(world: World, { offersNow }: { offersNow: boolean }): void {
  if (offersNow) dispatch(world);
  else world.offersPending = true;
}

/** No present waiter of the same group, user and priority that could have started was passed over. */
function checkOrder(world: World, offered: Waiter, before: readonly Waiter[]): void {
  const { state } = world.admission;
  const couldHaveGone = before.filter(
    (other) =>
      other.groupId === offered.groupId &&
      other.priority >= offered.priority &&
      isReady(world, other) &&
      state.waiter(other.id)?.phase === 'QUEUED' &&
      !other.failedBackendIds.includes(offered.claim?.backendId ?? ''),
  );
  const isOvertaken = couldHaveGone.some((other) => other.user === offered.user && other.place < offered.place);
  must(!isOvertaken, 'no present waiter is overtaken by the same user');
  if (!world.circumstances.fairShare) return;
  const running = ({ groupId, user }: Waiter) => state.ofUser(groupId, user);
  const isPoorer = couldHaveGone.some((other) => running(other) + 1 < running(offered));
  must(!isPoorer, 'no waiter starts before a user with fewer running queries');
}
