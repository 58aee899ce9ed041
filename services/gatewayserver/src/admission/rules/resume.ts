import type { Admission } from './admission.ts';
import { patienceMs } from './times.ts';

/**
 * Grace period in which waiters present before an outage count as present: their polls need a moment to come back. So the order
 * of arrival survives the outage. Waiters that were absent before it stay absent.
 */
export function resume({ state, times, now }: Admission): void {
  const waiting = [...state.waiting()].filter(({ phase }) => phase === 'QUEUED');
  const brokeOffAt = waiting.reduce((latest, { seenAt }) => Math.max(latest, seenAt), 0);
  for (const waiter of waiting) {
    const presentUntil = now + Math.max(times.resumeMs, patienceMs(times, waiter.rhythmMs));
    if (waiter.presentUntil >= brokeOffAt && waiter.presentUntil < presentUntil)
      state.putWaiter({ ...waiter, presentUntil });
  }
}
