import { create, type MessageInitShape } from '@bufbuild/protobuf';
import { timestampFromMs } from '@bufbuild/protobuf/wkt';
import { expect, test } from '@jest/globals';
import {
  BackendOverrideSchema,
  BackendScheduleSchema,
  BackendSchema,
  BackendStatus_State,
  BackendStatusSchema,
} from '@trino-gateway/api/gateway';
import { assess, liveOverride, monitorSilence, unavailableReasons } from './availability.ts';
import type { BackendFacts } from './facts.ts';

const NOW = 1_000_000;
const MAX_AGE = 60_000;
const later = timestampFromMs(NOW + 1_000);
const before = timestampFromMs(NOW - 1);

type Given = {
  backend?: MessageInitShape<typeof BackendSchema>;
  draining?: boolean;
  status?: MessageInitShape<typeof BackendStatusSchema> | null;
  schedule?: MessageInitShape<typeof BackendScheduleSchema>;
  override?: MessageInitShape<typeof BackendOverrideSchema>;
};
const facts = ({ backend, draining = false, status, schedule, override }: Given): BackendFacts => ({
  backend: create(BackendSchema, { id: 'b', enabled: true, ...backend }),
  draining,
  status:
    status === null
      ? undefined
      : create(BackendStatusSchema, {
          healthy: true,
          state: BackendStatus_State.UP,
          observedAt: timestampFromMs(NOW - 1_000),
          ...status,
        }),
  schedule: schedule && create(BackendScheduleSchema, schedule),
  override: override && create(BackendOverrideSchema, override),
});

const evenings = { uptimeSchedule: '* 18-23 * * *', timeZone: 'Europe/Vienna' };
const change = (ms: number, scheduledUp: boolean) => ({ at: timestampFromMs(ms), scheduledUp });

test.each<[string, Given, string[]]>([
  ['a schedule nobody has read yet', { backend: evenings }, []],
  ['inside its schedule', { backend: evenings, schedule: { ...evenings, scheduledUp: true } }, []],
  [
    'outside its schedule',
    { backend: evenings, schedule: { ...evenings, nextChanges: [change(NOW + 5_000, true)] } },
    ['it is outside its uptime schedule "* 18-23 * * *" (Europe/Vienna) until 1970-01-01T00:16:45.000Z'],
  ],
  [
    'outside its schedule although an operator marked it healthy',
    {
      backend: evenings,
      schedule: { ...evenings, nextChanges: [change(NOW + 5_000, true)] },
      override: { healthy: true, healthyUntil: later },
    },
    ['it is outside its uptime schedule "* 18-23 * * *" (Europe/Vienna) until 1970-01-01T00:16:45.000Z'],
  ],
  [
    'outside a schedule that never begins',
    { backend: { uptimeSchedule: '0 0 30 2 *' }, schedule: { uptimeSchedule: '0 0 30 2 *' } },
    ['it is outside its uptime schedule "0 0 30 2 *" (UTC) and no end of that is known'],
  ],
  [
    'another schedule than the one that was read',
    { backend: evenings, schedule: { ...evenings, uptimeSchedule: '* 0-7 * * *' } },
    [],
  ],
  ['another time zone than the one that was read', { backend: evenings, schedule: { ...evenings, timeZone: '' } }, []],
  ['a finding about a schedule it no longer has', { schedule: { ...evenings } }, []],
  [
    'a beginning the silent monitor had announced',
    { backend: evenings, schedule: { ...evenings, nextChanges: [change(NOW, true), change(NOW + 9_000, false)] } },
    [],
  ],
  [
    'an end the silent monitor had announced, the last it knew of',
    {
      backend: evenings,
      schedule: { ...evenings, scheduledUp: false, nextChanges: [change(NOW - 9, true), change(NOW, false)] },
    },
    ['it is outside its uptime schedule "* 18-23 * * *" (Europe/Vienna) and no end of that is known'],
  ],
  ['healthy', {}, []],
  ['disabled', { backend: { enabled: false } }, ['it is disabled']],
  ['draining', { draining: true }, ['it is draining']],
  ['never probed', { status: null }, ['it was not probed yet']],
  [
    'unhealthy',
    { status: { healthy: false, state: BackendStatus_State.FAILING, reason: 'no workers' } },
    ['it is not healthy (FAILING): no workers'],
  ],
  [
    'unhealthy but marked healthy',
    { status: { healthy: false }, override: { healthy: true, healthyUntil: later } },
    [],
  ],
  ['never probed but marked healthy', { status: null, override: { healthy: true, healthyUntil: later } }, []],
  [
    'marked healthy once',
    { status: { healthy: false }, override: { healthy: true, healthyUntil: before } },
    ['it is not healthy (UP)'],
  ],
  [
    'marked unhealthy',
    { override: { healthy: false, healthyUntil: later, reason: 'upgrade' } },
    ['an operator marked it unhealthy until 1970-01-01T00:16:41.000Z: upgrade'],
  ],
  ['at its threshold', { backend: { loadThreshold: 5 }, status: { clusterLoad: 5 } }, []],
  [
    'above its threshold',
    { backend: { loadThreshold: 5 }, status: { clusterLoad: 6 } },
    ['its cluster load 6 is above its threshold 5'],
  ],
  ['no threshold', { status: { clusterLoad: 1e9 } }, []],
  ['unknown load', { backend: { loadThreshold: 5 } }, []],
  [
    'load too old to count',
    { backend: { loadThreshold: 5 }, status: { clusterLoad: 6, observedAt: timestampFromMs(NOW - MAX_AGE - 1) } },
    [],
  ],
  [
    'load set below',
    {
      backend: { loadThreshold: 5 },
      status: { clusterLoad: 6 },
      override: { clusterLoad: 1, clusterLoadUntil: later },
    },
    [],
  ],
  [
    'load set above',
    { backend: { loadThreshold: 5 }, override: { clusterLoad: 7, clusterLoadUntil: later } },
    ['its cluster load 7 is above its threshold 5'],
  ],
  ['silent monitor', { status: { observedAt: timestampFromMs(1) } }, []],
  [
    'several reasons at once',
    { backend: { enabled: false }, draining: true, status: { healthy: false, state: BackendStatus_State.UNREACHABLE } },
    ['it is disabled', 'it is draining', 'it is not healthy (UNREACHABLE)'],
  ],
])('available, or a reason for each condition that does not hold: %s', (_, given, reasons) => {
  expect(unavailableReasons(facts(given), NOW, MAX_AGE)).toEqual(reasons);
  expect(assess(facts(given), NOW, MAX_AGE).available).toBe(reasons.length === 0);
});

test('an assessment says until when it holds if only time passes', () => {
  const given = facts({
    status: { clusterLoad: 1 },
    override: { healthy: true, healthyUntil: timestampFromMs(NOW + 500), clusterLoad: 2, clusterLoadUntil: before },
  });
  expect(assess(given, NOW, MAX_AGE).until).toBe(NOW + 500);
  expect(assess(given, NOW + 500, MAX_AGE).until).toBe(NOW - 1_000 + MAX_AGE + 1);
  expect(assess(facts({ status: null }), NOW, MAX_AGE).until).toBe(Number.POSITIVE_INFINITY);
});

test('availability follows the schedule by the clock', () => {
  const given = facts({
    backend: evenings,
    schedule: { ...evenings, nextChanges: [change(NOW + 10, true), change(NOW + 20, false)] },
  });
  expect(assess(given, NOW, MAX_AGE)).toMatchObject({ available: false, until: NOW + 10 });
  expect(assess(given, NOW + 10, MAX_AGE)).toMatchObject({ available: true, until: NOW + 20 });
  expect(assess(given, NOW + 20, MAX_AGE).available).toBe(false);
});

test('an override shows only the parts that still hold', () => {
  const override = create(BackendOverrideSchema, {
    healthy: false,
    healthyUntil: later,
    clusterLoad: 3,
    clusterLoadUntil: before,
    reason: 'r',
  });
  expect(liveOverride(override, NOW)).toMatchObject({ healthy: false, reason: 'r' });
  expect(liveOverride(override, NOW)?.clusterLoad).toBeUndefined();
  expect(liveOverride(override, NOW + 1_000)).toBeUndefined();
});

test('a reason says for how long the monitor has been silent', () => {
  const { status } = facts({});
  expect(monitorSilence(status, NOW, MAX_AGE)).toBe('');
  expect(monitorSilence(status, NOW + MAX_AGE * 2, MAX_AGE)).toContain('last probed it 121 s ago');
});
