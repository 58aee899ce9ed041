import { create } from '@bufbuild/protobuf';
import { timestampFromMs } from '@bufbuild/protobuf/wkt';
import { describe, expect, test } from '@jest/globals';
import {
  BackendOverrideSchema,
  BackendSchema,
  GroupSchema,
  type Policy,
  Reason_Outcome,
} from '@trino-gateway/api/gateway';
import { analyseStatement } from '@trino-gateway/sql';
import {
  circumstances,
  decided,
  MAX_AGE,
  NOW,
  policy,
  snapshotOf,
  steps,
} from '../../tests/support/routing-snapshot.ts';
import { chooseFromGroups } from './choose-backend.ts';
import { indexConfiguration } from './indexed-configuration.ts';
import type { Outcome } from './outcome.ts';
import { createSnapshot } from './snapshot.ts';

const { CHOSE, ABSTAINED, REFUSED } = Reason_Outcome;
const backendOf = (outcome: Outcome) => (outcome.kind === 'chosen' ? outcome.backend.id : undefined);

describe('by policies', () => {
  test('the group of the matching policy', () => {
    const outcome = decided(
      snapshotOf({ up: ['x'], groups: { a: ['x'] }, policies: [policy('p', 'a', { requestSource: 'bi' })] }),
    );
    expect(outcome).toMatchObject({
      kind: 'chosen',
      groupId: 'a',
      decidedBy: 'policy p',
      requestSource: 'bi',
      authDelegated: false,
    });
    expect(steps(outcome)).toEqual([
      ['policies', CHOSE],
      ['group a', CHOSE],
    ]);
  });

  test('several groups: the first by id with an available backend', () => {
    const snapshot = snapshotOf({
      up: ['y'],
      down: ['x'],
      groups: { a: ['x'], b: ['y'] },
      policies: [policy('1', 'b', { requestSource: 'of-b' }), policy('2', 'a', { requestSource: 'of-a' })],
    });
    const outcome = decided(snapshot);
    expect(outcome).toMatchObject({ groupId: 'b', decidedBy: 'policy 1', requestSource: 'of-b' });
    expect(steps(outcome)).toEqual([
      ['policies', CHOSE],
      ['group a', ABSTAINED],
      ['group b', CHOSE],
    ]);
  });

  test('no available backend: the fallback group', () => {
    const snapshot = snapshotOf({
      up: ['y'],
      down: ['x'],
      groups: { a: ['x'], f: ['y'] },
      policies: [policy('p', 'a', { fallbackGroupId: 'f', requestSource: 's' })],
    });
    const outcome = decided(snapshot, { defaultGroupId: 'a' });
    expect(outcome).toMatchObject({ groupId: 'f', decidedBy: 'fallback of policy p', requestSource: 's' });
    expect(steps(outcome)).toEqual([
      ['policies', CHOSE],
      ['group a', ABSTAINED],
      ['fallback_group', CHOSE],
    ]);
  });

  test('no available backend in the fallback group either: a refusal with the reason of each, and not the default group', () => {
    const snapshot = snapshotOf({
      up: ['z'],
      down: ['x', 'y'],
      groups: { a: ['x'], f: ['y'], d: ['z'] },
      policies: [policy('p', 'a', { fallbackGroupId: 'f' })],
    });
    const outcome = decided(snapshot, { defaultGroupId: 'd' });
    expect(outcome).toMatchObject({ kind: 'refused', errorName: 'NO_NODES_AVAILABLE' });
    expect(outcome.kind === 'refused' && outcome.message).toMatch(/x: it was not probed yet.*y: it was not probed yet/);
    expect(steps(outcome).at(-1)).toEqual(['fallback_group', REFUSED]);
  });

  test('a refusal stays readable however many backends there are', () => {
    const down = Array.from({ length: 5_000 }, (_, at) => `backend-with-a-long-name-${at}`);
    const outcome = decided(snapshotOf({ up: [], down, groups: { a: down }, policies: [policy('p', 'a')] }));
    expect(outcome.kind === 'refused' && outcome.message.length).toBeLessThan(2_100);
    expect(JSON.stringify(outcome.reasons)).toContain('and 4980 more');
  });

  test('a refusal also says whether authentication is delegated', () => {
    const outcome = decided(
      snapshotOf({ up: [], groups: { 'a!': [] }, policies: [policy('p', 'a', { authDelegated: true })] }),
    );
    expect(outcome).toMatchObject({ kind: 'refused', authDelegated: true });
  });

  test('delegated authentication is required wherever the decision leads to a cluster that a policy guards', () => {
    const guard = policy('guard', 'secret', { authDelegated: true, rule: { case: 'host', value: 'secure.example' } });
    const snapshot = (...policies: Policy[]) =>
      snapshotOf({ up: ['x'], down: ['y'], groups: { secret: ['x'], poor: ['y'] }, policies: [guard, ...policies] });
    const asks = (outcome: Outcome) => [outcome.kind, outcome.authDelegated];
    expect(asks(decided(snapshot(), { defaultGroupId: 'secret' }))).toEqual(['chosen', true]);
    expect(
      asks(
        decided(snapshot(policy('tags', 'secret', { rule: { case: 'clientTags', value: { anyOf: ['a'] } } })), {
          defaultGroupId: 'secret',
        }),
      ),
    ).toEqual(['chosen', true]);
    // Named for this very port without it, also as the group to fall back on.
    expect(asks(decided(snapshot(policy('open', 'secret'))))).toEqual(['chosen', false]);
    expect(asks(decided(snapshot(policy('open', 'poor', { fallbackGroupId: 'secret' }))))).toEqual(['chosen', false]);
    expect(asks(decided(snapshot(policy('open', 'secret')), { defaultGroupId: 'secret' }, 9090))).toEqual([
      'chosen',
      true,
    ]);
    expect(asks(decided(snapshot(policy('open', 'secret', { enabled: false })), { defaultGroupId: 'secret' }))).toEqual(
      ['chosen', true],
    );
  });
});

describe('when no policy matches', () => {
  test('the default group', () => {
    const outcome = decided(snapshotOf({ up: ['x'], groups: { d: ['x'] } }), { defaultGroupId: 'd' });
    expect(outcome).toMatchObject({ groupId: 'd', decidedBy: 'default_group', requestSource: '' });
    expect(steps(outcome)).toEqual([
      ['policies', ABSTAINED],
      ['default_group', CHOSE],
      ['default_group', CHOSE],
    ]);
  });

  test.each([
    [undefined, 'gatewayserver.default_group is not set'],
    ['gone', 'gatewayserver.default_group is gone, a group that does not exist'],
    ['off', 'gatewayserver.default_group is off, a group that is disabled'],
  ])('no usable default group either: refused, naming the setting (%s)', (defaultGroupId, why) => {
    const outcome = decided(snapshotOf({ up: ['x'], groups: { 'off!': ['x'] } }), { defaultGroupId });
    expect(outcome).toMatchObject({ kind: 'refused', errorName: 'QUERY_REJECTED' });
    expect(outcome.kind === 'refused' && outcome.message).toBe(
      `no policy matches this query, and ${why}: ask the administrators of this gateway for a policy`,
    );
    expect(steps(outcome)).toEqual([
      ['policies', ABSTAINED],
      ['default_group', REFUSED],
    ]);
  });

  test('a refusal names policies that contradict each other and have no fallback group', () => {
    const snapshot = snapshotOf({
      up: ['x'],
      groups: { a: ['x'], b: ['x'] },
      policies: [policy('p', 'a'), policy('h', 'b', { rule: { case: 'host', value: 'gw' } })],
    });
    // The default group is for queries that no policy matches.
    const outcome = decided(snapshot, { defaultGroupId: 'a' });
    expect(outcome).toMatchObject({ kind: 'refused', errorName: 'QUERY_REJECTED' });
    expect(outcome.kind === 'refused' && outcome.message).toContain(
      'the matching policies (h, p) have no group in common',
    );
    expect(steps(outcome)).toEqual([['policies', REFUSED]]);
  });

  test('a default group without an available backend refuses with the state of its backends', () => {
    const outcome = decided(snapshotOf({ up: [], down: ['x'], groups: { d: ['x'] } }), { defaultGroupId: 'd' });
    expect(outcome).toMatchObject({ kind: 'refused', errorName: 'NO_NODES_AVAILABLE' });
  });
});

describe('backends that failed', () => {
  const snapshot = snapshotOf({
    up: ['x', 'y', 'z'],
    groups: { a: ['x', 'y'], f: ['z'] },
    policies: [policy('p', 'a', { fallbackGroupId: 'f' })],
  });

  test('an excluded one is never chosen', () => {
    expect(backendOf(decided(snapshot, { excluded: new Set(['x']) }))).toBe('y');
    expect(backendOf(decided(snapshot, { excluded: new Set(['x', 'y']) }))).toBe('z');
    const refused = decided(snapshot, { excluded: new Set(['x', 'y', 'z']) });
    expect(refused.kind === 'refused' && refused.message).toContain('x: it has already failed for this query');
  });

  test('an avoided one is chosen only when there is no other', () => {
    expect(backendOf(decided(snapshot, { avoided: new Set(['x']) }))).toBe('y');
    expect(backendOf(decided(snapshot, { avoided: new Set(['x', 'y']) }))).toBe('z');
    expect(backendOf(decided(snapshot, { avoided: new Set(['x', 'y', 'z']) }))).toBe('x');
    expect(backendOf(decided(snapshot, { excluded: new Set(['y', 'z']), avoided: new Set(['x']) }))).toBe('x');
  });
});

test('an override ends when its time is over, without a new snapshot', () => {
  const indexed = indexConfiguration({
    backends: new Map([['x', { backend: create(BackendSchema, { id: 'x', enabled: true }), draining: false }]]),
    groups: new Map([['d', create(GroupSchema, { id: 'd', enabled: true, backendIds: ['x'] })]]),
    policies: new Map(),
  });
  const override = create(BackendOverrideSchema, { healthy: true, healthyUntil: timestampFromMs(NOW + 100) });
  const snapshot = createSnapshot(
    indexed,
    {
      statuses: new Map(),
      schedules: new Map(),
      overrides: new Map([['x', override]]),
      clusterScaling: new Map(),
      groupScaling: new Map(),
    },
    MAX_AGE,
  );
  expect(decided(snapshot, { defaultGroupId: 'd' }).kind).toBe('chosen');
  expect(decided(snapshot, { defaultGroupId: 'd', now: NOW + 99 }).kind).toBe('chosen');
  expect(decided(snapshot, { defaultGroupId: 'd', now: NOW + 100 }).kind).toBe('refused');
});

test('of given groups the first by id with an available backend gives one', () => {
  const asked = { user: 'u', rawHeaders: [], sql: () => analyseStatement('', []) };
  const snapshot = snapshotOf({ up: ['y'], down: ['x'], groups: { a: ['x'], b: ['y'], c: ['y'] } });
  expect(chooseFromGroups(['c', 'b', 'a'], asked, snapshot, circumstances()).chosen).toMatchObject({
    candidate: { groupId: 'b' },
  });
  expect(chooseFromGroups(['a'], asked, snapshot, circumstances()).chosen).toBeUndefined();
});
