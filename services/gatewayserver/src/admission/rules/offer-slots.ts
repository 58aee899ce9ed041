import type { Limits } from '../limits/limits.ts';
import type { AdmissionState } from '../state/admission-state.ts';
import type { Admission } from './admission.ts';
import { freeBackends, nextOffer } from './slots.ts';
import { takeLease } from './take-lease.ts';
import { patienceMs } from './times.ts';

/** Offers every free slot to the next waiter; first of all to queries whose lease has expired and that were polled since. */
export function offerSlots(admission: Admission): void {
  renewReserved(admission);
  const { state, limits, times, now, newClaimId } = admission;
  for (;;) {
    const offer = nextOffer(state, limits, state.queuedGroupIds(), now);
    if (!offer) return;
    const { waiter, groupId, backendId } = offer;
    takeLease(admission, { ...waiter, groupId }, backendId);
    const { presentUntil, rhythmMs } = waiter;
    const expectedUntil =
      admission.expectedUntil(waiter.id) ?? Math.min(presentUntil, now + patienceMs(times, rhythmMs));
    const pickedUp = waiter.heldUntil > now || expectedUntil === Number.POSITIVE_INFINITY;
    // Between two polls it is reserved for as long as the next one may take.
    const until = pickedUp ? now + times.claimMs : Math.max(now + times.pickUpMs, expectedUntil);
    const spilled = groupId === waiter.groupId ? {} : { groupId };
    const claim = { id: newClaimId(), backendId, ...spilled, pickedUp, until };
    state.putWaiter({ ...waiter, phase: 'CLAIMED', claim });
  }
}

function renewReserved({ state, limits, times, now }: Admission): void {
  for (const lease of state.reserved()) {
    const { wantedUntil = 0, wantedMs = times.reservedMs, backendId, groupId, user } = lease;
    if (wantedUntil <= now || !hasFreeSlot(state, limits, backendId, groupId, user)) continue;
    state.putLease({ ...lease, phase: 'HANDED_OUT', until: now + wantedMs });
  }
}

/** Whether a query of this user could run on this backend now. Of a group that is not there, the backend's limit alone counts. */
export function hasFreeSlot(
  state: AdmissionState,
  limits: Limits,
  backendId: string,
  groupId: string,
  user: string,
): boolean {
  if (limits.group(groupId)) return freeBackends(state, limits, groupId, user).includes(backendId);
  const most = limits.maxOnBackend(backendId);
  return most === 0 || state.onBackend(backendId) + limits.externalOn(backendId) < most;
}
