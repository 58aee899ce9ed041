import { create, equals } from '@bufbuild/protobuf';
import { timestampFromMs } from '@bufbuild/protobuf/wkt';
import { describe, expect, test } from '@jest/globals';
import {
  Backend_ForwardedHeaders,
  BackendOverrideSchema,
  BackendScheduleSchema,
  BackendSchema,
  BackendStatus_State,
  BackendStatusSchema,
  IncarnationSchema,
} from '@trino-gateway/api/gateway';
import type { Store } from '../../../src/storage/index.ts';
import type { NewDatabase } from '../../support/databases.ts';
import { withStore } from '../../support/with-store.ts';

const addBackends = (store: Store, ...ids: string[]) =>
  store.changeConfiguration(async ({ backends }) => {
    for (const id of ids) await backends.put(create(BackendSchema, { id, url: 'http://x' }));
  });

const status = (backendId: string, observedAtMs: number, reason = '') =>
  create(BackendStatusSchema, { backendId, reason, observedAt: timestampFromMs(observedAtMs) });

const schedule = (backendId: string, observedAtMs: number, uptimeSchedule = '* 8-17 * * *') =>
  create(BackendScheduleSchema, { backendId, uptimeSchedule, observedAt: timestampFromMs(observedAtMs) });

const incarnation = (
  suffix: string,
  firstMs: number,
  lastMs: number,
  more: { url?: string; backendId?: string } = {},
) =>
  create(IncarnationSchema, {
    suffix,
    backendId: more.backendId ?? 'a',
    url: more.url ?? 'http://a:8080',
    forwardedHeaders: Backend_ForwardedHeaders.SEND,
    firstSeenAt: timestampFromMs(firstMs),
    lastSeenAt: timestampFromMs(lastMs),
  });

/** Statuses, overrides, incarnations, the shared secret. */
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
        await store.putStatus(full);
        await store.putSchedule(read);
        await store.putOverride('a', override);
        const stored = await store.conditions();
        expect(stored.statuses.map((one) => equals(BackendStatusSchema, one, full))).toEqual([true]);
        expect(stored.schedules).toEqual([read]);
        expect([...stored.overrides]).toEqual([['a', override]]);
      }),
    );

    test(
      'a report that was overtaken does not undo a newer one',
      withStore(fresh, async ({ store }) => {
        await addBackends(store, 'a');
        await store.putStatus(status('a', 2_000, 'new'));
        const { conditions } = await store.revisions();
        await store.putStatus(status('a', 1_000, 'old'));
        expect((await store.conditions()).statuses.map((one) => one.reason)).toEqual(['new']);
        expect((await store.revisions()).conditions).toBe(conditions);
        await store.putStatus(status('a', 2_000, 'same moment'));
        expect((await store.conditions()).statuses.map((one) => one.reason)).toEqual(['same moment']);
        expect((await store.conditions()).revision).toBe(conditions + 1);
      }),
    );

    test(
      'a schedule that was overtaken does not undo a newer one',
      withStore(fresh, async ({ store }) => {
        await addBackends(store, 'a');
        await store.putSchedule(schedule('a', 2_000, '* 9 * * *'));
        const { conditions } = await store.revisions();
        await store.putSchedule(schedule('a', 1_000, '* 1 * * *'));
        expect((await store.conditions()).schedules.map((one) => one.uptimeSchedule)).toEqual(['* 9 * * *']);
        expect((await store.revisions()).conditions).toBe(conditions);
        await store.putSchedule(schedule('a', 2_000, '* 3 * * *'));
        expect((await store.conditions()).schedules.map((one) => one.uptimeSchedule)).toEqual(['* 3 * * *']);
        expect((await store.conditions()).revision).toBe(conditions + 1);
      }),
    );

    test(
      'each part of an override is set without touching the other',
      withStore(fresh, async ({ store }) => {
        await addBackends(store, 'a');
        await store.putOverride(
          'a',
          create(BackendOverrideSchema, { healthy: true, healthyUntil: timestampFromMs(1), reason: 'one' }),
        );
        await store.putOverride(
          'a',
          create(BackendOverrideSchema, { clusterLoad: 4, clusterLoadUntil: timestampFromMs(2) }),
        );
        await store.putOverride(
          'a',
          create(BackendOverrideSchema, { healthy: false, healthyUntil: timestampFromMs(3) }),
        );
        expect((await store.conditions()).overrides.get('a')).toEqual(
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
      'a backend that comes back under an old name does not inherit what was said about the old one',
      withStore(fresh, async ({ store }) => {
        await addBackends(store, 'a', 'b');
        for (const id of ['a', 'b']) {
          await store.putStatus(status(id, 1));
          await store.putSchedule(schedule(id, 1));
          await store.putOverride(id, create(BackendOverrideSchema, { healthy: true }));
        }
        await store.recordIncarnation(incarnation('abcde', 1, 1));
        const { conditions } = await store.revisions();
        await store.changeConfiguration((change) => change.backends.delete('a'));
        await store.putStatus(status('a', 9));
        await store.putSchedule(schedule('a', 9));
        await store.putOverride('a', create(BackendOverrideSchema, { healthy: true }));
        const left = await store.conditions();
        expect(left.statuses.map((one) => one.backendId)).toEqual(['b']);
        expect(left.schedules.map((one) => one.backendId)).toEqual(['b']);
        expect([...left.overrides.keys()]).toEqual(['b']);
        expect(left.revision).toBe(conditions + 1);
        expect((await store.incarnations()).incarnations).toHaveLength(1);
      }),
    );

    test(
      'a life of a coordinator keeps its first sight, its address and its order',
      withStore(fresh, async ({ store }) => {
        await store.recordIncarnation(incarnation('bbbbb', 10, 20));
        await store.recordIncarnation(incarnation('bbbbb', 15, 18));
        await store.recordIncarnation(incarnation('aaaaa', 1, 2, { url: 'http://other' }));
        await store.recordIncarnation(incarnation('bbbbb', 5, 30, { url: 'http://another' }));
        const stored = await store.incarnations();
        expect(stored.incarnations).toEqual([
          incarnation('aaaaa', 1, 2, { url: 'http://other' }),
          incarnation('bbbbb', 10, 20),
          incarnation('bbbbb', 5, 30, { url: 'http://another' }),
        ]);
        expect(stored.revision).toBe(3);
        await store.recordIncarnation(incarnation('bbbbb', 10, 20, { backendId: 'renamed' }));
        expect((await store.revisions()).incarnations).toBe(4);
      }),
    );

    test(
      'a suffix in use outlives the pruning of those that are not',
      withStore(fresh, async ({ store }) => {
        for (const suffix of ['aaaaa', 'bbbbb', 'ccccc']) await store.recordIncarnation(incarnation(suffix, 1, 10));
        const { incarnations } = await store.revisions();
        await store.touchIncarnations(['bbbbb', 'nobod', 'bbbbb'], new Date(50));
        await store.touchIncarnations(['bbbbb'], new Date(40));
        await store.touchIncarnations([], new Date(60));
        expect((await store.revisions()).incarnations).toBe(incarnations);
        await store.pruneIncarnations(new Date(50));
        expect(await store.incarnations()).toEqual({
          revision: incarnations + 1,
          incarnations: [incarnation('bbbbb', 1, 50)],
        });
        await store.pruneIncarnations(new Date(50));
        expect((await store.revisions()).incarnations).toBe(incarnations + 1);
      }),
    );

    test(
      'the refusal key is drawn once',
      withStore(fresh, async ({ store }) => {
        const keys = await Promise.all([store.refusalKey(), store.refusalKey(), store.refusalKey()]);
        expect(keys[0]).toHaveLength(32);
        for (const key of keys) expect(key).toEqual(keys[0]);
      }),
    );

    test(
      'many at once are all stored',
      withStore(fresh, async ({ store }) => {
        const ids = Array.from({ length: 20 }, (_, index) => `b${index + 10}`);
        await addBackends(store, ...ids);
        await Promise.all([
          ...ids.map((id, index) => store.putStatus(status(id, index))),
          ...ids.map((id, index) => store.putSchedule(schedule(id, index))),
          ...ids.map((id) => store.putOverride(id, create(BackendOverrideSchema, { clusterLoad: 1 }))),
          ...ids.map((id) => store.recordIncarnation(incarnation(id, 1, 1))),
          ...ids.map(() => store.configuration()),
        ]);
        const stored = await store.conditions();
        expect(stored.statuses.map((one) => one.backendId)).toEqual(ids);
        expect([...stored.overrides.keys()]).toEqual(ids);
        expect(stored.schedules.map((one) => one.backendId)).toEqual(ids);
        expect(stored.revision).toBe(60);
        expect((await store.incarnations()).incarnations).toHaveLength(20);
      }),
    );

    test(
      'it says that it is there',
      withStore(fresh, async ({ store }) => {
        await expect(store.ping()).resolves.toBeUndefined();
      }),
    );
  });
}
