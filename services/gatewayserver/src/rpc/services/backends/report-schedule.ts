import { timestampFromMs } from '@bufbuild/protobuf/wkt';
import type { BackendSchedule } from '@trino-gateway/api/gateway';
import { scheduleProblems } from '@trino-gateway/schedule';
import { checkedId, invalid, refuseProblems } from '../../../configuration/validation.ts';
import { epochMs } from '../../../routing/availability/timestamps.ts';
import type { RpcContext, Tables } from '../context.ts';
import { requireBackend } from '../require-backend.ts';

const MOST_CHANGES = 10;

/** Puts what the monitor read from the schedule of one backend in force. */
export async function reportSchedule(
  { store, configuration, now }: Pick<RpcContext, 'configuration' | 'now'> & Tables<'conditions'>,
  reported: BackendSchedule | undefined,
): Promise<void> {
  const schedule = checkedSchedule(reported, now());
  await requireBackend({ configuration }, schedule.backendId, 'schedule.backend_id');
  try {
    await store.conditions.putSchedule(schedule);
  } finally {
    // In force here even while the database is away, as a status is.
    configuration.applyWrite('conditions', ({ schedules }) => {
      const before = schedules.get(schedule.backendId);
      if (epochMs(before?.observedAt) <= epochMs(schedule.observedAt)) schedules.set(schedule.backendId, schedule);
    });
  }
}

function checkedSchedule(schedule: BackendSchedule | undefined, now: number): BackendSchedule {
  if (!schedule) throw invalid('schedule', 'expected an object, got nothing');
  checkedId(schedule.backendId, 'schedule.backend_id');
  if (schedule.uptimeSchedule === '') throw invalid('schedule.uptime_schedule', 'expected the schedule that was read');
  refuseProblems(
    scheduleProblems(schedule.uptimeSchedule, schedule.timeZone).map(({ field, message }) => ({
      field: `schedule.${field}`,
      message,
    })),
  );
  const { nextChanges } = schedule;
  if (nextChanges.length > MOST_CHANGES)
    throw invalid('schedule.next_changes', `expected at most ${MOST_CHANGES}, got ${nextChanges.length}`);
  nextChanges.forEach(({ at }, index) => {
    const earlier = index === 0 ? 0 : epochMs(nextChanges[index - 1]?.at);
    if (epochMs(at) <= earlier)
      throw invalid(`schedule.next_changes[${index}].at`, 'expected a time after the one before');
  });
  const observedAt = schedule.observedAt ? epochMs(schedule.observedAt) : now;
  // A clock that is ahead must not shut out later reports.
  return { ...schedule, observedAt: timestampFromMs(Math.min(Math.max(observedAt, 0), now)) };
}
