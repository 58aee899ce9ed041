import { create } from '@bufbuild/protobuf';
import { timestampFromMs } from '@bufbuild/protobuf/wkt';
import type { Client } from '@connectrpc/connect';
import { type Backend, BackendScheduleSchema, type BackendService } from '@trino-gateway/api/gateway';
import { describeError, type Logger } from '@trino-gateway/runtime';
import { type Change, readSchedule, type Schedule } from '@trino-gateway/schedule';
import type { Outbox } from '../gatewayserver/outbox.ts';

/** The uptime schedules of all backends, and what they say now. */
export type Schedules = {
  /** Takes the place of the list before. A schedule that is new or another one is read at once. */
  takeOver(backends: readonly Backend[]): void;
  /** Reads all of them: what has changed is told. */
  look(): void;
  /** Tells all of them again: the gatewayserver may have forgotten. */
  tellAgain(): void;
  /** What the schedule of a backend said at the last look; undefined when it has none. */
  scheduledUp(backendId: string): boolean | undefined;
};

export type SchedulesOptions = {
  backends: Pick<Client<typeof BackendService>, 'reportBackendSchedule'>;
  outbox: Pick<Outbox, 'put' | 'drop'>;
  logger: Logger;
  /** Epoch milliseconds; default the clock. */
  now?: () => number;
};

type Entry = {
  uptimeSchedule: string;
  timeZone: string;
  schedule: Schedule;
  /** What was told last. */
  told: { up: boolean; changes: Change[]; at: number } | undefined;
};

const MOST_CHANGES = 10;
/** What has not changed is told again so often: the gatewayserver may have lost it, and the changes known grow fewer. */
const RETELL_MS = 600_000;

/** No schedule known yet. */
export function createSchedules({ backends, outbox, logger, now = Date.now }: SchedulesOptions): Schedules {
  const entries = new Map<string, Entry>();

  const lookAt = (backendId: string, entry: Entry, always: boolean) => {
    const { schedule, told, uptimeSchedule, timeZone } = entry;
    const at = now();
    const up = schedule.isUp(at);
    // A clock that was set back is a reason like any other.
    const isOld = told === undefined || at < told.at || at - told.at >= RETELL_MS;
    const hasChanged = told?.up !== up || (told.changes[0] && told.changes[0].at <= at);
    if (!always && !isOld && !hasChanged) return;
    const changes = schedule.nextChanges(at, MOST_CHANGES);
    entry.told = { up, changes, at };
    const finding = create(BackendScheduleSchema, {
      backendId,
      scheduledUp: up,
      nextChanges: changes.map((change) => ({ at: timestampFromMs(change.at), scheduledUp: change.up })),
      observedAt: timestampFromMs(at),
      uptimeSchedule,
      timeZone,
    });
    outbox.put(keyOf(backendId), (signal) => backends.reportBackendSchedule({ schedule: finding }, { signal }));
    if (told?.up === up) return;
    const until = changes[0] ? { until: new Date(changes[0].at).toISOString() } : {};
    logger.info(`a backend is ${up ? 'inside' : 'outside'} its uptime schedule`, { backend: backendId, ...until });
  };
  const lookAtAll = (always: boolean) => {
    for (const [id, entry] of entries) lookAt(id, entry, always);
  };
  const forget = (backendId: string) => {
    entries.delete(backendId);
    outbox.drop(keyOf(backendId));
  };
  const add = ({ id, uptimeSchedule, timeZone }: Backend) => {
    try {
      const schedule = readSchedule(uptimeSchedule, timeZone);
      const entry: Entry = { uptimeSchedule, timeZone, schedule, told: undefined };
      entries.set(id, entry);
      lookAt(id, entry, true);
    } catch (error) {
      // The gatewayserver has checked it: its time zones are newer than ours.
      logger.warn('an uptime schedule cannot be read: the backend counts as inside it', {
        backend: id,
        error: describeError(error),
      });
    }
  };
  return {
    takeOver: (list) => {
      const wanted = new Map(list.filter((one) => one.uptimeSchedule !== '').map((backend) => [backend.id, backend]));
      for (const id of [...entries.keys()]) if (!wanted.has(id)) forget(id);
      for (const backend of wanted.values()) {
        const known = entries.get(backend.id);
        if (known?.uptimeSchedule === backend.uptimeSchedule && known.timeZone === backend.timeZone) continue;
        forget(backend.id);
        add(backend);
      }
    },
    look: () => lookAtAll(false),
    tellAgain: () => lookAtAll(true),
    scheduledUp: (backendId) => entries.get(backendId)?.told?.up,
  };
}

function keyOf(backendId: string): string {
  return `schedule ${backendId}`;
}
