import { create } from '@bufbuild/protobuf';
import { expect, test } from '@jest/globals';
import {
  BackendSchema,
  ClusterScalingSchema,
  type Group,
  GroupSchema,
  type Policy,
  ClusterScaling_State as State,
} from '@trino-gateway/api/gateway';
import { decided, NOW, policy } from '../../tests/support/routing-snapshot.ts';
import { indexConfiguration } from './indexed-configuration.ts';
import { createSnapshot, type Snapshot } from './snapshot.ts';

const scaler = { kind: { case: 'webhook', value: { url: 'http://scaler' } } } as const;
const scaled = (id: string, more: { enabled?: boolean; spillOverGroupId?: string; spillOverAfterMs?: number } = {}) =>
  create(GroupSchema, { id, enabled: true, backendIds: [`${id}1`], autoscaling: {}, ...more });
const fixed = (id: string) => create(GroupSchema, { id, enabled: true, backendIds: [`${id}1`] });

/** Every group `x` has the backend `x1`; those of groups named in `up` are available. */
function snapshotOf(groups: Group[], given: { up?: string[]; paused?: string[]; policies?: Policy[] } = {}): Snapshot {
  const { up = [], paused = [], policies = [] } = given;
  const stopped = groups.filter(({ id, autoscaling }) => autoscaling && !up.includes(id));
  return createSnapshot(
    indexConfiguration({
      backends: new Map(
        groups.map(({ id }) => [
          `${id}1`,
          { backend: create(BackendSchema, { id: `${id}1`, enabled: true, scaler }), draining: false },
        ]),
      ),
      groups: new Map(groups.map((group) => [group.id, group])),
      policies: new Map(policies.map((one) => [one.id, one])),
    }),
    {
      statuses: new Map(),
      schedules: new Map(),
      overrides: new Map(
        up.map((id) => [
          `${id}1`,
          {
            $typeName: 'trinogateway.v1.BackendOverride',
            healthy: true,
            healthyUntil: { $typeName: 'google.protobuf.Timestamp', seconds: BigInt(NOW), nanos: 0 },
            reason: '',
          },
        ]),
      ),
      clusterScaling: new Map(
        stopped.map(({ id }) => [
          `${id}1`,
          { groupId: id, cluster: create(ClusterScalingSchema, { state: State.STOPPED }) },
        ]),
      ),
      groupScaling: new Map(paused.map((id) => [id, { paused: true }])),
    },
    60_000,
  );
}

const outcome = (snapshot: Snapshot, defaultGroupId?: string) => {
  const found = decided(snapshot, { defaultGroupId });
  return found.kind === 'refused' ? `refused ${found.errorName}` : `${found.kind} ${found.groupId}`;
};

test('queries of a group at zero wait, whatever it says of unavailability, and the reason names why', () => {
  const found = decided(snapshotOf([scaled('a')]), { defaultGroupId: 'a' });
  expect(found).toMatchObject({ kind: 'waits', groupId: 'a' });
  expect(found.reasons.at(-1)?.text).toBe('group a: waits for a backend; a cluster will be started');
});

test('while it is paused, or disabled, they are refused as without autoscaling', () => {
  expect(outcome(snapshotOf([scaled('a')], { paused: ['a'] }), 'a')).toBe('refused NO_NODES_AVAILABLE');
  expect(outcome(snapshotOf([scaled('a', { enabled: false })]), 'a')).toBe('refused QUERY_REJECTED');
});

test('they go to no fallback group, or it would never start; while it is paused they do', () => {
  const policies = [policy('p', 'a', { fallbackGroupId: 'f' })];
  const groups = [scaled('a'), fixed('f')];
  expect(outcome(snapshotOf(groups, { up: ['f'], policies }))).toBe('waits a');
  expect(outcome(snapshotOf(groups, { up: ['f', 'a'], policies }))).toBe('chosen a');
  expect(outcome(snapshotOf(groups, { up: ['f'], paused: ['a'], policies }))).toBe('chosen f');
});

test('of several groups one that is up comes first', () => {
  const policies = [policy('p', 'a'), policy('q', 'b')];
  expect(outcome(snapshotOf([scaled('a'), fixed('b')], { up: ['b'], policies }))).toBe('chosen b');
});

test('they spill over as configured: at once, or after a while of waiting', () => {
  const to = (spillOverAfterMs: number) => scaled('a', { spillOverGroupId: 's', spillOverAfterMs });
  expect(outcome(snapshotOf([to(0), fixed('s')], { up: ['s'] }), 'a')).toBe('chosen s');
  expect(outcome(snapshotOf([to(1_000), fixed('s')], { up: ['s'] }), 'a')).toBe('waits a');
});

test('those of a group that is down wait in its spill-over group at zero', () => {
  const down = create(GroupSchema, { ...fixed('a'), spillOverGroupId: 's' });
  expect(outcome(snapshotOf([down, scaled('s')]), 'a')).toBe('waits s');
});
