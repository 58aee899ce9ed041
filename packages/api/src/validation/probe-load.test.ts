import { create, type MessageInitShape } from '@bufbuild/protobuf';
import { expect, test } from '@jest/globals';
import {
  type Backend_Probe_LoadSchema,
  BackendSchema,
  Backend_Probe_Kind as Kind,
  Backend_Probe_Load_Source as Source,
} from '../gen/trinogateway/v1/gateway_pb.ts';
import { backendProblems } from './index.ts';

const OPEN = { source: Source.OPEN_METRICS };
const problems = (load: MessageInitShape<typeof Backend_Probe_LoadSchema>, kind: Kind = Kind.SQL) =>
  backendProblems(create(BackendSchema, { id: 'a', url: 'http://a.example', probe: { kind, load } })).map(
    ({ field, message }) => `${field}: ${message}`,
  );

test.each([
  [{}],
  [{ source: Source.SQL }],
  [{ source: Source.GATEWAY_METRICS }],
  [{ ...OPEN, path: '/own/metrics', runningMetric: 'a:b_c', queuedMetric: 'd{e="f g",h="\\""}' }],
  [
    {
      ...OPEN,
      bounds: [
        { metric: 'a', minimum: 1 },
        { metric: 'b', maximum: -1 },
        { metric: 'c', minimum: 2, maximum: 2 },
      ],
    },
  ],
])('%j is accepted', (load) => expect(problems(load)).toEqual([]));

test.each([
  [{ source: 9 as Source }, 'probe.load.source: expected a known value, got 9'],
  [{ source: Source.SQL, path: '/x' }, 'probe.load.source: expected OPEN_METRICS with path'],
  [
    { source: Source.GATEWAY_METRICS, bounds: [{ metric: 'a', minimum: 1 }] },
    'probe.load.source: expected OPEN_METRICS with',
  ],
  [{ ...OPEN, path: 'metrics' }, 'probe.load.path: expected a path such as /metrics'],
  [{ ...OPEN, path: '//evil.example/metrics?x' }, 'probe.load.path: expected a path such as /metrics'],
  [{ ...OPEN, path: '/a/../v1/info' }, 'probe.load.path: expected a path such as /metrics'],
  [{ ...OPEN, path: `/${'a'.repeat(200)}` }, 'probe.load.path: expected a path such as /metrics'],
  [{ ...OPEN, runningMetric: '1a' }, 'probe.load.running_metric: expected the name of a metric'],
  [{ ...OPEN, queuedMetric: 'a b' }, 'probe.load.queued_metric: expected the name of a metric'],
  [{ ...OPEN, queuedMetric: 'a{b="c"' }, 'probe.load.queued_metric: expected the name of a metric'],
  [{ ...OPEN, bounds: [{ metric: '', minimum: 1 }] }, 'probe.load.bounds[0].metric: expected the name of a metric'],
  [{ ...OPEN, bounds: [{ metric: 'a' }] }, 'probe.load.bounds[0].minimum: expected minimum, maximum or both'],
  [
    { ...OPEN, bounds: [{ metric: 'a', minimum: Number.NaN }] },
    'probe.load.bounds[0].minimum: expected a number, got NaN',
  ],
  [
    { ...OPEN, bounds: [{ metric: 'a', minimum: 2, maximum: 1 }] },
    'probe.load.bounds[0].maximum: expected at least the minimum, 2, got 1',
  ],
  [
    { ...OPEN, bounds: Array.from({ length: 21 }, () => ({ metric: 'a', minimum: 1 })) },
    'probe.load.bounds: expected at most 20, got 21',
  ],
])('%j is refused with its place: %s', (load, problem) =>
  expect(problems(load)).toEqual([expect.stringContaining(problem)]),
);

test('a probe that runs no statement cannot read the load by one', () => {
  expect(problems({ source: Source.SQL }, Kind.INFO_ONLY)).toEqual([
    'probe.load.source: expected GATEWAY_METRICS or OPEN_METRICS: a probe of kind INFO_ONLY runs no statement',
  ]);
  expect(problems(OPEN, Kind.INFO_ONLY)).toEqual([]);
});
