import { create, equals } from '@bufbuild/protobuf';
import { timestampFromMs } from '@bufbuild/protobuf/wkt';
import { describe, expect, test } from '@jest/globals';
import {
  BackendOverrideSchema,
  BackendScheduleSchema,
  BackendSchema,
  BackendStatus_State,
  BackendStatusSchema,
  ConnectionReportSchema,
} from '@trino-gateway/api/gateway';
import type { Store } from '../../../src/storage/index.ts';
import type { NewDatabase } from '../../support/databases.ts';
import { withStore } from '../../support/with-store.ts';
import { incarnation } from './incarnations.ts';

const addBackends = (store: Store, ...ids: string[]) =>
  store.configuration.change(async ({ backends }) => {
    for (const id of ids) await backends.put(create(BackendSchema, { id, url: 'http://x' }));
  });

const status = (backendId: string, observedAtMs: number, reason = '') =>
  create(BackendStatusSchema, { backendId, reason, observedAt: timestampFromMs(observedAtMs) });

const schedule = (backendId: string, observedAtMs: number, uptimeSchedule = '* 8-17 * * *') =>
  create(BackendScheduleSchema, { backendId, uptimeSchedule, observedAt: timestampFromMs(observedAtMs) });

const connections = (backendId: string, routerId: string, number: number, reason = '') =>
  create(ConnectionReportSchema, {
    ...{ backendId, routerId, number: BigInt(number), reason, url: 'http://x', coordinatorId: '93wed', failures: 3 },
    ...{ failingSince: timestampFromMs(5), failedAt: timestampFromMs(6), reachedAt: timestampFromMs(4) },
  });

/** Statuses, schedules, overrides and reports of connections. */
export function conditionsContract(fresh: NewDatabase): void {
  describe('conditions', () => {
    test(
      'no field of a status, a schedule or an override is lost',
      withStore(fresh, async ({ store }) => {
        await addBackends(store, 'a');
        const full = create(BackendStatusSchema, {
          backendId: 'a',
          state: BackendStatus_State.PROBATION,
          healthy: true,
          clusterLoad: 1 / 3,
          running: 0,
          queued: 2,
          workers: 3,
          trinoVersion: '476',
          coordinatorId: '93wed',
          reason: 'ürgh',
          observedAt: { seconds: 1_763_700_000n, nanos: 123_456_789 },
        });
        const override = create(BackendOverrideSchema, {
          healthy: false,
          healthyUntil: timestampFromMs(5),
          clusterLoad: 0,
          clusterLoadUntil: timestampFromMs(6),
          reason: 'because',
        });
        const read = create(BackendScheduleSchema, {
          backendId: 'a',
          scheduledUp: true,
          nextChanges: [
            { at: timestampFromMs(7), scheduledUp: false },
            { at: timestampFromMs(8), scheduledUp: true },
          ],
          observedAt: timestampFromMs(6),
          uptimeSchedule: '*/5 8-17 * * MON-FRI',
          timeZone: 'Europe/Vienna',
        });
        await store.conditions.putStatus(full);
        await store.conditions.putSchedule(read);
        await store.conditions.putOverride('a', override);
        const stored = await store.conditions.read();
        expect(stored.statuses.map((one) => equals(BackendStatusSchema, one, full))).toEqual([true]);
        expect(stored.schedules).toEqual([read]);
        expect([...stored.overrides]).toEqual([['a', override]]);
      }),
    );

    test(
      'a late status does not undo a newer one',
      withStore(fresh, async ({ store }) => {
        await addBackends(store, 'a');
        await store.conditions.putStatus(status('a', 2_000, 'new'));
        const { conditions } = await store.revisions.read();
        await store.conditions.putStatus(status('a', 1_000, 'old'));
        expect((await store.conditions.read()).statuses.map((one) => one.reason)).toEqual(['new']);
        expect((await store.revisions.read()).conditions).toBe(conditions);
        await store.conditions.putStatus(status('a', 2_000, 'same moment'));
        expect((await store.conditions.read()).statuses.map((one) => one.reason)).toEqual(['same moment']);
        expect((await store.conditions.read()).revision).toBe(conditions + 1);
      }),
    );

    test(
      'a late schedule does not undo a newer one',
      withStore(fresh, async ({ store }) => {
        await addBackends(store, 'a');
        await store.conditions.putSchedule(schedule('a', 2_000, '* 9 * * *'));
        const { conditions } = await store.revisions.read();
        await store.conditions.putSchedule(schedule('a', 1_000, '* 1 * * *'));
        expect((await store.conditions.read()).schedules.map((one) => one.uptimeSchedule)).toEqual(['* 9 * * *']);
        expect((await store.revisions.read()).conditions).toBe(conditions);
        await store.conditions.putSchedule(schedule('a', 2_000, '* 3 * * *'));
        expect((await store.conditions.read()).schedules.map((one) => one.uptimeSchedule)).toEqual(['* 3 * * *']);
        expect((await store.conditions.read()).revision).toBe(conditions + 1);
      }),
    );

    test(
      'each router has reports of its own, no field of them is lost, and a late one changes nothing',
      withStore(fresh, async ({ store }) => {
        await addBackends(store, 'a', 'b');
        const [first, other, next] = [
          connections('a', 'r1', 1),
          connections('a', 'r2', 1),
          connections('a', 'r1', 2, 'ürgh'),
        ];
        await store.conditions.putConnections([first, connections('b', 'r1', 1)]);
        await store.conditions.putConnections([other]);
        await store.conditions.putConnections([next, connections('gone', 'r1', 2)]);
        const { conditions } = await store.revisions.read();
        for (const late of [first, next]) await store.conditions.putConnections([late]);
        expect((await store.revisions.read()).conditions).toBe(conditions);
        expect((await store.conditions.read()).connections).toEqual([next, other, connections('b', 'r1', 1)]);
      }),
    );

    test(
      'each part of an override is set without touching the other',
      withStore(fresh, async ({ store }) => {
        await addBackends(store, 'a');
        await store.conditions.putOverride(
          'a',
          create(BackendOverrideSchema, { healthy: true, healthyUntil: timestampFromMs(1), reason: 'one' }),
        );
        await store.conditions.putOverride(
          'a',
          create(BackendOverrideSchema, { clusterLoad: 4, clusterLoadUntil: timestampFromMs(2) }),
        );
        await store.conditions.putOverride(
          'a',
          create(BackendOverrideSchema, { healthy: false, healthyUntil: timestampFromMs(3) }),
        );
        expect((await store.conditions.read()).overrides.get('a')).toEqual(
          create(BackendOverrideSchema, {
            healthy: false,
            healthyUntil: timestampFromMs(3),
            clusterLoad: 4,
            clusterLoadUntil: timestampFromMs(2),
            reason: 'one',
          }),
        );
      }),
    );

    test(
      'a new backend under an old id does not inherit the conditions of the old one',
      withStore(fresh, async ({ store }) => {
        await addBackends(store, 'a', 'b');
        for (const id of ['a', 'b']) {
          await store.conditions.putStatus(status(id, 1));
          await store.conditions.putSchedule(schedule(id, 1));
          await store.conditions.putOverride(id, create(BackendOverrideSchema, { healthy: true }));
          await store.conditions.putConnections([connections(id, 'r1', 1)]);
        }
        await store.incarnations.record(incarnation('abcde', 1, 1));
        const { conditions } = await store.revisions.read();
        await store.configuration.change((change) => change.backends.delete('a'));
        await store.conditions.putStatus(status('a', 9));
        await store.conditions.putSchedule(schedule('a', 9));
        await store.conditions.putOverride('a', create(BackendOverrideSchema, { healthy: true }));
        await store.conditions.putConnections([connections('a', 'r1', 9)]);
        const left = await store.conditions.read();
        expect(left.statuses.map((one) => one.backendId)).toEqual(['b']);
        expect(left.schedules.map((one) => one.backendId)).toEqual(['b']);
        expect([...left.overrides.keys()]).toEqual(['b']);
        expect(left.connections.map((one) => one.backendId)).toEqual(['b']);
        expect(left.revision).toBe(conditions + 1);
        expect((await store.incarnations.read()).incarnations).toHaveLength(1);
      }),
    );

    test(
      'many concurrent writes are all stored',
      withStore(fresh, async ({ store }) => {
        const ids = Array.from({ length: 20 }, (_, index) => `b${index + 10}`);
        await addBackends(store, ...ids);
        await Promise.all([
          ...ids.map((id, index) => store.conditions.putStatus(status(id, index))),
          ...ids.map((id, index) => store.conditions.putSchedule(schedule(id, index))),
          ...ids.map((id) => store.conditions.putOverride(id, create(BackendOverrideSchema, { clusterLoad: 1 }))),
          ...ids.map((id) => store.incarnations.record(incarnation(id, 1, 1))),
          ...ids.map(() => store.configuration.read()),
        ]);
        const stored = await store.conditions.read();
        expect(stored.statuses.map((one) => one.backendId)).toEqual(ids);
        expect([...stored.overrides.keys()]).toEqual(ids);
        expect(stored.schedules.map((one) => one.backendId)).toEqual(ids);
        expect(stored.revision).toBe(60);
        expect((await store.incarnations.read()).incarnations).toHaveLength(20);
      }),
    );
  });
}
