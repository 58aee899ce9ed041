import { spillOverOf } from '../../../src/admission/limits/spill-over.ts';
import { offerSlots } from '../../../src/admission/rules/offer-slots.ts';
import { freeBackends } from '../../../src/admission/rules/slots.ts';
import type { Waiter } from '../../../src/admission/state/waiter.ts';
import { compareWaiters } from '../../../src/admission/state/waiting-line.ts';
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

/** The group that a waiter may start in besides its own. */
function nextGroup({ admission: { state, limits, now } }: World, waiter: Waiter): string | undefined {
  return spillOverOf(state, limits, waiter, now - waiter.queuedAt);
}

/** The backends with a slot that a waiter may have. */
export function freeFor(world: World, waiter: Waiter): string[] {
  const { state, limits } = world.admission;
  const { groupId, user, failedBackendIds } = waiter;
  const next = nextGroup(world, waiter);
  const groupIds = next === undefined ? [groupId] : [groupId, next];
  return groupIds.flatMap((id) => freeBackends(state, limits, id, user, failedBackendIds));
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
    checkSpillOver(world, offered);
    checkOrder(world, offered, before);
  }
}

/** Something has changed, and slots are offered now, or not yet. */
export function changed(world: World, { offersNow }: { offersNow: boolean }): void {
  if (offersNow) dispatch(world);
  else world.offersPending = true;
}

/** What goes on to another group has waited for long enough, may do so, and holds its slot there. */
function checkSpillOver({ admission, circumstances }: World, { claim, strict, queuedAt, submissionId }: Waiter): void {
  const { state, limits, now } = admission;
  if (claim?.groupId === undefined) return;
  const { groupId } = claim;
  must(strict !== true, 'what is strict stays in its group');
  const { spillOverAfterMs: afterMs = Number.POSITIVE_INFINITY, queuesWhenUnavailable } = circumstances;
  must(now - queuedAt >= afterMs || !queuesWhenUnavailable, 'nobody goes on to another group too early');
  must(!state.isHeld(groupId), 'no query starts in a held group');
  must(state.lease(submissionId)?.groupId === groupId, 'the lease counts in the group of the slot');
  must(limits.group(groupId)?.backendIds.includes(claim.backendId) === true, 'the slot is of the spill-over group');
}

function isAtLimit({ admission: { state }, circumstances: { perUser } }: World, { groupId, user }: Waiter): boolean {
  return perUser > 0 && state.ofUser(groupId, user) >= perUser;
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
      !other.failedBackendIds.includes(offered.claim?.backendId ?? '') &&
      (offered.claim?.groupId === undefined || nextGroup(world, other) === offered.claim.groupId),
  );
  const isOvertaken = couldHaveGone.some((other) => other.user === offered.user && other.place < offered.place);
  must(!isOvertaken, 'no present waiter is overtaken by the same user');
  const { claim } = offered;
  if (claim?.groupId !== undefined && !world.circumstances.fairShare) {
    const isInTheWay = before.some(
      (other) =>
        other.groupId === claim.groupId &&
        compareWaiters(other, offered) < 0 &&
        isReady(world, other) &&
        state.waiter(other.id)?.phase === 'QUEUED' &&
        !other.failedBackendIds.includes(claim.backendId) &&
        !isAtLimit(world, other),
    );
    must(!isInTheWay, 'what goes on to another group overtakes nobody who waits there');
  }
  if (!world.circumstances.fairShare) return;
  const running = ({ user }: Waiter) => state.ofUser(offered.claim?.groupId ?? offered.groupId, user);
  const isPoorer = couldHaveGone.some((other) => running(other) + 1 < running(offered));
  must(!isPoorer, 'no waiter starts before a user with fewer running queries');
}
