import { describe, expect, test } from '@jest/globals';
import { Backend_Scaler_State as Said } from '@trino-gateway/api/gateway';
import { decideGroup } from '../src/index.ts';
import { cluster, decide, group, noonPlus, once, told } from './support/pictures.ts';

const full = { running: 10 };

describe('scale up', () => {
  test('the first stopped cluster in order is started when as many queries wait as the group says', () => {
    const clusters = [cluster('a', 'READY', full), cluster('b', 'STOPPED'), cluster('c', 'STOPPED')];
    expect(decide(clusters, { queued: 2, autoscaling: { scaleUpQueued: 3 } })).toMatchObject({ told: '' });
    expect(decide(clusters, { queued: 3, autoscaling: { scaleUpQueued: 3 } })).toEqual({
      states: 'a READY, b STARTING, c STOPPED',
      told: 'START b',
      events: 'STARTED b',
      wanted: 2,
      reason: '3 queries wait',
    });
  });

  test('or when one of them has waited for so long', () => {
    const clusters = [cluster('a', 'READY', full), cluster('b', 'STOPPED')];
    const autoscaling = { scaleUpQueued: 100, scaleUpWaitMs: 30_000 };
    expect(decide(clusters, { queued: 1, longestWaitMs: 29_999, autoscaling })).toMatchObject({ told: '' });
    expect(decide(clusters, { queued: 1, longestWaitMs: 30_000, autoscaling })).toMatchObject({
      told: 'START b',
      reason: '1 query waits, the first for 30 s',
    });
  });

  test('one query is enough where no cluster is up or on its way', () => {
    const autoscaling = { scaleUpQueued: 100 };
    const clusters = [cluster('a', 'STOPPED'), cluster('b', 'STOPPED')];
    expect(decide(clusters, { autoscaling })).toMatchObject({ told: '', wanted: 0 });
    expect(decide(clusters, { queued: 1, autoscaling })).toMatchObject({
      told: 'START a',
      reason: '1 query waits, and no cluster is up or on its way',
    });
    const unhealthy = [cluster('a', 'UNHEALTHY'), cluster('b', 'STOPPED')];
    expect(decide(unhealthy, { queued: 1, autoscaling })).toMatchObject({ told: 'START b' });
  });

  test.each([
    [25, 'START a, START b, START c'],
    [20, 'START a, START b'],
    [11, 'START a, START b'],
    [10, 'START a'],
    [1, 'START a'],
    [1_000, 'START a, START b, START c, START d'],
  ])('%d queries that wait justify this many starts at once, by slots: %s', (queued, expected) => {
    const clusters = ['a', 'b', 'c', 'd'].map((id) => cluster(id, 'STOPPED'));
    expect(decide(clusters, { queued })).toMatchObject({ told: expected });
  });

  test('without a known number of slots one more cluster is on its way at a time', () => {
    const clusters = ['a', 'b', 'c'].map((id) => cluster(id, 'STOPPED', { slots: 0 }));
    const before = group(clusters, { queued: 500 });
    expect(told(decideGroup(before)).told).toBe('START a');
    expect(told(decideGroup(once(before, 30))).told).toBe('');
    const [, ...rest] = clusters;
    expect(decide([cluster('a', 'READY', { slots: 0, running: 40 }), ...rest], { queued: 500 }).told).toBe('START b');
  });

  test('clusters on their way count, so that no surplus start follows', () => {
    const rest = [cluster('b', 'STOPPED'), cluster('c', 'STOPPED')];
    expect(decide([cluster('a', 'STARTING'), ...rest], { queued: 10 }).told).toBe('');
    expect(decide([cluster('a', 'STARTING'), ...rest], { queued: 11 })).toMatchObject({
      told: 'START b',
      reason: '11 queries wait, 1 of them for no slot in sight',
    });
    const waitsLong = { queued: 30, longestWaitMs: 60_000, autoscaling: { scaleUpQueued: 100, scaleUpWaitMs: 1 } };
    expect(decide([cluster('a', 'STARTING'), ...rest], waitsLong).told).toBe('');
  });

  test('queries that wait although slots are free start nothing', () => {
    expect(decide([cluster('a', 'READY', { running: 2 }), cluster('b', 'STOPPED')], { queued: 5 }).told).toBe('');
  });

  test('a draining cluster comes back before another is started, unless it is sealed or unhealthy', () => {
    const clusters = [cluster('a', 'READY', full), cluster('b', 'STOPPED'), cluster('c', 'DRAINING', { running: 1 })];
    expect(decide(clusters, { queued: 1 })).toMatchObject({
      states: 'a READY, b STOPPED, c READY',
      told: '',
      events: 'UNDRAINED c',
    });
    expect(decide(clusters, { queued: 12 })).toMatchObject({ told: 'START b', events: 'UNDRAINED c, STARTED b' });
    const sealed = [cluster('b', 'STOPPED'), cluster('c', 'DRAINING', { sealed: true })];
    expect(decide(sealed, { queued: 1 })).toMatchObject({ told: 'START b, STOP c' });
    expect(decide([cluster('b', 'STOPPED'), cluster('c', 'DRAINING', { healthy: false })], { queued: 1 }).told).toBe(
      'START b',
    );
  });

  test('never more than max_clusters are up or on their way', () => {
    const clusters = [cluster('a', 'READY', full), cluster('b', 'STOPPED'), cluster('c', 'STOPPED')];
    expect(decide(clusters, { queued: 50, autoscaling: { maxClusters: 2 } })).toMatchObject({
      told: 'START b',
      reason: '50 queries wait, but no more than 2 clusters may be up',
    });
    expect(decide(clusters, { queued: 50, autoscaling: { maxClusters: 1 } }).told).toBe('');
  });

  test('one whose scaler does not work is started only when there is no other', () => {
    const broken = cluster('a', 'STOPPED', { scalerProblem: 'forbidden', observed: Said.STATE_UNSPECIFIED });
    expect(decide([broken, cluster('b', 'STOPPED')], { queued: 1 }).told).toBe('START b');
    expect(decide([broken], { queued: 1 }).told).toBe('START a');
  });
});

describe('a start that takes too long', () => {
  const slow = cluster('a', 'STARTING', { since: noonPlus(-600) });

  test('has failed: the cluster is told to stop, and another is taken', () => {
    expect(decide([slow, cluster('b', 'STOPPED')], { queued: 1 })).toMatchObject({
      states: 'a TERMINATING, b STARTING',
      told: 'STOP a, START b',
      events: 'START_FAILED a, STARTED b',
    });
  });

  test('is not tried again for as long', () => {
    const failed = once(group([slow], { queued: 1 }));
    const [stopped] = failed.clusters;
    if (stopped) stopped.observed = Said.STOPPED;
    expect(told(decideGroup(failed))).toMatchObject({
      states: 'a STOPPED',
      told: '',
      reason: '1 query waits, and no cluster is up or on its way, but no other cluster can be started',
    });
    expect(told(decideGroup(once(failed, 599))).told).toBe('');
    expect(told(decideGroup(once(failed, 600))).told).toBe('START a');
  });

  test('is stopped by nobody while somebody uses the cluster', () => {
    expect(decide([cluster('a', 'STARTING', { since: noonPlus(-600), running: 1 })])).toMatchObject({
      states: 'a UNHEALTHY',
      told: '',
      events: 'START_FAILED a',
    });
  });
});
