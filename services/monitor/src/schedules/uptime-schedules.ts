import { create } from '@bufbuild/protobuf';
import { timestampFromMs } from '@bufbuild/protobuf/wkt';
import type { Client } from '@connectrpc/connect';
import { type Backend, BackendScheduleSchema, type BackendService } from '@trino-gateway/api/gateway';
import { describeError, type Logger } from '@trino-gateway/runtime';
import { type Change, readSchedule, type Schedule } from '@trino-gateway/schedule';
import type { Outbox } from '../gatewayserver/outbox.ts';

/** The uptime schedules of all backends, and what they say now. */
export type UptimeSchedules = {
  /** Replaces the list. A schedule that is new or has changed is evaluated at once. */
  setBackends(backends: readonly Backend[]): void;
  /** Evaluates all of them and reports what has changed. */
  evaluate(): void;
  /** Reports all of them again: the gatewayserver may have forgotten. */
  reportAgain(): void;
  /** What the schedule of a backend said when it was last reported; undefined when it has none. */
  scheduledUp(backendId: string): boolean | undefined;
};

export type UptimeSchedulesOptions = {
  backends: Pick<Client<typeof BackendService>, 'reportBackendSchedule'>;
  outbox: Pick<Outbox, 'put' | 'drop'>;
  logger: Logger;
  /** Epoch milliseconds; default the clock. */
  now?: () => number;
};

/** What a schedule said at one moment. */
type Phase = { up: boolean; changes: Change[]; at: number };

type Entry = Pick<Backend, 'uptimeSchedule' | 'timeZone'> & { schedule: Schedule; reported: Phase | undefined };

const MOST_CHANGES = 10;
/** A schedule is reported at least this often: the gatewayserver may have lost it, and the reported changes run out. */
const REPORT_AGAIN_MS = 600_000;

/** No schedule known yet. */
export function createUptimeSchedules(options: UptimeSchedulesOptions): UptimeSchedules {
  const { backends, outbox, logger, now = Date.now } = options;
  const entries = new Map<string, Entry>();

  const report = (backendId: string, entry: Entry) => {
    const before = entry.reported;
    const phase = phaseOf(entry.schedule, now());
    entry.reported = phase;
    const schedule = reportOf(backendId, entry, phase);
    outbox.put(keyOf(backendId), (signal) => backends.reportBackendSchedule({ schedule }, { signal }));
    if (before?.up === phase.up) return;
    const until = phase.changes[0] ? { until: new Date(phase.changes[0].at).toISOString() } : {};
    logger.info(`a backend is ${phase.up ? 'inside' : 'outside'} its uptime schedule`, {
      backend: backendId,
      ...until,
    });
  };
  const remove = (backendId: string) => {
    entries.delete(backendId);
    outbox.drop(keyOf(backendId));
  };
  const add = ({ id, uptimeSchedule, timeZone }: Backend) => {
    try {
      const entry = { uptimeSchedule, timeZone, schedule: readSchedule(uptimeSchedule, timeZone), reported: undefined };
      entries.set(id, entry);
      report(id, entry);
    } catch (error) {
      // The gatewayserver has validated it: its time zones are newer than ours.
      logger.warn('an uptime schedule cannot be read: the backend counts as inside it', {
        backend: id,
        error: describeError(error),
      });
    }
  };
  return {
    setBackends: (list) => {
      const scheduled = new Map(
        list.filter((one) => one.uptimeSchedule !== '').map((backend) => [backend.id, backend]),
      );
      for (const id of [...entries.keys()]) if (!scheduled.has(id)) remove(id);
      for (const backend of scheduled.values()) {
        const known = entries.get(backend.id);
        if (known?.uptimeSchedule === backend.uptimeSchedule && known.timeZone === backend.timeZone) continue;
        remove(backend.id);
        add(backend);
      }
    },
    evaluate: () => {
      for (const [id, entry] of entries) if (isDue(entry, now())) report(id, entry);
    },
    reportAgain: () => {
      for (const [id, entry] of entries) report(id, entry);
    },
    scheduledUp: (backendId) => entries.get(backendId)?.reported?.up,
  };
}

/** Whether a report is due: the schedule changed, or what was reported is old. */
function isDue({ schedule, reported }: Entry, at: number): boolean {
  if (reported === undefined) return true;
  // A clock that was set back counts like a report that is old.
  if (at < reported.at || at - reported.at >= REPORT_AGAIN_MS) return true;
  const [next] = reported.changes;
  return schedule.isUp(at) !== reported.up || (next !== undefined && next.at <= at);
}

function phaseOf(schedule: Schedule, at: number): Phase {
  return { up: schedule.isUp(at), changes: schedule.nextChanges(at, MOST_CHANGES), at };
}

function reportOf(backendId: string, { uptimeSchedule, timeZone }: Entry, { up, changes, at }: Phase) {
  return create(BackendScheduleSchema, {
    backendId,
    scheduledUp: up,
    nextChanges: changes.map((change) => ({ at: timestampFromMs(change.at), scheduledUp: change.up })),
    observedAt: timestampFromMs(at),
    uptimeSchedule,
    timeZone,
  });
}

function keyOf(backendId: string): string {
  return `schedule ${backendId}`;
}
