import type { Backend, BackendSchedule } from '@trino-gateway/api/gateway';
import { epochMs } from './timestamps.ts';

/** Whether a backend is up by its uptime schedule, and until when (epoch milliseconds; Infinity when no change is known). */
export type Phase = { up: boolean; until: number };

/** What was found about a schedule that the backend had before counts for nothing. */
function isAbout(schedule: BackendSchedule, { uptimeSchedule, timeZone }: Backend): boolean {
  return uptimeSchedule !== '' && schedule.uptimeSchedule === uptimeSchedule && schedule.timeZone === timeZone;
}

/**
 * The phase now, by what the monitor read from the schedule: a change it announced holds from its time on, also while the
 * monitor is silent. Undefined when nothing is known about the schedule that the backend has now.
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

/** What the monitor read from the schedule, without the changes that are over. Undefined as for {@link phaseAt}. */
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
