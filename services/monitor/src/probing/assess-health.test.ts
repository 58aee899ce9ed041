import { describe, expect, test } from '@jest/globals';
import { BackendStatus_StateSchema } from '@trino-gateway/api/gateway';
import { assessHealth, type HealthAssessment, type HealthSettings } from './assess-health.ts';
import type { ProbeResult } from './probe-result.ts';

const settings: HealthSettings = {
  interval: 10_000,
  probation: 5_000,
  failures_before_unhealthy: 2,
  passes_before_healthy: 1,
};
const hour = 3_600_000;
const load = { load: 4, running: 2, queued: 0 };
const incarnation = (uptimeMs: number | undefined, coordinatorId?: string) => ({
  version: '476',
  uptimeMs,
  coordinatorId,
});

const gone: ProbeResult = { outcome: 'unreachable', reason: 'connect ECONNREFUSED' };
const starting = (uptimeMs = 2_000): ProbeResult => ({ outcome: 'starting', ...incarnation(uptimeMs) });
const failing = (uptimeMs: number | undefined = hour): ProbeResult => ({
  outcome: 'failing',
  reason: 'the health statement: NO_NODES_AVAILABLE: nodes is empty',
  ...incarnation(uptimeMs, 'aaaaa'),
});
const passed = (uptimeMs: number | undefined = hour, coordinatorId = 'aaaaa'): ProbeResult => ({
  outcome: 'passed',
  load,
  ...incarnation(uptimeMs, coordinatorId),
});
const loadless: ProbeResult = {
  outcome: 'passed',
  loadProblem: 'PERMISSION_DENIED: no',
  ...incarnation(hour, 'aaaaa'),
};

type Step = [seconds: number, result: ProbeResult, expected: string];

/** The state of each assessment, followed by `+` when it is healthy and `!` when it is a change. */
function shown({ status, changed }: HealthAssessment): string {
  return `${BackendStatus_StateSchema.value[status.state]?.name}${status.healthy ? '+' : ''}${changed ? '!' : ''}`;
}

function follow(steps: readonly Step[], with_: Partial<HealthSettings> = {}): HealthAssessment[] {
  const assessments: HealthAssessment[] = [];
  for (const [seconds, result] of steps)
    assessments.push(
      assessHealth('one', assessments.at(-1), result, { ...settings, ...with_ }, 1_000_000 + seconds * 1_000),
    );
  return assessments;
}

const stories: [title: string, steps: Step[], with_?: Partial<HealthSettings>][] = [
  ['a monitor that starts takes no working cluster away', [[0, passed(), 'UP+!']]],
  ['a cluster that is down at the first probe is unhealthy at once', [[0, gone, 'UNREACHABLE!']]],
  ['a cluster that fails at the first probe is unhealthy at once', [[0, failing(), 'FAILING!']]],
  [
    'a single failure takes no cluster away',
    [
      [0, passed(), 'UP+!'],
      [10, gone, 'UNREACHABLE+!'],
      [20, passed(), 'UP+!'],
      [30, failing(), 'FAILING+!'],
      [40, passed(), 'UP+!'],
    ],
  ],
  [
    'a dead cluster is unhealthy after as many failures as are set',
    [
      [0, passed(), 'UP+!'],
      [10, gone, 'UNREACHABLE+!'],
      [20, gone, 'UNREACHABLE+'],
      [30, gone, 'UNREACHABLE!'],
      [40, gone, 'UNREACHABLE'],
    ],
    { failures_before_unhealthy: 3 },
  ],
  [
    'different failures in a row are failures in a row',
    [
      [0, passed(), 'UP+!'],
      [10, failing(), 'FAILING+!'],
      [20, gone, 'UNREACHABLE!'],
    ],
  ],
  [
    'a cluster that comes and goes is healthy after as many passes in a row as are set',
    [
      [0, gone, 'UNREACHABLE!'],
      [10, passed(), 'UP!'],
      [20, passed(), 'UP'],
      [30, gone, 'UNREACHABLE!'],
      [40, passed(), 'UP!'],
      [50, passed(), 'UP'],
      [60, passed(), 'UP+!'],
    ],
    { passes_before_healthy: 3 },
  ],
  [
    'a cluster that has just started is on probation, as its workers may be missing',
    [
      [0, starting(), 'STARTING!'],
      [1, starting(), 'STARTING'],
      [2, passed(4_000), 'PROBATION!'],
      [6.9, passed(9_000), 'PROBATION'],
      [7, passed(9_100), 'UP+!'],
    ],
  ],
  [
    'the probation begins at the end of a slow start',
    [
      [0, starting(40_000), 'STARTING!'],
      [1, passed(41_000), 'PROBATION!'],
      [6, passed(46_000), 'UP+!'],
    ],
  ],
  [
    'the probation is kept when a starting cluster is unreachable once',
    [
      [0, starting(), 'STARTING!'],
      [1, gone, 'UNREACHABLE!'],
      [2, passed(4_000), 'PROBATION!'],
      [7, passed(9_000), 'UP+!'],
    ],
  ],
  [
    'a cluster found two seconds after its start is on probation for the rest',
    [
      [0, passed(2_000), 'PROBATION!'],
      [3, passed(5_000), 'UP+!'],
    ],
  ],
  [
    'a restart between two probes shows as a smaller uptime',
    [
      [0, passed(hour), 'UP+!'],
      [10, passed(7_000), 'PROBATION!'],
      [15, passed(12_000), 'UP+!'],
    ],
  ],
  [
    'a restart that the uptime does not show (none was given) shows as another suffix',
    [
      [0, passed(undefined, 'aaaaa'), 'UP+!'],
      [10, passed(3_000, 'bbbbb'), 'PROBATION!'],
      [15, passed(8_000, 'bbbbb'), 'UP+!'],
    ],
  ],
  [
    'a restart shortly after a start, whose uptime is larger, shows as another suffix',
    [
      [0, passed(6_000, 'aaaaa'), 'UP+!'],
      [10, passed(7_000, 'bbbbb'), 'PROBATION!'],
    ],
  ],
  [
    'a restart long ago, found when the network came back, costs no probation',
    [
      [0, passed(5 * hour), 'UP+!'],
      [10, gone, 'UNREACHABLE+!'],
      [20, gone, 'UNREACHABLE!'],
      [3_000, passed(hour, 'bbbbb'), 'UP+!'],
    ],
  ],
  [
    'a restarted cluster whose health statement fails is unhealthy, whatever failures are allowed',
    [
      [0, passed(), 'UP+!'],
      [10, failing(6_000), 'FAILING!'],
      [15, passed(11_000), 'UP+!'],
    ],
  ],
  [
    'a cluster registered before it was started is on probation when it comes up',
    [
      [0, gone, 'UNREACHABLE!'],
      [10, passed(6_000), 'PROBATION!'],
      [15, passed(11_000), 'UP+!'],
    ],
  ],
  [
    'a lost connection without a restart costs no probation',
    [
      [0, passed(hour), 'UP+!'],
      [10, gone, 'UNREACHABLE+!'],
      [20, passed(hour + 20_000), 'UP+!'],
    ],
  ],
  [
    'a starting cluster is unhealthy, whatever failures are allowed',
    [
      [0, passed(), 'UP+!'],
      [10, starting(), 'STARTING!'],
    ],
    { failures_before_unhealthy: 100 },
  ],
  [
    'a load that cannot be read takes no cluster away, and counts as one change',
    [
      [0, passed(), 'UP+!'],
      [10, loadless, 'UP+!'],
      [20, loadless, 'UP+'],
      [30, passed(), 'UP+!'],
      [40, passed(), 'UP+'],
    ],
  ],
  ['probation can be switched off', [[0, passed(10), 'UP+!']], { probation: 0 }],
];

test.each(stories)('%s', (_title, steps, with_ = {}) => {
  expect(follow(steps, with_).map(shown)).toEqual(steps.map(([, , expected]) => expected));
});

describe('when the next probe is', () => {
  const nextAfter = (...steps: Step[]) => follow(steps).at(-1)?.nextProbeInMs;

  test('at the end of the probation', () => {
    expect(nextAfter([0, starting(), ''], [1, passed(3_000), ''])).toBe(5_000);
    expect(nextAfter([0, starting(), ''], [1, passed(3_000), ''], [4, failing(6_000), ''])).toBe(2_000);
    expect(nextAfter([0, passed(2_000), ''])).toBe(3_000);
  });

  test('after a second while the cluster is starting', () => {
    expect(nextAfter([0, starting(), ''])).toBe(1_000);
  });

  test('after the interval otherwise', () => {
    for (const result of [passed(), failing(), gone]) expect(nextAfter([0, result, ''])).toBe(10_000);
  });
});

describe('the reported status', () => {
  test('the reason, and how many probes are missing to a change', () => {
    const [, second] = follow([
      [0, passed(), ''],
      [10, gone, ''],
    ]);
    expect(second?.status.reason).toBe('connect ECONNREFUSED; 1 of 2 failures before it counts as unhealthy');
  });

  test('an unknown load is absent, not zero', () => {
    const [found] = follow([[0, loadless, '']]);
    expect(found?.status).toMatchObject({
      healthy: true,
      reason: 'its load is unknown: PERMISSION_DENIED: no',
    });
    expect(found?.status.clusterLoad).toBeUndefined();
    expect(found?.status.running).toBeUndefined();
  });

  test('a failing cluster has no load', () => {
    const [first, second] = follow([
      [0, passed(), ''],
      [10, failing(), ''],
    ]);
    expect(first?.status).toMatchObject({ clusterLoad: 4, running: 2, queued: 0, coordinatorId: 'aaaaa' });
    expect(second?.status.clusterLoad).toBeUndefined();
  });

  test('the suffix of an incarnation is not reported for the next one', () => {
    const assessments = follow([
      [0, passed(), ''],
      [10, gone, ''],
      [20, starting(), ''],
    ]);
    expect(assessments.map(({ status }) => status.coordinatorId)).toEqual(['aaaaa', 'aaaaa', '']);
  });

  test('a healthy cluster has no reason', () => {
    expect(follow([[0, passed(), '']])[0]?.status.reason).toBe('');
  });
});
