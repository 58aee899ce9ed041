import { create, type MessageInitShape } from '@bufbuild/protobuf';
import { expect, test } from '@jest/globals';
import { type Group_AutoscalingSchema, GroupSchema } from '../gen/trinogateway/v1/gateway_pb.ts';
import { groupProblems, sharedClusterProblems } from './index.ts';

type Asked = MessageInitShape<typeof Group_AutoscalingSchema>;
const group = (id: string, backendIds: string[], autoscaling?: Asked) =>
  create(GroupSchema, { id, backendIds, ...(autoscaling && { autoscaling }) });
const problems = (autoscaling: Asked) =>
  groupProblems(group('g', ['a', 'b', 'c'], autoscaling)).map(({ field, message }) => `${field}: ${message}`);

test('a group asks for autoscaling without saying more', () => expect(problems({})).toEqual([]));

test.each<[Asked, string]>([
  [{ scaleUpQueued: -1 }, 'autoscaling.scale_up_queued: expected 0 to 1000000, got -1'],
  [{ scaleUpWaitMs: -5 }, 'autoscaling.scale_up_wait_ms: expected 0 to 86400000, got -5'],
  [{ scaleDownUtilizationPercent: 101 }, 'autoscaling.scale_down_utilization_percent: expected 0 to 100, got 101'],
  [{ drainIdleMs: 86_400_001 }, 'autoscaling.drain_idle_ms: expected 0 to 86400000, got 86400001'],
  [{ coolDownMs: -1 }, 'autoscaling.cool_down_ms: expected 0 to 86400000, got -1'],
  [{ startTimeoutMs: 2 ** 31 - 1 }, 'autoscaling.start_timeout_ms: expected 0 to 86400000, got 2147483647'],
  [{ maxClusters: -1 }, 'autoscaling.max_clusters: expected 0 to 10000, got -1'],
  [{ settleMs: -1 }, 'autoscaling.settle_ms: expected 0 to 86400000, got -1'],
  [{ slowStartMs: -1 }, 'autoscaling.slow_start_ms: expected 0 to 86400000, got -1'],
  [{ minClusters: [{ min: 4 }] }, 'autoscaling.min_clusters[0].min: expected 0 to 3, the number of backend_ids, got 4'],
  [
    { minClusters: [{ min: -1 }] },
    'autoscaling.min_clusters[0].min: expected 0 to 3, the number of backend_ids, got -1',
  ],
  [
    { minClusters: [{ min: 3 }], maxClusters: 2 },
    'autoscaling.min_clusters[0].min: expected at most max_clusters, 2, got 3',
  ],
  [
    { minClusters: [{ from: '25:00' }] },
    'autoscaling.min_clusters[0].from: expected HH:MM or HH:MM:SS, up to 23:59:59, got "25:00"',
  ],
  [
    { minClusters: [{ to: '24:01' }] },
    'autoscaling.min_clusters[0].to: expected HH:MM or HH:MM:SS, up to 24:00, got "24:01"',
  ],
  [
    { minClusters: [{ weekdays: ['Mon-Son'] }] },
    'autoscaling.min_clusters[0].weekdays: expected Mon, Tue, Wed, Thu, Fri, Sat, Sun, their full names or a range such as Mon-Fri, got "Mon-Son"',
  ],
  [
    { minClusters: [{ timeZone: 'CEST' }] },
    'autoscaling.min_clusters[0].time_zone: expected an IANA time zone such as Europe/Vienna, got "CEST"',
  ],
  [
    { minClusters: [{ from: '08:00', to: '18:00', min: 2 }, { min: 1 }] },
    'autoscaling.min_clusters[0]: expected a window that holds at some time: those after it cover all of it, and the last one counts',
  ],
  [
    { minClusters: Array.from({ length: 101 }, () => ({})) },
    'autoscaling.min_clusters: expected at most 100 windows, got 101',
  ],
  [
    { minClusters: [{ weekdays: Array.from({ length: 8 }, () => 'Mon') }] },
    'autoscaling.min_clusters[0].weekdays: expected at most 7, got 8',
  ],
  [
    { warmUpStatements: Array.from({ length: 21 }, () => 'SELECT 1') },
    'autoscaling.warm_up_statements: expected at most 20 statements, got 21',
  ],
  [
    { warmUpStatements: ['SELECT 1', ' '] },
    'autoscaling.warm_up_statements[1]: expected a statement of up to 10000 characters, got 1',
  ],
  [
    { warmUpStatements: ['x'.repeat(10_001)] },
    'autoscaling.warm_up_statements[0]: expected a statement of up to 10000 characters, got 10001',
  ],
  [
    { keepAliveStatements: Array.from({ length: 21 }, () => 'SELECT 1') },
    'autoscaling.keep_alive_statements: expected at most 20 statements, got 21',
  ],
])('%j is refused with its place: %s', (asked, problem) => expect(problems(asked)).toEqual([problem]));

test('everything that is wrong is said at once', () => {
  const minClusters = [{ from: 'a', to: 'b', weekdays: ['c', 'd'], timeZone: 'e', min: 9 }];
  const asked = { scaleUpQueued: -1, minClusters, maxClusters: -1, warmUpStatements: [''], keepAliveStatements: ['f'] };
  expect(problems(asked).map((problem) => problem.replace(/^autoscaling\.|: .*/g, ''))).toEqual([
    'scale_up_queued',
    'max_clusters',
    'min_clusters[0].from',
    'min_clusters[0].to',
    'min_clusters[0].weekdays',
    'min_clusters[0].weekdays',
    'min_clusters[0].time_zone',
    'min_clusters[0].min',
    'warm_up_statements[0]',
    'keep_alive_statements[0]',
  ]);
});

test.each([
  'SELECT 1',
  ' select  1 ; ',
  "SELECT 'x'",
  "SELECT 'it''s'",
  'SELECT -1',
  'SELECT TRUE',
  'select null',
  'SELECT 1 AS alive',
])('%j keeps a connection alive', (statement) => expect(problems({ keepAliveStatements: [statement] })).toEqual([]));

test.each([
  '',
  'SELECT',
  'SELECT 1, 2',
  'SELECT 1.5',
  'SELECT 1 FROM t',
  'SELECT 1 + 1',
  'SELECT now()',
  'SELECT x',
  'SELECT (SELECT 1)',
  'SELECT 1; SELECT 1',
  'SELECT * FROM system.runtime.queries',
  'VALUES 1',
  'START TRANSACTION',
  "SELECT 'x",
  'SELECT 1 -- x\nFROM t',
  'SELECT 1 AS a, b',
])('%j is no SELECT of one literal', (statement) =>
  expect(problems({ keepAliveStatements: [statement] })).toEqual([
    expect.stringContaining('autoscaling.keep_alive_statements[0]: expected a SELECT of one literal'),
  ]),
);

test('a window may hold another, and the last one counts', () => {
  const minClusters = [
    { min: 1 },
    { from: '08:00', to: '18:00', weekdays: ['Mon-Fri'], timeZone: 'Europe/Vienna', min: 3 },
    { from: '22:00', to: '06:00', min: 0 },
  ];
  expect(problems({ minClusters, maxClusters: 3 })).toEqual([]);
});

test('a backend is in one group with autoscaling only', () => {
  const others = [group('x', ['b', 'c'], {}), group('y', ['a', 'b']), group('z', ['c'], {})];
  const shared = (id: string) => ({
    field: 'backend_ids',
    message: `expected backends that no other group with autoscaling has, got ${id}`,
  });
  expect(sharedClusterProblems(group('g', ['a', 'b'], {}), others)).toEqual([shared('"b", which is in "x"')]);
  expect(sharedClusterProblems(group('g', ['a', 'b']), others)).toEqual([]);
  expect(sharedClusterProblems(group('x', ['b', 'c'], {}), others)).toEqual([shared('"c", which is in "z"')]);
});
