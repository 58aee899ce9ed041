import { toJson } from '@bufbuild/protobuf';
import { describe, expect, test } from '@jest/globals';
import { BackendSchema, GroupSchema } from '@trino-gateway/api/gateway';
import { readDeclared } from '@trino-gateway/config';
import { parse } from 'yaml';
import { readConfiguration } from './model.ts';
import { translate } from './translate.ts';

const GROUP = {
  maxRunningQueries: 3,
  autoscaling: {
    upscaleQueuedQueriesThreshold: 1,
    downscaleRunningQueriesPercentageThreshold: 70,
    drainIdleDurationBeforeShutdown: '60s',
    minClusters: [{ timeUtc: '00:00:00 - 23:59:59', weekdays: 'Mon - Son', min: 0 }],
  },
};
const mapped = (...names: string[]) => Object.fromEntries(names.map((name) => [name, { name, namespace: 'default' }]));

type Changes = { autoscaling?: object | null; clusters?: string[]; clusterAutoscaler?: object | null };

/** A group of clusters, translated: what there is of scaling, and what was said about it. */
function translated({ autoscaling = {}, clusters = ['a', 'b'], clusterAutoscaler }: Changes = {}) {
  const configuration = readConfiguration('lb.yaml', {
    trinoClusterGroups: {
      g: {
        ...GROUP,
        autoscaling: autoscaling && { ...GROUP.autoscaling, ...autoscaling },
        trinoClusters: clusters.map((name) => ({ name, endpoint: `https://${name}.example:8443` })),
      },
    },
    routers: [],
    routingFallback: 'g',
    ...(clusterAutoscaler === null
      ? {}
      : { clusterAutoscaler: clusterAutoscaler ?? { stackable: { clusters: mapped('a', 'b') } } }),
  });
  const { declared, notes } = translate(configuration);
  const json = <Of>(value: unknown) => value as Of;
  const problems: string[] = [];
  const plain = {
    backends: declared.backends.map((one) => toJson(BackendSchema, one, { useProtoFieldName: true })),
    groups: declared.groups.map((one) => toJson(GroupSchema, one, { useProtoFieldName: true })),
  };
  readDeclared(plain, (path, message) => problems.push(`${path}: ${message}`));
  expect(problems).toEqual([]);
  return {
    autoscaling: json<{ autoscaling?: Record<string, unknown> }>(plain.groups[0]).autoscaling,
    scalers: plain.backends.map((one) => json<{ scaler?: unknown }>(one).scaler),
    said: notes.filter(({ about }) => about !== 'clusterAutoscaler').map(({ text }) => text),
    differences: notes.filter(({ about }) => about === 'clusterAutoscaler').map(({ text }) => text),
  };
}

test('what the example of trino-lb asks for is the same here, and is valid', () => {
  const { autoscaling, scalers, said, differences } = translated();
  expect(autoscaling).toEqual({
    scale_up_queued: 1,
    scale_down_utilization_percent: 70,
    drain_idle_ms: 60_000,
    min_clusters: [{}],
  });
  expect(scalers).toEqual(['a', 'b'].map((name) => ({ stackable: { namespace: 'default', name } })));
  expect(said).toEqual([]);
  expect(differences).toHaveLength(6);
});

describe('the least numbers of clusters', () => {
  test.each<[string, object, object | undefined]>([
    ['00:00:00 - 23:59:59', { min: 1 }, { min: 1 }],
    ['08:00:00 - 16:59:59', { min: 1 }, { from: '08:00', to: '17:00', min: 1 }],
    ['08:00:00 - 17:00:00', { min: 1 }, { from: '08:00', to: '17:00:01', min: 1 }],
    ['20:00:00 - 23:59:59', { min: 1 }, { from: '20:00', to: '24:00', min: 1 }],
    ['00:00:00 - 05:59:30', { min: 0 }, { from: '00:00', to: '05:59:31' }],
    ['08:00:00 - 09:59:59', { min: 3 }, { from: '08:00', to: '10:00', min: 2 }],
    ['08:00:00 - 09:59:59', { min: 1, weekdays: 'Mon - Sun' }, { from: '08:00', to: '10:00', min: 1 }],
    ['22:00:00 - 05:59:59', { min: 1 }, undefined],
    ['99:99:99 - 99:99:99', { min: 1 }, undefined],
    ['24:00:00 - 24:00:00', { min: 1 }, undefined],
    ['8:00 - 9:00', { min: 1 }, undefined],
    ['08:00:00 - 09:59:59', { min: 1, weekdays: 'Mon - Fri' }, undefined],
  ])('%s with %o', (timeUtc, more, expected) => {
    const { autoscaling, said } = translated({
      autoscaling: { minClusters: [{ timeUtc, weekdays: 'Mon - Son', ...more }] },
    });
    expect(autoscaling?.min_clusters).toEqual(expected && [expected]);
    if (expected === undefined) expect(said).toEqual([expect.stringMatching(/^its minClusters\[0\] is left out: /)]);
  });

  test('a window over midnight is told: it fitted never there, and would here', () => {
    const window = { timeUtc: '22:00:00 - 05:59:59', weekdays: 'Mon - Son', min: 1 };
    expect(translated({ autoscaling: { minClusters: [window] } }).said).toEqual([
      'its minClusters[0] is left out: its end is before its beginning, so that it never fitted there; here it would reach over midnight',
    ]);
  });

  test('more than there are clusters is all of them', () => {
    const window = { timeUtc: '00:00:00 - 23:59:59', weekdays: 'Mon - Son', min: 9 };
    const { autoscaling, said } = translated({ autoscaling: { minClusters: [window] } });
    expect(autoscaling?.min_clusters).toEqual([{ min: 2 }]);
    expect(said).toEqual(['its minClusters[0] asks for 9 of 2 clusters: all of them here']);
  });
});

test.each<[string, object, object, string | undefined]>([
  ['0 is no threshold', { upscaleQueuedQueriesThreshold: 0 }, {}, 'its upscaleQueuedQueriesThreshold 0 started'],
  [
    'above 100',
    { downscaleRunningQueriesPercentageThreshold: 250 },
    { scale_down_utilization_percent: 100 },
    '250 is 100',
  ],
  ['minutes', { drainIdleDurationBeforeShutdown: '5m' }, { drain_idle_ms: 300_000 }, undefined],
  ['several units', { drainIdleDurationBeforeShutdown: '1h 30min' }, { drain_idle_ms: 5_400_000 }, undefined],
  ['no duration', { drainIdleDurationBeforeShutdown: 'hunter2' }, {}, 'is not a duration'],
  ['a key of another version', { minIdle: 3 }, {}, 'its autoscaling.minIdle is not translated'],
])('a threshold or duration is translated: %s', (_, autoscaling, expected, said) => {
  const found = translated({ autoscaling });
  expect(found.autoscaling).toMatchObject(expected);
  expect(found.said.join()).toContain(said ?? '');
  expect(found.said).toHaveLength(said === undefined ? 0 : 1);
  expect(found.said.join()).not.toContain('hunter2');
});

test('a group with autoscaling is static without a clusterAutoscaler, as there', () => {
  expect(translated({ clusterAutoscaler: null })).toEqual({
    autoscaling: undefined,
    scalers: [undefined, undefined],
    said: ['its autoscaling did nothing there, without a clusterAutoscaler: left out, its clusters are always on'],
    differences: [],
  });
});

test('a cluster of a group without autoscaling is never started or stopped', () => {
  const { autoscaling, scalers, said } = translated({ autoscaling: null });
  expect([autoscaling, scalers]).toEqual([undefined, [undefined, undefined]]);
  expect(said).toEqual(Array(2).fill('is not started or stopped, as there: its group has no autoscaling'));
});

test('a cluster that names no TrinoCluster, or that of another one, has no scaler', () => {
  const clusters = { a: { name: 'x', namespace: 'n' }, b: { name: 'x', namespace: 'n' } };
  const { scalers, said } = translated({ clusters: ['a', 'b', 'c'], clusterAutoscaler: { stackable: { clusters } } });
  expect(scalers).toEqual([{ stackable: { name: 'x', namespace: 'n' } }, undefined, undefined]);
  expect(said).toEqual([
    'gets no scaler: "a" has TrinoCluster n/x already',
    'is in no stackable.clusters, which stopped trino-lb from starting: it has no scaler, and counts as it is',
  ]);
});

test('what cannot be read is refused with its place', () => {
  const wrong = parse('{ upscaleQueuedQueriesThreshold: hunter2 }') as object;
  expect(() => translated({ autoscaling: wrong })).toThrow(
    /^trinoClusterGroups\.g\.autoscaling\.upscaleQueuedQueriesThreshold: /,
  );
});
