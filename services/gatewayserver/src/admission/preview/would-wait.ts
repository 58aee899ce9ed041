import type { Admission } from '../rules/admission.ts';
import type { Observation } from '../rules/observed-limits.ts';
import { offerSlots } from '../rules/offer-slots.ts';
import { enqueue, type Newcomer } from '../rules/queue.ts';
import { estimatedStart, startedLastMinute } from '../rules/turnover.ts';
import { whyWaits } from '../rules/why-waits.ts';

/** How a newcomer would wait, or why it may not. */
export type WouldWait =
  | { kind: 'waits'; position: number; why: string; startsAt: number | undefined; observed?: Observation | undefined }
  | { kind: 'full'; message: string };

/** Queues a newcomer for which there is no slot, as one does who was just told so. For states whose changes are undone. */
export function wouldWait(admission: Admission, newcomer: Newcomer): WouldWait {
  // Whoever was told so has caused free slots to be offered before.
  offerSlots(admission);
  const queued = enqueue(admission, newcomer);
  if (queued.kind === 'full') return queued;
  const { state, limits, now } = admission;
  const { waiter, observed } = queued;
  const position = state.positionOf(waiter);
  const started = startedLastMinute(state, now).get(waiter.groupId) ?? 0;
  const startsAt = state.isHeld(waiter.groupId) ? undefined : estimatedStart(position, started, now);
  return { kind: 'waits', position, why: whyWaits(state, limits, waiter, now), startsAt, observed };
}
