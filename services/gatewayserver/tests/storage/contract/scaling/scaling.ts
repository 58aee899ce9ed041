import { setTimeout as pause } from 'node:timers/promises';
import { create, type MessageInitShape } from '@bufbuild/protobuf';
import { timestampFromMs } from '@bufbuild/protobuf/wkt';
import { describe, expect, test } from '@jest/globals';
import {
  BackendSchema,
  ClusterScalingSchema,
  GroupScalingSchema,
  GroupSchema,
  ScalingEvent_Kind as Kind,
  Backend_Scaler_State as Observed,
  ScalingEventSchema,
  ClusterScaling_State as State,
} from '@trino-gateway/api/gateway';
import type { Store } from '../../../../src/storage/index.ts';
import type { NewDatabase } from '../../../support/databases.ts';
import { withStore } from '../../../support/with-store.ts';

const scaler = { kind: { case: 'webhook', value: { url: 'http://scaler' } } } as const;

/** Group g of the backends a and b. */
const addGroup = (store: Store, more: MessageInitShape<typeof GroupSchema> = { autoscaling: {} }) =>
  store.configuration.change(async ({ backends, groups }) => {
    for (const id of ['a', 'b']) await backends.put(create(BackendSchema, { id, url: `http://${id}`, scaler }));
    await groups.put(create(GroupSchema, { id: 'g', backendIds: ['a', 'b'], ...more }));
  });

const decision = (clusters: Record<string, State>, more: MessageInitShape<typeof GroupScalingSchema> = {}) =>
  create(GroupScalingSchema, {
    groupId: 'g',
    clusters: Object.entries(clusters).map(([backendId, state]) => ({ backendId, state })),
    wantedClusters: 1,
    ...more,
  });

const event = (kind: Kind, at: number, backendId = 'a', groupId = 'g') =>
  create(ScalingEventSchema, { at: timestampFromMs(at), groupId, backendId, kind, reason: 'because', by: 'm1' });

const all = { groupId: '', backendId: '', most: 100, after: '' };

const states = async ({ conditions }: Store) =>
  (await conditions.read()).scaling.clusters.map(({ groupId, cluster }) => [groupId, cluster.backendId, cluster.state]);

async function leadOf(store: Store, holder = 'm1', ms = 60_000) {
  const lead = await store.scaling.lead(holder, ms);
  if (!lead) throw new Error(`${holder} does not lead`);
  return lead;
}

/** Autoscaling: its lead, its decisions, the words of operators, its history. */
export function scalingContract(fresh: NewDatabase): void {
  describe('autoscaling', () => {
    leadContract(fresh);
    decisionContract(fresh);
    membershipContract(fresh);
    operatorContract(fresh);
    historyContract(fresh);
  });
}

function leadContract(fresh: NewDatabase): void {
  test(
    'one of several leads; the fence grows with each change of the leader, and only then',
    withStore(fresh, async ({ store: { scaling } }) => {
      const taken = await Promise.all(['m1', 'm2', 'm3'].map((holder) => scaling.lead(holder, 60_000)));
      const [lead] = taken.filter((one) => one !== undefined);
      expect(taken.filter((one) => one !== undefined)).toHaveLength(1);
      expect(lead?.fence).toBe(1);
      const winner = lead?.holder ?? '';
      expect(await scaling.lead(winner, 1)).toMatchObject({ fence: 1 });
      expect(Math.abs((await scaling.leader()).now.getTime() - Date.now())).toBeLessThan(60_000);
      // It has died: its time passes, and nobody leads until another takes over.
      while ((await scaling.leader()).holder !== '') await pause(1);
      expect(await scaling.lead('heir', 60_000)).toMatchObject({ holder: 'heir', fence: 2 });
      expect(await scaling.lead(winner, 60_000)).toBeUndefined();
      expect((await scaling.leader()).holder).toBe('heir');
      // Who does not lead gives up nothing.
      await scaling.resign(winner);
      expect((await scaling.leader()).holder).toBe('heir');
      await scaling.resign('heir');
      expect((await scaling.leader()).holder).toBe('');
      expect(await scaling.lead(winner, 60_000)).toMatchObject({ holder: winner, fence: 3 });
    }),
  );

  test(
    'a leader that lost the lead changes nothing, also when it leads again under a later fence',
    withStore(fresh, async ({ store }) => {
      await addGroup(store);
      const first = await leadOf(store, 'm1', 1);
      await expect(store.scaling.record(first, decision({ a: State.READY }), [])).resolves.toEqual([]);
      while (!(await store.scaling.lead('m2', 1))) await pause(1);
      const stale = decision({ a: State.STOPPED });
      const before = await store.revisions.read();
      expect(await store.scaling.record(first, stale, [event(Kind.STOPPED, 1)])).toBeUndefined();
      while (!(await store.scaling.lead('m1', 60_000))) await pause(1);
      expect(await store.scaling.record(first, stale, [event(Kind.STOPPED, 1)])).toBeUndefined();
      expect(await states(store)).toEqual([['g', 'a', State.READY]]);
      expect(await store.scaling.events(all)).toEqual([]);
      expect(await store.revisions.read()).toEqual(before);
      const again = await leadOf(store);
      expect(again.fence).toBe(3);
      expect(await store.scaling.record(again, stale, [])).toEqual([]);
      expect(await states(store)).toEqual([['g', 'a', State.STOPPED]]);
    }),
  );
}

function decisionContract(fresh: NewDatabase): void {
  test(
    'no stored field of a decision is lost, what is computed is not stored, and it is read with the conditions',
    withStore(fresh, async ({ store }) => {
      await addGroup(store);
      const time = (ms: number) => timestampFromMs(ms);
      const stored = create(ClusterScalingSchema, {
        ...{ backendId: 'a', state: State.DRAINING, since: time(1), reason: 'ürgh', readySince: time(2) },
        ...{ failedUntil: time(3), idleSince: time(4), observed: Observed.RUNNING, observedAt: time(5) },
        ...{ scalerProblem: 'away', toldAt: time(6) },
      });
      const computed = { healthy: true, running: 7, slots: 8, scalable: true, deactivatedReason: 'x', sealed: true };
      await store.scaling.record(
        await leadOf(store),
        decision(
          {},
          {
            ...{ clusters: [{ ...stored, ...computed }], wantedClusters: 2, reason: 'queue', decidedAt: time(8) },
            ...{ lastChangeAt: time(7), queued: 9, leader: 'x', paused: true },
          },
        ),
        [],
      );
      const { scaling } = await store.conditions.read();
      expect(scaling.clusters).toEqual([{ groupId: 'g', cluster: stored }]);
      expect(scaling.groups).toEqual([
        create(GroupScalingSchema, {
          ...{ groupId: 'g', wantedClusters: 2, reason: 'queue', decidedAt: time(8), lastChangeAt: time(7) },
        }),
      ]);
    }),
  );

  test(
    'a decision is in force on the other replicas with the next revision; repeated, it is no change',
    withStore(fresh, async ({ store }) => {
      await addGroup(store);
      const lead = await leadOf(store);
      const before = await store.revisions.read();
      const record = () =>
        store.scaling.record(lead, decision({ a: State.STARTING, b: State.STOPPED }), [
          event(Kind.STARTED, 1),
          event(Kind.STARTED, 1, 'b'),
        ]);
      expect((await record())?.map(({ id }) => id)).toEqual(['1', '2']);
      const after = await store.revisions.read();
      expect(after).toEqual({ ...before, conditions: before.conditions + 1 });
      expect(await record()).toEqual([]);
      expect(await store.revisions.read()).toEqual(after);
      expect(await store.scaling.events(all)).toHaveLength(2);
    }),
  );
}

function membershipContract(fresh: NewDatabase): void {
  test(
    'a backend that is scaled no more is forgotten: where it was does not count when it comes back',
    withStore(fresh, async ({ store }) => {
      const change = store.configuration.change;
      const record = async () => store.scaling.record(await leadOf(store), decision({ a: State.READY, b: 2 }), []);
      const withoutScaler = create(BackendSchema, { id: 'a', url: 'http://a' });
      await addGroup(store);
      await record();
      await change(({ backends }) => backends.put(withoutScaler));
      expect(await states(store)).toEqual([['g', 'b', State.STOPPED]]);
      await addGroup(store, { autoscaling: {}, backendIds: ['a'] });
      expect(await states(store)).toEqual([]);
      // Of one that left since it was decided about, nothing is stored.
      await record();
      expect(await states(store)).toEqual([['g', 'a', State.READY]]);
      await addGroup(store, {});
      expect(await states(store)).toEqual([]);
      await record();
      expect(await states(store)).toEqual([]);
    }),
  );

  test(
    'with a group or a backend goes what was stored about it',
    withStore(fresh, async ({ store }) => {
      await addGroup(store);
      await store.scaling.record(await leadOf(store), decision({ a: State.READY, b: State.READY }), []);
      await store.scaling.pause('g', true, 'mine');
      await store.configuration.change(({ groups }) => groups.delete('g'));
      expect((await store.conditions.read()).scaling).toEqual({ clusters: [], groups: [] });
      expect(await store.scaling.record(await leadOf(store), decision({ a: State.READY }), [])).toEqual([]);
      expect((await store.conditions.read()).scaling).toEqual({ clusters: [], groups: [] });
      await addGroup(store);
      await store.scaling.record(await leadOf(store), decision({ a: State.READY, b: State.READY }), []);
      await store.configuration.change(({ backends }) => backends.delete('a'));
      expect(await states(store)).toEqual([['g', 'b', State.READY]]);
    }),
  );
}

function operatorContract(fresh: NewDatabase): void {
  test(
    'a pause and a decision do not undo each other; the history keeps each change of it once',
    withStore(fresh, async ({ store }) => {
      const { scaling } = store;
      await addGroup(store);
      const group = async () => (await store.conditions.read()).scaling.groups[0];
      expect(await scaling.pause('g', true, 'holidays')).toBe(true);
      expect(await scaling.pause('g', true, 'holidays')).toBe(false);
      await scaling.record(await leadOf(store), decision({ a: State.READY }), []);
      expect(await group()).toMatchObject({ paused: true, pauseReason: 'holidays', wantedClusters: 1 });
      expect(await scaling.pause('g', false, '')).toBe(true);
      expect(await scaling.pause('g', false, '')).toBe(false);
      expect(await group()).toMatchObject({ paused: false, pauseReason: '', wantedClusters: 1 });
      expect(await scaling.pause('nobody', true, '')).toBe(false);
      expect((await scaling.events(all)).map(({ kind, by, reason }) => [kind, by, reason])).toEqual([
        [Kind.RESUMED, 'operator', ''],
        [Kind.PAUSED, 'operator', 'holidays'],
      ]);
    }),
  );

  test(
    'a stop by force stays asked for until the leader, who knows of it, has stopped the cluster',
    withStore(fresh, async ({ store }) => {
      const { scaling } = store;
      await addGroup(store);
      const lead = await leadOf(store);
      const forced = async () =>
        (await store.conditions.read()).scaling.clusters.map(({ cluster }) => cluster.forceStop);
      expect(await scaling.forceStop('a', 'g', 'it hangs')).toBe(true);
      expect(await scaling.forceStop('a', 'g', 'it hangs')).toBe(true);
      expect(await scaling.forceStop('nobody', 'g', '')).toBe(false);
      // This was decided before.
      await scaling.record(lead, decision({ a: State.READY }), []);
      expect(await forced()).toEqual([true]);
      await scaling.record(lead, decision({}, { clusters: [{ backendId: 'a', state: 7, forceStop: true }] }), []);
      expect(await forced()).toEqual([true]);
      await scaling.record(lead, decision({ a: State.STOPPED }), []);
      expect(await forced()).toEqual([false]);
      expect((await scaling.events(all)).map(({ kind, backendId, reason }) => [kind, backendId, reason])).toEqual([
        [Kind.FORCE_STOPPED, 'a', 'it hangs'],
      ]);
    }),
  );
}

function historyContract(fresh: NewDatabase): void {
  test(
    'the history comes newest first, in pages, of a group or a cluster; the oldest are forgotten',
    withStore(fresh, async ({ store }) => {
      const { scaling } = store;
      await addGroup(store);
      const lead = await leadOf(store);
      const happened = [1, 2, 3, 4].flatMap((at) => [event(Kind.STARTED, at), event(Kind.STOPPED, at, 'b')]);
      await scaling.record(lead, decision({}), happened);
      const ids = async (filter = {}) => (await scaling.events({ ...all, ...filter })).map(({ id }) => Number(id));
      expect(await ids()).toEqual([8, 7, 6, 5, 4, 3, 2, 1]);
      expect(await ids({ most: 3 })).toEqual([8, 7, 6]);
      expect(await ids({ most: 3, after: '6' })).toEqual([5, 4, 3]);
      expect(await ids({ backendId: 'b', most: 3, after: '6' })).toEqual([4, 2]);
      expect(await ids({ groupId: 'other' })).toEqual([]);
      const [newest] = await scaling.events({ ...all, most: 1 });
      expect(newest).toEqual({ ...event(Kind.STOPPED, 4, 'b'), id: '8' });
      await scaling.prune(3);
      expect(await ids()).toEqual([8, 7, 6]);
      await scaling.prune(3);
      await scaling.record(lead, decision({}), [event(Kind.STARTED, 5)]);
      expect(await ids()).toEqual([9, 8, 7, 6]);
    }),
  );
}
