import { create, type DescEnum, type MessageInitShape } from '@bufbuild/protobuf';
import { timestampFromMs } from '@bufbuild/protobuf/wkt';
import { expect, test } from '@jest/globals';
import {
  type ClusterScaling,
  ClusterScalingSchema,
  ScalingEvent_Kind as Event,
  GetDrainStatusResponse_Remaining_Kind as Kind,
  GetDrainStatusResponse_RemainingSchema as RemainingSchema,
  type Backend_Scaler_State as Said,
  Backend_Scaler_StateSchema as SaidSchema,
  ClusterScaling_State as State,
  ClusterScaling_StateSchema as StateSchema,
} from '@trino-gateway/api/gateway';
import fc from 'fast-check';
import { decidedGroup, decideGroup } from '../src/index.ts';
import { group, NOON } from './support/pictures.ts';

const anyOf = <Value>(schema: DescEnum) => fc.constantFrom(...schema.values.map(({ number }) => number as Value));
const time = fc.option(
  fc.integer({ min: -900_000, max: 100_000 }).map((ms) => timestampFromMs(NOON + ms)),
  { nil: undefined },
);
const rarely = fc.integer({ min: 0, max: 9 }).map((drawn) => drawn === 0);

const anyCluster = fc.record({
  state: anyOf<State>(StateSchema),
  observed: anyOf<Said>(SaidSchema),
  since: time,
  readySince: time,
  healthySince: time,
  failedUntil: time,
  idleSince: time,
  toldAt: time,
  warmedUpAt: time,
  forceStop: rarely,
  sealed: rarely,
  scalable: rarely.map((not) => !not),
  deactivatedReason: rarely.map((is) => (is ? 'disabled' : '')),
  scalerProblem: rarely.map((is) => (is ? 'forbidden' : '')),
  healthy: fc.boolean(),
  running: fc.integer({ min: 0, max: 12 }),
  slots: fc.constantFrom(0, 10, 10, 10),
});

const anyPicture = fc
  .record({
    clusters: fc.array(anyCluster, { minLength: 1, maxLength: 6 }),
    queued: fc.constantFrom(0, 0, 1, 5, 50),
    longestWaitMs: fc.constantFrom(0, 60_000),
    lastChangeAt: time,
    paused: rarely,
    warmUp: fc.boolean(),
    maxClusters: fc.integer({ min: 0, max: 6 }),
    min: fc.integer({ min: 0, max: 3 }),
    scaleUpQueued: fc.constantFrom(0, 1, 10),
    scaleUpWaitMs: fc.constantFrom(0, 30_000),
    percent: fc.constantFrom(0, 50, 100),
  })
  .map(({ clusters, warmUp, maxClusters, min, scaleUpQueued, scaleUpWaitMs, percent, ...rest }) =>
    group(
      clusters.map((init, at) => pictured(`c${at}`, init)),
      {
        ...rest,
        autoscaling: {
          // A minimum above the maximum is refused where it is written.
          minClusters: [{ min: Math.min(min, maxClusters || min) }],
          maxClusters,
          scaleUpQueued,
          scaleUpWaitMs,
          scaleDownUtilizationPercent: percent,
          warmUpStatements: warmUp ? ['SELECT 1'] : [],
        },
      },
    ),
  );

/** What runs there ties it. */
function pictured(backendId: string, init: MessageInitShape<typeof ClusterScalingSchema>): ClusterScaling {
  const count = init.running ?? 0;
  return create(ClusterScalingSchema, {
    ...init,
    backendId,
    remaining: count > 0 ? [create(RemainingSchema, { kind: Kind.RUNNING, count })] : [],
  });
}

const within = (clusters: readonly ClusterScaling[], states: readonly State[]) =>
  clusters.filter(({ state }) => states.includes(state));
const holds = (check: (picture: ReturnType<typeof group>) => void) =>
  fc.assert(fc.property(anyPicture, check), { numRuns: 300 });

test('a decision about what was just decided changes nothing', () => {
  holds((picture) => {
    const first = decideGroup(picture);
    const second = decideGroup(decidedGroup(picture, first));
    expect(second.events).toEqual([]);
    expect(second.clusters).toEqual(first.clusters);
    expect(second.actions).toEqual(first.actions);
    expect(second.lastChangeAt).toEqual(first.lastChangeAt);
  });
});

test('a decision changes nothing of what it was given', () => {
  holds((picture) => {
    const before = structuredClone(picture);
    decideGroup(picture);
    expect(picture).toEqual(before);
  });
});

test('nothing is started above max_clusters, and less than the minimum is up only where nothing more can be started', () => {
  holds((picture) => {
    const { clusters, events } = decideGroup(picture);
    const most = picture.autoscaling?.maxClusters || Number.POSITIVE_INFINITY;
    const upNow = within(clusters, [State.READY, State.STARTING, State.DRAINING]).length;
    if (events.some(({ kind }) => kind === Event.STARTED)) expect(upNow).toBeLessThanOrEqual(most);
    const min = picture.autoscaling?.minClusters[0]?.min ?? 0;
    const isShort = within(clusters, [State.READY, State.STARTING]).length < min;
    const canStart = within(clusters, [State.STOPPED]).some(
      ({ scalable, failedUntil }) => scalable && failedUntil === undefined,
    );
    if (isShort && canStart && !picture.paused) expect(upNow).toBeGreaterThanOrEqual(most);
  });
});

test('a scaler is told nothing of a cluster that its administrator took out, but what an operator forces', () => {
  holds((picture) => {
    const { clusters, actions } = decideGroup(picture);
    for (const { backendId, tell } of actions) {
      const asked = clusters.find((one) => one.backendId === backendId);
      expect(asked?.scalable).toBe(true);
      if (asked?.deactivatedReason) expect([tell, asked.forceStop]).toEqual(['STOP', true]);
    }
  });
});

test('a cluster is told to stop only when it is sealed, forced, or its start failed and nobody uses it', () => {
  holds((picture) => {
    const { clusters, actions } = decideGroup(picture);
    for (const { backendId } of actions.filter(({ tell }) => tell === 'STOP')) {
      const asked = clusters.find((one) => one.backendId === backendId);
      const isUnused = asked?.failedUntil !== undefined && asked.running === 0;
      expect(asked?.sealed || asked?.forceStop || isUnused).toBe(true);
    }
  });
});

test('while a group is paused no cluster starts, comes back or drains', () => {
  holds((picture) => {
    picture.paused = true;
    const kinds = decideGroup(picture).events.map(({ kind }) => kind);
    for (const kind of [Event.STARTED, Event.UNDRAINED, Event.DRAIN_BEGUN]) expect(kinds).not.toContain(kind);
  });
});
