import { timestampFromMs } from '@bufbuild/protobuf/wkt';
import { describe, expect, test } from '@jest/globals';
import { Backend_Scaler_State as Said } from '@trino-gateway/api/gateway';
import { afterJump, awaitsSeal, awaitsWarmUp, clockJump, decidedGroup, decideGroup, shareOf } from '../src/index.ts';
import { cluster, decide, group, NOON, noonPlus, once, told } from './support/pictures.ts';

const { RUNNING, STOPPED, STARTING, STOPPING, STATE_UNSPECIFIED } = Said;

describe('a cluster that nobody has looked at yet', () => {
  test.each([
    [RUNNING, true, 'READY'],
    [RUNNING, false, 'UNHEALTHY'],
    [STARTING, false, 'STARTING'],
    [STARTING, true, 'READY'],
    [STOPPED, false, 'STOPPED'],
    [STOPPING, false, 'TERMINATING'],
    [STATE_UNSPECIFIED, true, 'READY'],
    [STATE_UNSPECIFIED, false, 'UNKNOWN'],
  ])('is, where its scaler says %s and its probes pass: %s, found %s', (observed, healthy, expected) => {
    const found = decide([cluster('a', 'STATE_UNSPECIFIED', { observed, healthy, running: 1 })]);
    expect(found).toMatchObject({ states: `a ${expected}`, told: '', events: '' });
  });
});

describe('the administrator', () => {
  const out = { deactivatedReason: 'disabled' };

  test.each(['UNKNOWN', 'STOPPED', 'STARTING', 'READY', 'UNHEALTHY', 'DRAINING', 'TERMINATING'] as const)(
    'takes a cluster out that is %s: nothing is told to its scaler',
    (state) => {
      const init = { ...out, since: noonPlus(-7_200), sealed: true };
      expect(
        decide([cluster('a', state, init)], { queued: 50, autoscaling: { minClusters: [{ min: 1 }] } }),
      ).toMatchObject({
        states: 'a DEACTIVATED',
        told: '',
        events: 'DEACTIVATED a',
        wanted: 0,
      });
    },
  );

  test('gives it back, and its state is found anew', () => {
    const given = (observed: Said, healthy: boolean) =>
      decide([cluster('a', 'DEACTIVATED', { observed, healthy, running: 1 })]);
    expect(given(RUNNING, true)).toMatchObject({ states: 'a READY', events: 'ACTIVATED a' });
    expect(given(STOPPED, false)).toMatchObject({ states: 'a STOPPED', events: 'ACTIVATED a' });
    expect(given(STATE_UNSPECIFIED, false)).toMatchObject({ states: 'a UNKNOWN', events: 'ACTIVATED a' });
  });

  test('has what is missing substituted, as that does not count', () => {
    const clusters = [cluster('a', 'READY', out), cluster('b', 'STOPPED')];
    expect(decide(clusters, { autoscaling: { minClusters: [{ min: 1 }] } })).toMatchObject({ told: 'START b' });
  });

  test('forces the stop also of a cluster that is out, once', () => {
    const forced = once(group([cluster('a', 'DEACTIVATED', { ...out, forceStop: true })]));
    expect(told(decideGroup(forced))).toMatchObject({ states: 'a TERMINATING', told: '' });
    const [a] = forced.clusters;
    if (a) a.observed = STOPPED;
    if (a) a.healthy = false;
    const stopped = decideGroup(forced);
    expect(told(stopped)).toMatchObject({ states: 'a DEACTIVATED', told: '' });
    expect(stopped.clusters[0]?.forceStop).toBe(false);
  });
});

describe('what somebody did by hand', () => {
  test.each([
    ['READY', { observed: STOPPED, healthy: false }, 'STOPPED'],
    ['READY', { observed: STOPPED }, 'TERMINATING'],
    ['READY', { observed: STOPPING }, 'TERMINATING'],
    ['DRAINING', { observed: STOPPED, healthy: false }, 'STOPPED'],
    ['UNHEALTHY', { observed: STOPPED }, 'STOPPED'],
    ['STOPPED', { observed: STARTING }, 'STARTING'],
    ['STOPPED', { observed: RUNNING }, 'STARTING'],
    ['STOPPED', { observed: RUNNING, healthy: true, healthySince: noonPlus(-60) }, 'READY'],
    ['TERMINATING', { observed: RUNNING, healthy: true, sealed: false }, 'READY'],
  ] as const)('is accepted and told: %s with %j is %s', (state, init, expected) => {
    expect(decide([cluster('a', state, init), cluster('b', 'READY', { running: 1 })])).toMatchObject({
      states: `a ${expected}, b READY`,
      told: '',
      events: 'FOUND_CHANGED a',
    });
  });

  test('is not undone: but where clusters are missing, they are started', () => {
    const stopped = cluster('a', 'READY', { observed: STOPPED, healthy: false });
    expect(decide([stopped], { autoscaling: { minClusters: [{ min: 1 }] } })).toMatchObject({
      told: 'START a',
      events: 'FOUND_CHANGED a, STARTED a',
    });
  });

  test('is not guessed while the scaler does not answer', () => {
    const silent = { observed: STATE_UNSPECIFIED, scalerProblem: 'no answer', running: 1 };
    for (const state of ['STOPPED', 'STARTING', 'READY', 'DRAINING', 'TERMINATING'] as const)
      expect(decide([cluster('a', state, { ...silent, healthy: state !== 'STARTING' })])).toMatchObject({
        states: `a ${state}`,
        told: '',
      });
  });
});

describe('readiness', () => {
  const starting = (init: object) => cluster('a', 'STARTING', { healthy: true, healthySince: noonPlus(-5), ...init });

  test('a cluster is ready once it passes its probes and has settled', () => {
    expect(decide([starting({})])).toMatchObject({ states: 'a READY', events: 'BECAME_READY a' });
    expect(decide([starting({ healthySince: noonPlus(-4.9) })]).states).toBe('a STARTING');
    expect(decide([starting({ healthy: false })]).states).toBe('a STARTING');
    expect(decide([starting({ observed: STOPPED })]).states).toBe('a STARTING');
    expect(decide([starting({ toldAt: undefined })]).states).toBe('a STARTING');
    // The monitor that told it died before it could say so.
    expect(decide([starting({ toldAt: undefined, observed: 1 })]).states).toBe('a READY');
    expect(decide([starting({ sealed: true })]).states).toBe('a STARTING');
  });

  test('and its warm-up statements have run', () => {
    const autoscaling = { warmUpStatements: ['SELECT 1'] };
    const picture = group([starting({})], { autoscaling });
    expect(told(decideGroup(picture)).states).toBe('a STARTING');
    expect(picture.clusters.map((one) => awaitsWarmUp(one, picture.autoscaling, noonPlus(0)))).toEqual([true]);
    expect(decide([starting({ warmedUpAt: noonPlus(-1) })], { autoscaling }).states).toBe('a READY');
  });

  test('one that fails its probes takes nothing, and comes back by itself', () => {
    const failing = once(group([cluster('a', 'READY', { healthy: false })]), 10);
    expect(told(decideGroup(failing))).toMatchObject({ states: 'a UNHEALTHY', told: '', events: '' });
    const [a] = failing.clusters;
    if (a) a.healthy = true;
    if (a) a.healthySince = noonPlus(5);
    expect(told(decideGroup(failing))).toMatchObject({ states: 'a READY', events: 'BECAME_READY a' });
  });

  test('the share of new queries grows evenly from nearly nothing', () => {
    expect([-1, 0, 0.1, 30, 60, 3_600].map((seconds) => shareOf(noonPlus(-seconds), 60_000, noonPlus(0)))).toEqual([
      0.01, 0.01, 0.01, 0.5, 1, 1,
    ]);
    expect(shareOf(undefined, 60_000, noonPlus(0))).toBe(1);
    expect(shareOf(noonPlus(0), 0, noonPlus(0))).toBe(1);
    expect(shareOf(noonPlus(3_600), 60_000, noonPlus(0))).toBe(1);
  });
});

describe('the leader dies', () => {
  test('a start that was stored and never told is told by the next', () => {
    const picture = group([cluster('a', 'STOPPED')], { queued: 1 });
    const stored = decidedGroup(picture, decideGroup(picture));
    expect(told(decideGroup(stored))).toMatchObject({ told: 'START a', events: '' });
  });

  test('a start that was told is told by nobody again, until its scaler denies it for half a minute', () => {
    const toldOnce = once(group([cluster('a', 'STOPPED')], { queued: 1 }), 29);
    expect(told(decideGroup(toldOnce))).toMatchObject({ told: '', states: 'a STARTING' });
    const [a] = toldOnce.clusters;
    if (a) a.observed = STOPPED;
    expect(told(decideGroup(toldOnce)).told).toBe('');
    expect(told(decideGroup(once(toldOnce, 1))).told).toBe('START a');
  });
});

describe('the minimum', () => {
  const minClusters = [
    { min: 1 },
    { from: '08:00', to: '18:00', weekdays: ['Mon-Fri'], timeZone: 'Europe/Vienna', min: 2 },
  ];
  const three = () => ['a', 'b', 'c'].map((id) => cluster(id, 'STOPPED'));

  test('the last window that holds counts', () => {
    expect(decide(three(), { autoscaling: { minClusters } }).told).toBe('START a, START b');
    const evening = { now: timestampFromMs(Date.parse('2026-11-24T17:00:00Z')), autoscaling: { minClusters } };
    expect(decide(three(), evening).told).toBe('START a');
  });

  test('unhealthy and failed clusters in it are substituted', () => {
    const [, b, c] = three();
    const clusters = (first: ReturnType<typeof cluster>) => [first, ...[b, c].flatMap((one) => one ?? [])];
    const autoscaling = { minClusters: [{ min: 1 }] };
    expect(decide(clusters(cluster('a', 'UNHEALTHY')), { autoscaling }).told).toBe('START b');
    const failed = cluster('a', 'STOPPED', { failedUntil: noonPlus(1) });
    expect(decide(clusters(failed), { autoscaling }).told).toBe('START b');
    expect(decide(clusters(cluster('a', 'UNKNOWN')), { autoscaling }).told).toBe('START b');
  });
});

describe('a clock that jumps', () => {
  const picture = () =>
    group(
      [
        cluster('a', 'READY', { running: 1 }),
        cluster('b', 'STARTING', { since: noonPlus(-60) }),
        cluster('c', 'DRAINING', { idleSince: noonPlus(-10) }),
        cluster('d', 'STOPPED', { failedUntil: noonPlus(300) }),
      ],
      { lastChangeAt: noonPlus(-60), queued: 0 },
    );

  test.each([3_600, -3_600, 86_400 * 365, -86_400 * 365])('by %d s starts and stops nothing', (seconds) => {
    const now = timestampFromMs(NOON + seconds * 1_000);
    const jumped = afterJump({ ...picture(), now: noonPlus(0) }, seconds * 1_000);
    jumped.now = now;
    expect(told(decideGroup(jumped))).toEqual(told(decideGroup(picture())));
    expect(jumped.clusters.some((one) => awaitsSeal(one, jumped.autoscaling, now))).toBe(false);
  });

  test('back, unnoticed, still starts and stops nothing', () => {
    const back = { ...picture(), now: noonPlus(-3_600) };
    expect(told(decideGroup(back))).toMatchObject({ told: '', events: '' });
  });

  test('is noticed by a steady one; slow answers are none', () => {
    const before = { databaseMs: 1_000, steadyMs: 5 };
    expect(clockJump(undefined, before)).toBe(0);
    expect(clockJump(before, { databaseMs: 4_000, steadyMs: 1_005 })).toBe(0);
    expect(clockJump(before, { databaseMs: 3_602_000, steadyMs: 1_005 })).toBe(3_600_000);
    expect(clockJump(before, { databaseMs: -3_598_000, steadyMs: 1_005 })).toBe(-3_600_000);
  });
});

test('a paused group starts and stops nothing, but what is under way goes on', () => {
  const paused = { paused: true, pauseReason: 'maintenance', queued: 9, autoscaling: { minClusters: [{ min: 2 }] } };
  expect(decide([cluster('a', 'STOPPED'), cluster('b', 'DRAINING', { running: 1 })], paused)).toMatchObject({
    states: 'a STOPPED, b DRAINING',
    told: '',
    reason: 'paused: maintenance',
  });
  const underWay = [
    cluster('a', 'STARTING', { healthy: true, healthySince: noonPlus(-9) }),
    cluster('b', 'DRAINING', { sealed: true }),
    cluster('c', 'STARTING', { toldAt: undefined, observed: STOPPED }),
  ];
  expect(decide(underWay, paused)).toMatchObject({
    states: 'a READY, b TERMINATING, c STARTING',
    told: 'STOP b, START c',
  });
});
