import { timestampFromMs, timestampMs } from '@bufbuild/protobuf/wkt';
import { expect, test } from '@jest/globals';
import { Backend_Scaler_State as Said, ClusterScaling_State as State } from '@trino-gateway/api/gateway';
import { until } from '@trino-gateway/testing/processes/until';
import { backendWithScaler, scalingMonitor, scriptedClusters } from './support/scaling-monitor.ts';
import { looks, type ScriptedScaling, scriptedScaling } from './support/scripted-scaling.ts';

const STOPPED = { state: State.STOPPED, observed: Said.STOPPED };
const READY = { state: State.READY, observed: Said.RUNNING, healthy: true };
const HOUR_MS = 3_600_000;

const stateOf = (scaling: ScriptedScaling, id: string) => scaling.cluster(id).state;

function becomesHealthy(scaling: ScriptedScaling, id: string): void {
  const cluster = scaling.cluster(id);
  cluster.healthy = true;
  cluster.healthySince = timestampFromMs(timestampMs(cluster.since ?? timestampFromMs(0)));
}

test('a cluster is started when a query waits: the intent is stored, then its scaler is told once, and it becomes ready', async () => {
  const scaling = scriptedScaling({ g: [{ backendId: 'one', ...STOPPED }] });
  const clusters = scriptedClusters({ one: Said.STOPPED });
  const storedBefore: number[] = [];
  clusters.before = async () => void storedBefore.push(scaling.records.length);
  scaling.group('g').queued = 1;
  await using _monitor = scalingMonitor('m1', scaling, clusters);
  await until('it to be told', () => clusters.told.length > 0);
  expect(storedBefore[0]).toBeGreaterThan(0);
  await until('that to be stored', () => scaling.cluster('one').toldAt !== undefined);
  clusters.states.set('one', Said.RUNNING);
  becomesHealthy(scaling, 'one');
  scaling.after(6_000);
  await until('it to be ready', () => stateOf(scaling, 'one') === State.READY);
  expect(clusters.told).toEqual(['one START']);
  expect(scaling.events).toEqual(['one STARTED', 'one BECAME_READY']);
});

test('what does not change is neither told, nor asked for, nor stored again', async () => {
  const scaling = scriptedScaling({
    g: [
      { backendId: 'one', ...READY, running: 1 },
      { backendId: 'two', ...STOPPED },
    ],
  });
  const clusters = scriptedClusters({ one: Said.RUNNING, two: Said.STOPPED });
  await using _monitor = scalingMonitor('m1', scaling, clusters);
  await looks(scaling);
  await looks(scaling);
  const stored = scaling.records.length;
  for (let second = 0; second < 50; second++) {
    scaling.after(1_000);
    await looks(scaling);
  }
  expect([...clusters.asked]).toEqual([
    ['one', 1],
    ['two', 1],
  ]);
  expect(clusters.told).toEqual([]);
  expect(scaling.records.length - stored).toBeLessThanOrEqual(1);
});

test('a scaler that hangs or fails delays neither other clusters nor other groups', async () => {
  const scaling = scriptedScaling({
    hanging: [
      { backendId: 'hangs', ...STOPPED },
      { backendId: 'works', ...STOPPED },
    ],
    failing: [{ backendId: 'fails', ...STOPPED }],
    other: [{ backendId: 'fine', ...STOPPED }],
  });
  const clusters = scriptedClusters({
    hangs: undefined,
    works: Said.STOPPED,
    fails: new Error('forbidden: patch deployments/scale'),
    fine: Said.STOPPED,
  });
  for (const id of ['hanging', 'other']) scaling.group(id).queued = 1;
  scaling.group('hanging').autoscaling = { ...scaling.group('hanging').autoscaling, scaleUpQueued: 1 } as never;
  scaling.group('hanging').queued = 5;
  scaling.cluster('works').slots = 1;
  scaling.cluster('hangs').slots = 1;
  await using _monitor = scalingMonitor('m1', scaling, clusters);
  await until('others to be told', () => clusters.told.length === 2);
  expect(clusters.told.toSorted()).toEqual(['fine START', 'works START']);
  await until('the problem to be shown', () => scaling.cluster('fails').scalerProblem !== '');
  expect(scaling.cluster('fails').scalerProblem).toBe('forbidden: patch deployments/scale');
});

test('a scaler that refuses to start a cluster is shown, asked again after a pause, and keeps no other from starting', async () => {
  const scaling = scriptedScaling({ g: [{ backendId: 'one', ...STOPPED }], h: [{ backendId: 'two', ...STOPPED }] });
  const clusters = scriptedClusters({ one: Said.STOPPED, two: Said.STOPPED });
  let isBroken = true;
  clusters.before = async (call) => {
    if (isBroken && call === 'one START') throw new Error('start: it ended with code 1: no quota');
  };
  for (const id of ['g', 'h']) scaling.group(id).queued = 1;
  await using _monitor = scalingMonitor('m1', scaling, clusters);
  await until('the other to be told', () => scaling.cluster('two').toldAt !== undefined);
  await until('the problem to be shown', () => scaling.cluster('one').scalerProblem !== '');
  expect(scaling.cluster('one').scalerProblem).toBe('start: it ended with code 1: no quota');
  expect(clusters.told.filter((call) => call === 'one START')).toHaveLength(1);
  isBroken = false;
  scaling.after(2_000);
  await until('it to be told', () => scaling.cluster('one').toldAt !== undefined);
  expect(clusters.told.filter((call) => call === 'one START')).toHaveLength(2);
  expect(scaling.cluster('one').scalerProblem).toBe('');
});

test('a drained cluster is stopped only when its drain is proven, and is idle anew when it is not', async () => {
  const draining = { backendId: 'one', ...READY, state: State.DRAINING };
  const scaling = scriptedScaling({ g: [draining] }, { drainIdleMs: 30_000 });
  const since = scaling.time();
  Object.assign(scaling.cluster('one'), { since, idleSince: since });
  scaling.after(30_000);
  const clusters = scriptedClusters({ one: Said.RUNNING });
  await using _monitor = scalingMonitor('m1', scaling, clusters);
  await until('the time to begin anew', () => {
    const { idleSince } = scaling.cluster('one');
    return idleSince && timestampMs(idleSince) > timestampMs(since);
  });
  expect(clusters.told).toEqual([]);
  scaling.drained.set('one', true);
  scaling.after(29_000);
  await looks(scaling);
  expect(clusters.told).toEqual([]);
  scaling.after(2_000);
  await until('it to be told', () => clusters.told.length > 0);
  expect(clusters.told).toEqual(['one STOP']);
  scaling.cluster('one').healthy = false;
  scaling.after(2_000);
  await until('it to be stopped', () => stateOf(scaling, 'one') === State.STOPPED);
  expect(scaling.events).toEqual(['one STOPPED']);
});

test('while a group is paused nothing is told; afterwards it is', async () => {
  const scaling = scriptedScaling({ g: [{ backendId: 'one', ...STOPPED }] });
  const clusters = scriptedClusters({ one: Said.STOPPED });
  Object.assign(scaling.group('g'), { queued: 3, paused: true, pauseReason: 'maintenance' });
  await using _monitor = scalingMonitor('m1', scaling, clusters);
  await until('the reason to be stored', () => scaling.group('g').reason === 'paused: maintenance');
  await looks(scaling);
  expect(clusters.told).toEqual([]);
  scaling.group('g').paused = false;
  await until('it to be told', () => clusters.told.length > 0);
});

test('clusters that this monitor does not know yet are told nothing, and told once it knows them', async () => {
  const scaling = scriptedScaling({ g: [{ backendId: 'new', ...STOPPED }] });
  const clusters = scriptedClusters({});
  scaling.group('g').queued = 1;
  await using monitor = scalingMonitor('m1', scaling, clusters);
  await looks(scaling);
  expect(clusters.told).toEqual([]);
  clusters.states.set('new', Said.STOPPED);
  monitor.setBackends([backendWithScaler('new')]);
  await until('it to be told', () => clusters.told.length > 0);
  expect(clusters.told).toEqual(['new START']);
});

test('a clock of the database that jumps starts and stops nothing more', async () => {
  const scaling = scriptedScaling({
    g: [
      { backendId: 'one', ...STOPPED },
      { backendId: 'two', ...STOPPED },
    ],
  });
  const clusters = scriptedClusters({ one: Said.STOPPED, two: Said.STOPPED });
  scaling.group('g').queued = 1;
  await using _monitor = scalingMonitor('m1', scaling, clusters);
  await until('it to be told', () => scaling.cluster('one').toldAt !== undefined);
  scaling.setBack(HOUR_MS);
  await looks(scaling);
  scaling.after(3_000);
  await looks(scaling);
  expect(clusters.told).toEqual(['one START']);
  clusters.states.set('one', Said.RUNNING);
  becomesHealthy(scaling, 'one');
  scaling.group('g').queued = 0;
  scaling.cluster('one').running = 1;
  scaling.after(10_000);
  await until('it to be ready', () => stateOf(scaling, 'one') === State.READY);
  scaling.setBack(-HOUR_MS);
  await looks(scaling);
  expect(clusters.told).toEqual(['one START']);
});

test('a clock of the database that is set forward while a cluster starts does not make its start fail', async () => {
  const scaling = scriptedScaling({ g: [{ backendId: 'one', ...STOPPED }] });
  const clusters = scriptedClusters({ one: Said.STOPPED });
  scaling.group('g').queued = 1;
  await using _monitor = scalingMonitor('m1', scaling, clusters);
  await until('it to be told', () => scaling.cluster('one').toldAt !== undefined);
  clusters.states.set('one', Said.STARTING);
  await looks(scaling);
  scaling.setBack(-HOUR_MS);
  await looks(scaling);
  await looks(scaling);
  expect(stateOf(scaling, 'one')).toBe(State.STARTING);
  expect(scaling.events).toEqual(['one STARTED']);
});

test('looks at a group never overlap, and one that takes long delays no other group', async () => {
  const scaling = scriptedScaling({
    slow: [{ backendId: 'one', ...STOPPED }],
    other: [{ backendId: 'two', ...STOPPED }],
  });
  const clusters = scriptedClusters({ one: Said.STOPPED, two: Said.STOPPED });
  const held = Promise.withResolvers<void>();
  let slow = 0;
  scaling.before.record = async ({ groupId }) => {
    if (groupId !== 'slow') return;
    slow += 1;
    await held.promise;
  };
  for (const id of ['slow', 'other']) scaling.group(id).queued = 1;
  await using _monitor = scalingMonitor('m1', scaling, clusters);
  await until('the other to be told', () => scaling.cluster('two').toldAt !== undefined);
  await looks(scaling);
  expect(slow).toBe(1);
  held.resolve();
  await until('it to be told', () => clusters.told.includes('one START'));
});

test('a cluster that is up when a monitor looks for the first time is ready at once, without a warm-up', async () => {
  const scaling = scriptedScaling(
    { g: [{ backendId: 'one', state: State.UNKNOWN, healthy: true }] },
    { warmUpStatements: ['SELECT 1'], settleMs: HOUR_MS },
  );
  const clusters = scriptedClusters({ one: Said.RUNNING });
  await using _monitor = scalingMonitor('m1', scaling, clusters);
  await until('it to be ready', () => stateOf(scaling, 'one') === State.READY);
  expect(scaling.events).toEqual([]);
});
