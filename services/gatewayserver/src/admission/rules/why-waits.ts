import type { Limits } from '../limits/limits.ts';
import { spillOverOf, spillsOverAfterMs } from '../limits/spill-over.ts';
import type { AdmissionState } from '../state/admission-state.ts';
import type { Waiter } from '../state/waiter.ts';
import { freeBackends, freeBackendsOf } from './slots.ts';

/** Why a query waits, as a sentence for operators. */
export function whyWaits(state: AdmissionState, limits: Limits, waiter: Waiter, now: number): string {
  const { groupId, user, phase, claim, onlyBackendId } = waiter;
  const group = limits.group(groupId);
  if (phase === 'CLAIMED') return `it is being given to backend ${claim?.backendId}`;
  if (!group) return `group ${groupId} does not exist`;
  if (state.isHeld(groupId)) return `group ${groupId} is held by an operator`;
  if (waiter.pausedUntil > now) return 'every backend has just failed for it: they are asked again in a moment';
  const running = state.ofUser(groupId, user);
  if (group.maxRunningOfUser > 0 && running >= group.maxRunningOfUser)
    return `its user has ${running} queries of ${group.maxRunningOfUser} running`;
  if (!group.backendIds.some(limits.isAvailable))
    return `no backend of group ${groupId} is available${onItsWay(limits, waiter)}${goesOn(state, limits, waiter, now)}`;
  if (freeBackendsOf(state, limits, waiter).length === 0 && onlyBackendId !== undefined)
    return `no slot of backend ${onlyBackendId} is free, and no other may take it`;
  if (freeBackendsOf(state, limits, waiter).length === 0)
    return `all slots of group ${groupId} are taken${externalPart(limits, group.backendIds)}${goesOn(state, limits, waiter, now)}`;
  return waiter.presentUntil > now ? 'it is about to start' : 'a slot is free, but its client does not poll';
}

/** What autoscaling does about that; it helps none that only one backend may take. */
function onItsWay(limits: Limits, { groupId, onlyBackendId }: Waiter): string {
  const coming = onlyBackendId === undefined ? limits.coming(groupId) : undefined;
  return coming === undefined ? '' : `: ${coming}`;
}

/** Where it goes on to, and when. */
function goesOn(state: AdmissionState, limits: Limits, waiter: Waiter, now: number): string {
  const { groupId, user, queuedAt, failedBackendIds } = waiter;
  const next = spillOverOf(state, limits, waiter, Number.POSITIVE_INFINITY);
  if (next === undefined) return '';
  const leftMs = spillsOverAfterMs(limits, groupId) - (now - queuedAt);
  if (leftMs > 0) return `; it spills over to group ${next} after ${Math.ceil(leftMs / 1_000)} s`;
  const isFree = freeBackends(state, limits, next, user, failedBackendIds).length > 0;
  return isFree
    ? `; it may spill over to group ${next} now`
    : `; group ${next}, to which it spills over, has no slot either`;
}

function externalPart(limits: Limits, backendIds: readonly string[]): string {
  const external = backendIds.reduce((sum, id) => sum + (limits.maxOnBackend(id) > 0 ? limits.externalOn(id) : 0), 0);
  return external === 0 ? '' : `, ${external} of them by queries that did not come through the gateway`;
}
