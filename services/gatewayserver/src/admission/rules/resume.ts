import type { Admission } from './admission.ts';

/**
 * After a break in which nobody could be heard: who was present when it began counts as present for a moment longer, in which
 * its poll finds its way back. So the order of arrival outlasts the break. Who had gone before stays absent.
 */
export function resume({ state, times, now }: Admission): void {
  const waiting = [...state.waiting()].filter(({ phase }) => phase === 'QUEUED');
  const brokeOffAt = waiting.reduce((latest, { seenAt }) => Math.max(latest, seenAt), 0);
  const presentUntil = now + times.resumeMs;
  for (const waiter of waiting)
    if (waiter.presentUntil >= brokeOffAt && waiter.presentUntil < presentUntil)
      state.putWaiter({ ...waiter, presentUntil });
}
