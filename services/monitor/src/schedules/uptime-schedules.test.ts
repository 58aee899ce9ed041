import { create, type MessageInitShape } from '@bufbuild/protobuf';
import { timestampMs } from '@bufbuild/protobuf/wkt';
import { expect, test } from '@jest/globals';
import { type BackendSchedule, BackendSchema } from '@trino-gateway/api/gateway';
import { type Logger, silentLogger } from '@trino-gateway/runtime';
import { createUptimeSchedules } from './uptime-schedules.ts';

const OFFICE = { uptimeSchedule: '* 8-17 * * 1-5', timeZone: 'Europe/Vienna' };

/** Schedules on a clock of the test's own, with all that was reported and logged. */
function testSchedules(time: string) {
  const reported: BackendSchedule[] = [];
  const waiting = new Set<string>();
  const lines: string[] = [];
  let now = Date.parse(time);
  const keep = (message: string, fields?: Record<string, unknown>) =>
    void lines.push(`${message} ${JSON.stringify(fields)}`);
  const logger: Logger = { ...silentLogger, info: keep, warn: keep };
  const schedules = createUptimeSchedules({
    now: () => now,
    logger,
    backends: {
      reportBackendSchedule: async ({ schedule }) => {
        if (schedule) reported.push(schedule as BackendSchedule);
        return { $typeName: 'trinogateway.v1.ReportBackendScheduleResponse' };
      },
    },
    outbox: {
      put: (key, send) => {
        waiting.add(key);
        void send(new AbortController().signal);
      },
      drop: (key) => void waiting.delete(key),
    },
  });
  return {
    schedules,
    lines,
    waiting,
    setBackends: (...backends: MessageInitShape<typeof BackendSchema>[]) =>
      schedules.setBackends(backends.map((backend) => create(BackendSchema, backend))),
    evaluateAt: (later: string) => {
      now = Date.parse(later);
      schedules.evaluate();
    },
    /** What was reported since the last call. */
    reported: () =>
      reported
        .splice(0)
        .map(({ backendId, scheduledUp, nextChanges }) =>
          [
            `${backendId} ${scheduledUp ? 'up' : 'down'}`,
            ...nextChanges
              .slice(0, 2)
              .map((change) => change.at && new Date(timestampMs(change.at)).toISOString().slice(0, 16)),
          ].join(' '),
        ),
  };
}

test('a new backend, or a new schedule, is evaluated at once', () => {
  const { setBackends, reported, schedules } = testSchedules('2026-11-20T06:00:30Z');
  setBackends({ id: 'a', ...OFFICE }, { id: 'always' });
  expect(reported()).toEqual(['a down 2026-11-20T07:00 2026-11-20T17:00']);
  expect(schedules.scheduledUp('a')).toBe(false);
  expect(schedules.scheduledUp('always')).toBeUndefined();
  setBackends({ id: 'a', ...OFFICE, weight: 3 });
  expect(reported()).toEqual([]);
  setBackends({ id: 'a', ...OFFICE, timeZone: 'Asia/Tokyo' });
  expect(reported()).toEqual(['a up 2026-11-20T09:00 2026-11-22T23:00']);
  setBackends({ id: 'a' });
  expect(reported()).toEqual([]);
  expect(schedules.scheduledUp('a')).toBeUndefined();
});

test('a change is reported and logged in its minute, and nothing in between', () => {
  const { setBackends, reported, evaluateAt, lines } = testSchedules('2026-11-20T06:58:00Z');
  setBackends({ id: 'a', ...OFFICE });
  reported();
  evaluateAt('2026-11-20T06:59:00Z');
  expect(reported()).toEqual([]);
  evaluateAt('2026-11-20T07:00:00Z');
  expect(reported()).toEqual(['a up 2026-11-20T17:00 2026-11-23T07:00']);
  evaluateAt('2026-11-20T07:01:00Z');
  expect(reported()).toEqual([]);
  expect(lines).toEqual([
    'a backend is outside its uptime schedule {"backend":"a","until":"2026-11-20T07:00:00.000Z"}',
    'a backend is inside its uptime schedule {"backend":"a","until":"2026-11-20T17:00:00.000Z"}',
  ]);
});

test('a monitor that slept over a change and its end reports the changes that are still to come', () => {
  const { setBackends, reported, evaluateAt } = testSchedules('2026-11-20T07:59:00Z');
  setBackends({ id: 'a', uptimeSchedule: '0 8 * * *' });
  reported();
  evaluateAt('2026-11-20T08:02:00Z');
  expect(reported()).toEqual(['a down 2026-11-21T08:00 2026-11-21T08:01']);
});

test('a schedule is reported again every ten minutes, and on demand', () => {
  const { setBackends, reported, evaluateAt, lines, schedules } = testSchedules('2026-11-20T10:00:00Z');
  setBackends({ id: 'a', ...OFFICE });
  reported();
  evaluateAt('2026-11-20T10:09:00Z');
  expect(reported()).toEqual([]);
  evaluateAt('2026-11-20T10:10:00Z');
  expect(reported()).toHaveLength(1);
  schedules.reportAgain();
  expect(reported()).toHaveLength(1);
  expect(lines).toHaveLength(1);
});

test('waiting reports of a removed backend are dropped', () => {
  const { setBackends, waiting } = testSchedules('2026-11-20T10:00:00Z');
  setBackends({ id: 'a', ...OFFICE });
  expect([...waiting]).toEqual(['schedule a']);
  setBackends();
  expect([...waiting]).toEqual([]);
});

test('a schedule that this monitor cannot read does not affect the others', () => {
  const { setBackends, reported, lines } = testSchedules('2026-11-20T10:00:00Z');
  setBackends({ id: 'a', uptimeSchedule: '* * * * *', timeZone: 'Mars/Olympus' }, { id: 'b', ...OFFICE });
  expect(reported()).toEqual(['b up 2026-11-20T17:00 2026-11-23T07:00']);
  expect(lines[0]).toContain('cannot be read');
});
