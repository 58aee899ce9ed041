import { describe, expect, test } from '@jest/globals';
import { BackendStatus_StateSchema } from '@trino-gateway/api/gateway';
import { type Finding, type VerdictSettings, verdict } from './assess-health.ts';
import type { Look } from './probe-result.ts';

const settings: VerdictSettings = {
  interval: 10_000,
  probation: 5_000,
  failures_before_unhealthy: 2,
  passes_before_healthy: 1,
};
const hour = 3_600_000;
const load = { load: 4, running: 2, queued: 0 };
const life = (uptimeMs: number | undefined, coordinatorId?: string) => ({ version: '476', uptimeMs, coordinatorId });

const gone: Look = { outcome: 'unreachable', reason: 'connect ECONNREFUSED' };
const starting = (uptimeMs = 2_000): Look => ({ outcome: 'starting', ...life(uptimeMs) });
const failing = (uptimeMs: number | undefined = hour): Look => ({
  outcome: 'failing',
  reason: 'the health statement: NO_NODES_AVAILABLE: nodes is empty',
  ...life(uptimeMs, 'aaaaa'),
});
const passed = (uptimeMs: number | undefined = hour, coordinatorId = 'aaaaa'): Look => ({
  outcome: 'passed',
  load,
  ...life(uptimeMs, coordinatorId),
});
const loadless: Look = { outcome: 'passed', loadProblem: 'PERMISSION_DENIED: no', ...life(hour, 'aaaaa') };

type Step = [seconds: number, look: Look, expected: string];

/** The state of each finding, followed by `+` when it is healthy and `!` when it is a change. */
function shown({ status, changed }: Finding): string {
  return `${BackendStatus_StateSchema.value[status.state]?.name}${status.healthy ? '+' : ''}${changed ? '!' : ''}`;
}

function follow(steps: readonly Step[], with_: Partial<VerdictSettings> = {}): Finding[] {
  const findings: Finding[] = [];
  for (const [seconds, look] of steps)
    findings.push(verdict('one', findings.at(-1), look, { ...settings, ...with_ }, 1_000_000 + seconds * 1_000));
  return findings;
}

const stories: [hurt: string, steps: Step[], with_?: Partial<VerdictSettings>][] = [
  ['a monitor that starts must not take working clusters away', [[0, passed(), 'UP+!']]],
  ['a cluster that is down at the first look is not used for another interval', [[0, gone, 'UNREACHABLE!']]],
  ['a cluster that fails at the first look is not used for another interval', [[0, failing(), 'FAILING!']]],
  [
    'one lost packet must not take a cluster away',
    [
      [0, passed(), 'UP+!'],
      [10, gone, 'UNREACHABLE+!'],
      [20, passed(), 'UP+!'],
      [30, failing(), 'FAILING+!'],
      [40, passed(), 'UP+!'],
    ],
  ],
  [
    'a dead cluster is found out after the failures that were set',
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
    'a cluster that comes and goes is not used before it has passed as often as was set',
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
    'queries that need workers fail in the first seconds after a start',
    [
      [0, starting(), 'STARTING!'],
      [1, starting(), 'STARTING'],
      [2, passed(4_000), 'PROBATION!'],
      [6.9, passed(9_000), 'PROBATION'],
      [7, passed(9_100), 'UP+!'],
    ],
  ],
  [
    'a slow start must not eat up the probation',
    [
      [0, starting(40_000), 'STARTING!'],
      [1, passed(41_000), 'PROBATION!'],
      [6, passed(46_000), 'UP+!'],
    ],
  ],
  [
    'the probation must not get lost when a starting cluster is missed once',
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
    'a restart between two looks shows as a smaller uptime',
    [
      [0, passed(hour), 'UP+!'],
      [10, passed(7_000), 'PROBATION!'],
      [15, passed(12_000), 'UP+!'],
    ],
  ],
  [
    'a restart that the uptime does not show (it was not told) shows as another suffix',
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
    'a restarted cluster whose health statement fails is not used because of the failures allowed',
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
    'a cluster that says starting takes no query, whatever failures are allowed',
    [
      [0, passed(), 'UP+!'],
      [10, starting(), 'STARTING!'],
    ],
    { failures_before_unhealthy: 100 },
  ],
  [
    'a load that cannot be read takes nothing away, and is said once',
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

test.each(stories)('%s', (_hurt, steps, with_ = {}) => {
  expect(follow(steps, with_).map(shown)).toEqual(steps.map(([, , expected]) => expected));
});

describe('when to look next', () => {
  const nextAfter = (...steps: Step[]) => follow(steps).at(-1)?.lookAgainInMs;

  test('a cluster on probation would wait a whole interval for nothing', () => {
    expect(nextAfter([0, starting(), ''], [1, passed(3_000), ''])).toBe(5_000);
    expect(nextAfter([0, starting(), ''], [1, passed(3_000), ''], [4, failing(6_000), ''])).toBe(2_000);
    expect(nextAfter([0, passed(2_000), ''])).toBe(3_000);
  });

  test('the end of starting would be seen late', () => {
    expect(nextAfter([0, starting(), ''])).toBe(1_000);
  });

  test('everything else is looked at every interval', () => {
    for (const look of [passed(), failing(), gone]) expect(nextAfter([0, look, ''])).toBe(10_000);
  });
});

describe('what the status says', () => {
  test('operators need the reason, and how far it is from a change', () => {
    const [, second] = follow([
      [0, passed(), ''],
      [10, gone, ''],
    ]);
    expect(second?.status.reason).toBe('connect ECONNREFUSED; 1 of 2 failures before it counts as unhealthy');
  });

  test('an unknown load must not look like an idle cluster', () => {
    const [found] = follow([[0, loadless, '']]);
    expect(found?.status).toMatchObject({
      healthy: true,
      reason: 'its load is unknown: PERMISSION_DENIED: no',
    });
    expect(found?.status.clusterLoad).toBeUndefined();
    expect(found?.status.running).toBeUndefined();
  });

  test('a failing cluster must not keep the load of better days', () => {
    const [first, second] = follow([
      [0, passed(), ''],
      [10, failing(), ''],
    ]);
    expect(first?.status).toMatchObject({ clusterLoad: 4, running: 2, queued: 0, coordinatorId: 'aaaaa' });
    expect(second?.status.clusterLoad).toBeUndefined();
  });

  test('the suffix of the life before must not be told of the new one', () => {
    const findings = follow([
      [0, passed(), ''],
      [10, gone, ''],
      [20, starting(), ''],
    ]);
    expect(findings.map(({ status }) => status.coordinatorId)).toEqual(['aaaaa', 'aaaaa', '']);
  });

  test('a healthy cluster has no reason', () => {
    expect(follow([[0, passed(), '']])[0]?.status.reason).toBe('');
  });
});
