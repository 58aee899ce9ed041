import { create, type MessageInitShape } from '@bufbuild/protobuf';
import { timestampMs } from '@bufbuild/protobuf/wkt';
import { expect, test } from '@jest/globals';
import { type BackendSchedule, BackendSchema } from '@trino-gateway/api/gateway';
import { type Logger, silentLogger } from '@trino-gateway/runtime';
import { createSchedules } from './uptime-schedules.ts';

const OFFICE = { uptimeSchedule: '* 8-17 * * 1-5', timeZone: 'Europe/Vienna' };

/** Schedules on a clock of the test's own, with all that was told and logged. */
function testSchedules(time: string) {
  const told: BackendSchedule[] = [];
  const waiting = new Set<string>();
  const lines: string[] = [];
  let now = Date.parse(time);
  const keep = (message: string, fields?: Record<string, unknown>) =>
    void lines.push(`${message} ${JSON.stringify(fields)}`);
  const logger: Logger = { ...silentLogger, info: keep, warn: keep };
  const schedules = createSchedules({
    now: () => now,
    logger,
    backends: {
      reportBackendSchedule: async ({ schedule }) => {
        if (schedule) told.push(schedule as BackendSchedule);
        return { $typeName: 'trinogateway.v1.ReportBackendScheduleResponse' };
      },
    },
    outbox: {
      put: (key, tell) => {
        waiting.add(key);
        void tell(new AbortController().signal);
      },
      drop: (key) => void waiting.delete(key),
    },
  });
  return {
    schedules,
    lines,
    waiting,
    takeOver: (...backends: MessageInitShape<typeof BackendSchema>[]) =>
      schedules.takeOver(backends.map((backend) => create(BackendSchema, backend))),
    lookAt: (later: string) => {
      now = Date.parse(later);
      schedules.look();
    },
    /** What was told since the last call. */
    told: () =>
      told
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

test('a new backend, or a new schedule, waits for the next minute', () => {
  const { takeOver, told, schedules } = testSchedules('2026-11-20T06:00:30Z');
  takeOver({ id: 'a', ...OFFICE }, { id: 'always' });
  expect(told()).toEqual(['a down 2026-11-20T07:00 2026-11-20T17:00']);
  expect(schedules.scheduledUp('a')).toBe(false);
  expect(schedules.scheduledUp('always')).toBeUndefined();
  takeOver({ id: 'a', ...OFFICE, weight: 3 });
  expect(told()).toEqual([]);
  takeOver({ id: 'a', ...OFFICE, timeZone: 'Asia/Tokyo' });
  expect(told()).toEqual(['a up 2026-11-20T09:00 2026-11-22T23:00']);
  takeOver({ id: 'a' });
  expect(told()).toEqual([]);
  expect(schedules.scheduledUp('a')).toBeUndefined();
});

test('a change is told and logged in its minute, and nothing in between', () => {
  const { takeOver, told, lookAt, lines } = testSchedules('2026-11-20T06:58:00Z');
  takeOver({ id: 'a', ...OFFICE });
  told();
  lookAt('2026-11-20T06:59:00Z');
  expect(told()).toEqual([]);
  lookAt('2026-11-20T07:00:00Z');
  expect(told()).toEqual(['a up 2026-11-20T17:00 2026-11-23T07:00']);
  lookAt('2026-11-20T07:01:00Z');
  expect(told()).toEqual([]);
  expect(lines).toEqual([
    'a backend is outside its uptime schedule {"backend":"a","until":"2026-11-20T07:00:00.000Z"}',
    'a backend is inside its uptime schedule {"backend":"a","until":"2026-11-20T17:00:00.000Z"}',
  ]);
});

test('a monitor that slept over a change and its end does not notice that the changes it told are over', () => {
  const { takeOver, told, lookAt } = testSchedules('2026-11-20T07:59:00Z');
  takeOver({ id: 'a', uptimeSchedule: '0 8 * * *' });
  told();
  lookAt('2026-11-20T08:02:00Z');
  expect(told()).toEqual(['a down 2026-11-21T08:00 2026-11-21T08:01']);
});

test('a gatewayserver that has forgotten is never told again', () => {
  const { takeOver, told, lookAt, lines, schedules } = testSchedules('2026-11-20T10:00:00Z');
  takeOver({ id: 'a', ...OFFICE });
  told();
  lookAt('2026-11-20T10:09:00Z');
  expect(told()).toEqual([]);
  lookAt('2026-11-20T10:10:00Z');
  expect(told()).toHaveLength(1);
  schedules.tellAgain();
  expect(told()).toHaveLength(1);
  expect(lines).toHaveLength(1);
});

test('what waits to be told of a backend that is gone would be refused for ever', () => {
  const { takeOver, waiting } = testSchedules('2026-11-20T10:00:00Z');
  takeOver({ id: 'a', ...OFFICE });
  expect([...waiting]).toEqual(['schedule a']);
  takeOver();
  expect([...waiting]).toEqual([]);
});

test('a schedule this monitor cannot read stops no other', () => {
  const { takeOver, told, lines } = testSchedules('2026-11-20T10:00:00Z');
  takeOver({ id: 'a', uptimeSchedule: '* * * * *', timeZone: 'Mars/Olympus' }, { id: 'b', ...OFFICE });
  expect(told()).toEqual(['b up 2026-11-20T17:00 2026-11-23T07:00']);
  expect(lines[0]).toContain('cannot be read');
});
