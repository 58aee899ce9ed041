import type { Backend, BackendSchedule } from '@trino-gateway/api/gateway';
import { epochMs } from './timestamps.ts';

/** What a schedule says at one moment, and until when (epoch milliseconds; Infinity when no change is known). */
export type Phase = { up: boolean; until: number };

// A finding about a schedule the backend had before counts for nothing.
function isAbout(schedule: BackendSchedule, { uptimeSchedule, timeZone }: Backend): boolean {
  return uptimeSchedule !== '' && schedule.uptimeSchedule === uptimeSchedule && schedule.timeZone === timeZone;
}

/**
 * What the monitor's finding means at this moment: a change it announced holds from its time on, also when the monitor
 * has been silent since. Undefined when nothing is known about the schedule the backend has now.
 */
export function phaseAt(backend: Backend, schedule: BackendSchedule | undefined, now: number): Phase | undefined {
  if (!schedule || !isAbout(schedule, backend)) return undefined;
  let up = schedule.scheduledUp;
  for (const change of schedule.nextChanges) {
    const at = epochMs(change.at);
    if (at > now) return { up, until: at };
    up = change.scheduledUp;
  }
  return { up, until: Number.POSITIVE_INFINITY };
}

/** The finding as it stands at this moment: without the changes that are over. Undefined as for {@link phaseAt}. */
export function scheduleAt(
  backend: Backend,
  schedule: BackendSchedule | undefined,
  now: number,
): BackendSchedule | undefined {
  const phase = phaseAt(backend, schedule, now);
  if (!schedule || !phase) return undefined;
  return {
    ...schedule,
    scheduledUp: phase.up,
    nextChanges: schedule.nextChanges.filter(({ at }) => epochMs(at) > now),
  };
}
