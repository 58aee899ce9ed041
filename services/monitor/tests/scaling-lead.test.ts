import { Code, ConnectError } from '@connectrpc/connect';
import { expect, test } from '@jest/globals';
import { Backend_Scaler_State as Said, ClusterScaling_State as State } from '@trino-gateway/api/gateway';
import { until } from '@trino-gateway/testing/processes/until';
import { scalingMonitor, scriptedClusters } from './support/scaling-monitor.ts';
import { looks, type ScriptedScaling, scriptedScaling } from './support/scripted-scaling.ts';

const STOPPED = { state: State.STOPPED, observed: Said.STOPPED };
const HOUR_MS = 3_600_000;

const stateOf = (scaling: ScriptedScaling, id: string) => scaling.cluster(id).state;

test('a monitor that takes over in the middle of a start tells nobody again', async () => {
  const scaling = scriptedScaling({ g: [{ backendId: 'one', ...STOPPED }] });
  const clusters = scriptedClusters({ one: Said.STOPPED });
  scaling.group('g').queued = 1;
  {
    // Its record of what was told never arrives.
    clusters.before = async () => {
      scaling.before.record = () => Promise.reject(new ConnectError('away', Code.Unavailable));
    };
    await using _first = scalingMonitor('m1', scaling, clusters);
    await until('it to start', () => clusters.states.get('one') === Said.STARTING);
    scaling.before.lead = () => Promise.reject(new ConnectError('killed', Code.Unavailable));
  }
  scaling.before = { lead: async () => {}, record: async () => {} };
  expect(scaling.cluster('one').toldAt).toBeUndefined();
  scaling.after(10_001);
  await using _second = scalingMonitor('m2', scaling, clusters);
  await until('the second to lead', () => scaling.holder === 'm2');
  await looks(scaling);
  scaling.after(60_000);
  await looks(scaling);
  expect(clusters.told).toEqual(['one START']);
  expect(stateOf(scaling, 'one')).toBe(State.STARTING);
});

test('a start that was stored and never told is told once by the monitor that takes over', async () => {
  const scaling = scriptedScaling({ g: [{ backendId: 'one', state: State.STARTING, observed: Said.STOPPED }] });
  const clusters = scriptedClusters({ one: Said.STOPPED });
  scaling.group('g').queued = 1;
  scaling.cluster('one').since = scaling.time();
  await using _monitor = scalingMonitor('m2', scaling, clusters);
  await until('it to be told', () => scaling.cluster('one').toldAt !== undefined);
  await looks(scaling);
  expect(clusters.told).toEqual(['one START']);
});

test('nothing is told when another monitor has taken the lead between decision and record', async () => {
  const scaling = scriptedScaling({ g: [{ backendId: 'one', ...STOPPED }] });
  const clusters = scriptedClusters({ one: Said.STOPPED });
  await using _monitor = scalingMonitor('m1', scaling, clusters);
  await looks(scaling);
  const recording = Promise.withResolvers<void>();
  scaling.before.record = async () => {
    scaling.after(10_001);
    await scaling.leadScaling({ monitorId: 'm2' });
    recording.resolve();
  };
  scaling.group('g').queued = 1;
  await recording.promise;
  scaling.before.record = async () => {};
  await looks(scaling);
  expect(scaling.holder).toBe('m2');
  expect(clusters.told).toEqual([]);
  expect(stateOf(scaling, 'one')).toBe(State.STOPPED);
});

test('nothing is told when the lease has run out while the decision was stored', async () => {
  const scaling = scriptedScaling({ g: [{ backendId: 'one', ...STOPPED }] });
  const clusters = scriptedClusters({ one: Said.STOPPED });
  await using _monitor = scalingMonitor('m1', scaling, clusters);
  await looks(scaling);
  // From here on it can neither prolong the lease nor be told who leads.
  scaling.before.record = async () => {
    scaling.before.lead = () => Promise.reject(new ConnectError('away', Code.Unavailable));
    await new Promise(setImmediate);
    scaling.after(10_001);
  };
  scaling.group('g').queued = 1;
  await until('the intent to be stored', () => stateOf(scaling, 'one') === State.STARTING);
  await looks(scaling);
  expect(clusters.told).toEqual([]);
});

test('a monitor that stops lets an action end, gives the lead up, and the next one leads at once', async () => {
  const scaling = scriptedScaling({ g: [{ backendId: 'one', ...STOPPED }] });
  const clusters = scriptedClusters({ one: Said.STOPPED });
  const held = Promise.withResolvers<void>();
  clusters.before = () => held.promise;
  scaling.group('g').queued = 1;
  const first = scalingMonitor('m1', scaling, clusters);
  await using _second = scalingMonitor('m2', scaling, clusters);
  await until('it to be told', () => clusters.told.length > 0);
  const leader = scaling.holder;
  const stopped = first[Symbol.asyncDispose]();
  await looks(scaling);
  expect(scaling.holder).toBe(leader);
  held.resolve();
  await stopped;
  await until('the second to lead', () => scaling.holder === 'm2');
  await looks(scaling);
  expect(clusters.told).toEqual(['one START']);
  expect(clusters.states.get('one')).toBe(Said.STARTING);
});

test('while the gatewayserver is away nothing is told, and that is said; then it goes on', async () => {
  const scaling = scriptedScaling({ g: [{ backendId: 'one', ...STOPPED }] });
  const clusters = scriptedClusters({ one: Said.STOPPED });
  await using monitor = scalingMonitor('m1', scaling, clusters);
  await looks(scaling);
  scaling.before.lead = () => Promise.reject(new ConnectError('away', Code.Unavailable));
  await until('that to be said', () => monitor.problem() !== undefined);
  scaling.group('g').queued = 1;
  scaling.after(HOUR_MS);
  await looks(scaling);
  expect(clusters.told).toEqual([]);
  scaling.before.lead = async () => {};
  await until('it to be told', () => clusters.told.length > 0);
  expect(monitor.problem()).toBeUndefined();
});

test('a gatewayserver that does not know autoscaling is no problem', async () => {
  const scaling = scriptedScaling({});
  const asked = Promise.withResolvers<void>();
  scaling.before.lead = async () => {
    asked.resolve();
    throw new ConnectError('unknown method', Code.Unimplemented);
  };
  await using monitor = scalingMonitor('m1', scaling, scriptedClusters({}));
  await asked.promise;
  await new Promise(setImmediate);
  expect(monitor.problem()).toBeUndefined();
});
