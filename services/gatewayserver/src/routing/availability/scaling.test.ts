import { create, type MessageInitShape } from '@bufbuild/protobuf';
import { timestampFromMs } from '@bufbuild/protobuf/wkt';
import { describe, expect, test } from '@jest/globals';
import {
  BackendSchema,
  BackendStatusSchema,
  ClusterScalingSchema,
  Group_AutoscalingSchema,
  ClusterScaling_State as State,
} from '@trino-gateway/api/gateway';
import { assess, unavailableReasons } from './availability.ts';
import type { BackendFacts } from './facts.ts';
import { whatIsComing } from './scaling.ts';

const NOW = Date.parse('2026-01-31T12:00:00Z');
const SINCE = timestampFromMs(NOW - 60_000);

const facts = (
  id: string,
  cluster: MessageInitShape<typeof ClusterScalingSchema> | undefined,
  more: Partial<BackendFacts> & { healthy?: boolean } = {},
): BackendFacts => ({
  backend: create(BackendSchema, { id, enabled: true }),
  draining: false,
  status: create(BackendStatusSchema, { healthy: more.healthy ?? true, observedAt: timestampFromMs(NOW) }),
  schedule: undefined,
  override: undefined,
  scaling: {
    groupId: 'g',
    autoscaling: create(Group_AutoscalingSchema),
    cluster: cluster && create(ClusterScalingSchema, { since: SINCE, ...cluster }),
  },
  ...more,
});

describe('a healthy cluster takes new queries', () => {
  test.each<[string, MessageInitShape<typeof ClusterScalingSchema> | undefined]>([
    ['that autoscaling has ready', { state: State.READY }],
    ['of which it never said anything', undefined],
    ['of which it does not know', { state: State.UNKNOWN }],
    ['that is only to be stopped', { state: State.STATE_UNSPECIFIED, forceStop: true }],
    ['that its administrator has just given back', { state: State.DEACTIVATED }],
  ])('%s', (_, cluster) => {
    expect(assess(facts('a', cluster), NOW, 1).available).toBe(true);
  });

  test('without autoscaling, whatever was said of it before', () => {
    expect(assess(facts('a', {}, { scaling: undefined }), NOW, 1).available).toBe(true);
  });
});

test.each(['STOPPED', 'STARTING', 'UNHEALTHY', 'DRAINING', 'TERMINATING'] as const)(
  'one that is %s takes none, and says since when and why',
  (state) => {
    const kept = facts('a', { state: State[state], reason: 'nothing waits' });
    expect(assess(kept, NOW, 1).available).toBe(false);
    expect(unavailableReasons(kept, NOW, 1)).toEqual([
      `autoscaling has it ${state} since 2026-01-31T11:59:00.000Z: nothing waits`,
    ]);
  },
);

test('one that autoscaling has ready and that fails its probes takes none', () => {
  expect(assess(facts('a', { state: State.READY }, { healthy: false }), NOW, 1).available).toBe(false);
});

describe('what is coming to a group', () => {
  const starting = 'cluster b is starting since 2026-01-31T11:59:00.000Z';
  const started = 'a cluster will be started';
  const failed = { state: State.STOPPED, failedUntil: timestampFromMs(NOW + 60_000) };
  const disabled = { backend: create(BackendSchema, { id: 'a', enabled: false }) };
  test.each<[string, BackendFacts[], boolean, string | undefined]>([
    ['one that is starting', [facts('a', { state: 2 }), facts('b', { state: State.STARTING })], false, starting],
    ['also while the group is paused: that goes on', [facts('b', { state: State.STARTING })], true, starting],
    ['one that is stopped may be started', [facts('a', { state: State.STOPPED })], false, started],
    ['not while the group is paused', [facts('a', { state: State.STOPPED })], true, undefined],
    ['one that drains may come back', [facts('a', { state: State.DRAINING })], false, started],
    ['one that is being stopped may be started again', [facts('a', { state: State.TERMINATING })], false, started],
    ['one of which nothing is known', [facts('a', undefined)], false, started],
    ['one that is up comes no more', [facts('a', { state: State.READY })], false, undefined],
    ['one that fails its probes is up, too', [facts('a', { state: State.UNHEALTHY })], false, undefined],
    [
      'one whose start has failed, later',
      [facts('a', failed)],
      false,
      expect.stringMatching(/after 2026-01-31T12:01:00/) as never,
    ],
    ['one of which another did not fail, at once', [facts('a', failed), facts('b', { state: 2 })], false, started],
    ['a disabled one never', [facts('a', { state: State.STOPPED }, disabled)], false, undefined],
    ['a draining one never', [facts('a', { state: State.STARTING }, { draining: true })], false, undefined],
    ['one without a scaler never', [facts('a', {}, { scaling: undefined })], false, undefined],
    ['nothing to an empty group', [], false, undefined],
  ])('%s', (_, members, paused, expected) => {
    const coming = whatIsComing(members, paused, NOW);
    if (expected === undefined) expect(coming).toBeUndefined();
    else expect(coming).toEqual(expected);
  });
});
