import { describe, expect, test } from '@jest/globals';
import { decideGroup } from '../src/index.ts';
import { cluster, decide, group, noonPlus, once, told } from './support/pictures.ts';

const busy = (id: string, running: number) => cluster(id, 'READY', { running });
const longSurplus = (id: string, running: number) => cluster(id, 'READY', { running, surplusSince: noonPlus(-300) });

describe('scale down', () => {
  test('the last ready cluster in order is drained when nothing waits and few slots are used', () => {
    expect(decide([busy('a', 5), busy('b', 2), longSurplus('c', 1), cluster('d', 'STOPPED')])).toEqual({
      states: 'a READY, b READY, c DRAINING, d STOPPED',
      told: '',
      events: 'DRAIN_BEGUN c',
      wanted: 2,
      reason: 'nothing waits; 8 of 30 slots are used (27 %), at most 50 %: c is drained',
    });
  });

  test.each([
    ['queries wait', [busy('a', 1), busy('b', 1)], { queued: 1 }, '1 query waits'],
    [
      'more slots are used',
      [busy('a', 9), busy('b', 2)],
      {},
      'nothing waits; 11 of 20 slots are used (55 %), more than 50 %',
    ],
    [
      'the rest could not carry it with some to spare',
      [busy('a', 9), busy('b', 0)],
      {},
      'nothing waits; 9 of 20 slots are used (45 %), but without b there would be only 10',
    ],
    [
      'it is the last, and busy',
      [busy('a', 1), cluster('b', 'STOPPED')],
      {},
      'nothing waits; the last cluster is busy',
    ],
    ['another is on its way', [busy('a', 1), busy('b', 0), cluster('c', 'STARTING')], {}, 'c is on its way'],
    ['another drains', [busy('a', 1), busy('b', 0), cluster('c', 'DRAINING')], {}, 'c is on its way out'],
    ['another stops', [busy('a', 1), busy('b', 0), cluster('c', 'TERMINATING')], {}, 'c is on its way out'],
    [
      'something was changed a moment ago',
      [busy('a', 1), busy('b', 0)],
      { lastChangeAt: noonPlus(-299) },
      'nothing is drained for another 1 s after the last change',
    ],
    [
      'a cluster has become ready a moment ago',
      [busy('a', 1), cluster('b', 'READY', { readySince: noonPlus(-200) })],
      {},
      'nothing is drained for another 100 s after the last change',
    ],
    [
      'there must be as many at this time',
      [busy('a', 1), busy('b', 0)],
      { autoscaling: { minClusters: [{ min: 2 }] } },
      'nothing waits; at least 2 clusters at this time',
    ],
    [
      'it is not known how many slots there are',
      [cluster('a', 'READY', { slots: 0, running: 1 }), busy('b', 0)],
      {},
      'nothing waits; 1 running, of an unknown number of slots',
    ],
    [
      'only one without a scaler is up',
      [cluster('a', 'READY', { scalable: false }), cluster('b', 'STOPPED')],
      {},
      'nothing waits, and what is up has no scaler',
    ],
  ])('nothing is drained while %s', (_why, clusters, init, reason) => {
    expect(decide(clusters, init)).toMatchObject({ told: '', events: '', reason });
  });

  test('one look at few queries is not enough: it has been so for the cool-down, without a break', () => {
    const first = once(group([busy('a', 5), busy('b', 2), busy('c', 1)]), 299);
    expect(first.clusters.map(({ surplusSince }) => surplusSince)).toEqual([undefined, undefined, noonPlus(0)]);
    expect(told(decideGroup(first))).toMatchObject({
      events: '',
      reason: 'nothing waits; 8 of 30 slots are used (27 %); c is drained if that stays so for another 1 s',
    });
    expect(told(decideGroup(once(first, 1))).events).toBe('DRAIN_BEGUN c');
    const [a] = first.clusters;
    if (a) a.running = 16;
    expect(decideGroup(first).clusters.map(({ surplusSince }) => surplusSince)).toEqual([
      undefined,
      undefined,
      undefined,
    ]);
  });

  test('with nothing running also the last cluster goes, where the minimum is 0', () => {
    expect(decide([busy('a', 0), cluster('b', 'STOPPED')])).toMatchObject({
      states: 'a DRAINING, b STOPPED',
      reason: 'nothing runs and nothing waits: a is drained',
    });
    const kept = { autoscaling: { minClusters: [{ min: 1 }] } };
    expect(decide([busy('a', 0), cluster('b', 'STOPPED')], kept).states).toBe('a READY, b STOPPED');
  });

  test('clusters above max_clusters are drained whatever they do, the last first', () => {
    expect(
      decide([busy('a', 9), busy('b', 9), busy('c', 9)], { queued: 3, autoscaling: { maxClusters: 1 } }),
    ).toMatchObject({
      states: 'a READY, b DRAINING, c DRAINING',
      told: '',
    });
  });

  test('one that has failed its probes for long goes first, as it carries nothing', () => {
    expect(decide([busy('a', 9), cluster('b', 'UNHEALTHY'), busy('c', 9)])).toMatchObject({
      states: 'a READY, b DRAINING, c READY',
    });
  });

  test('what has no scaler counts, and is left alone', () => {
    const fixed = cluster('x', 'READY', { scalable: false, running: 2 });
    expect(decide([longSurplus('a', 2), fixed])).toMatchObject({ states: 'a DRAINING, x READY' });
    expect(decide([fixed], {})).toMatchObject({ reason: 'none of its clusters has a scaler: they are as they are' });
  });
});

describe('a cluster that drains', () => {
  const remaining = [{ kind: 1, count: 1, text: '1 query' }] as never;
  const idle = (init: object) => group([busy('a', 1), cluster('b', 'DRAINING', init)]);
  const then = (init: object) => decideGroup(idle(init));

  test('is idle from when nothing ties it, and no longer when something does', () => {
    expect(then({ remaining, running: 1 }).clusters[1]?.idleSince).toBeUndefined();
    expect(then({ idleSince: noonPlus(-30), remaining }).clusters[1]?.idleSince).toBeUndefined();
    expect(then({}).clusters[1]?.idleSince).toEqual(noonPlus(0));
    expect(then({ idleSince: noonPlus(-30) }).clusters[1]?.idleSince).toEqual(noonPlus(-30));
  });

  test('is stopped once it is sealed, and never before', () => {
    expect(told(then({ idleSince: noonPlus(-3_600) })).told).toBe('');
    expect(told(then({ idleSince: noonPlus(-60), sealed: true }))).toMatchObject({
      states: 'a READY, b TERMINATING',
      told: 'STOP b',
      events: 'STOPPED b',
    });
  });

  test('is not stopped while a router has yet to take note of its seal, and comes back no more', () => {
    const sealed = { sealed: true, remaining, idleSince: noonPlus(-60) };
    expect(told(then(sealed))).toMatchObject({ told: '', states: 'a READY, b DRAINING' });
    expect(told(decideGroup({ ...idle(sealed), queued: 9 }))).toMatchObject({ states: 'a READY, b DRAINING' });
  });

  test('that was sealed by somebody else is useless: it drains, and is stopped when that is proven', () => {
    const useless = once(group([busy('a', 1), cluster('b', 'READY', { sealed: true })]), 1);
    expect(useless.clusters[1]).toMatchObject({ state: 6, sealed: true });
    expect(told(decideGroup(useless))).toMatchObject({ told: 'STOP b', events: 'STOPPED b' });
  });

  test('waits for as long as something of it is not known', () => {
    const unknown = [{ kind: 7, count: 0, text: 'a router does not answer' }] as never;
    expect(told(then({ remaining: unknown, idleSince: noonPlus(-3_600) }))).toMatchObject({ told: '', events: '' });
  });

  test('is stopped without proof when an operator forces it', () => {
    expect(told(then({ remaining, running: 1, forceStop: true }))).toMatchObject({
      told: 'STOP b',
      events: 'FORCE_STOPPED b',
    });
  });

  test('is told to stop once, and again when its scaler says for half a minute that it runs', () => {
    const stopping = once(idle({ sealed: true }), 10);
    expect(told(decideGroup(stopping)).told).toBe('');
    const [, b] = stopping.clusters;
    if (b) b.observed = 1;
    expect(told(decideGroup(stopping)).told).toBe('');
    expect(told(decideGroup(once(stopping, 20))).told).toBe('STOP b');
    if (b) b.observed = 2;
    if (b) b.healthy = false;
    expect(told(decideGroup(stopping))).toMatchObject({ states: 'a READY, b STOPPED', told: '' });
  });
});
