import { create, type MessageInitShape } from '@bufbuild/protobuf';
import { describe, expect, test } from '@jest/globals';
import { type GroupSchema, Reason_Outcome, RoutingChainSchema } from '@trino-gateway/api/gateway';
import { analyseStatement } from '@trino-gateway/sql';
import { circumstances, decided, policy, snapshotOf } from '../../tests/support/routing-snapshot.ts';
import { createChainCompiler } from './chain/routing-chain.ts';
import { chooseFromGroups } from './choose-backend.ts';
import { stepKinds } from './steps/registry.ts';

type Allowed = NonNullable<MessageInitShape<typeof GroupSchema>['allowed']>;
const snapshot = (allowed: Allowed, policies = [policy('p', 'etl', { fallbackGroupId: 'adhoc' })]) =>
  snapshotOf({ up: ['x', 'y'], groups: { adhoc: ['x'], etl: ['y'] }, policies, more: { etl: { allowed } } });
const source = (value: string) => [{ name: 'X-Trino-Source', value }];
const groupOf = (outcome: ReturnType<typeof decided>) =>
  outcome.kind === 'refused' ? outcome.message : outcome.groupId;

test.each([
  [{ users: ['ann', 'bob'] }, 'ann', '', true],
  [{ users: ['ann'] }, 'Ann', '', false],
  [{ users: ['ann'], userPatterns: ['etl_.*'] }, 'etl_7', '', true],
  [{ userPatterns: ['etl'] }, 'my_etl', '', false],
  [{ sourcePatterns: ['dbt-.*'] }, 'cid', 'dbt-core', true],
  [{ sourcePatterns: ['dbt-.*'] }, 'cid', 'trino-cli', false],
  [{ sourcePatterns: ['dbt-.*', ''.concat('x?')] }, 'cid', '', true],
  [{ users: ['ann'], sourcePatterns: ['dbt'] }, 'ann', 'dbt', true],
  [{ users: ['ann'], sourcePatterns: ['dbt'] }, 'ann', 'cli', false],
  [{ users: ['ann'], sourcePatterns: ['dbt'] }, 'cid', 'dbt', false],
  [{ userPatterns: ['(?<not understood'] }, 'ann', '', false],
] as [Allowed, string, string, boolean][])('%j lets %s from %j in: %s', (allowed, user, from, isIn) => {
  const headers = from === '' ? [] : source(from);
  expect(groupOf(decided(snapshot(allowed), { user, headers }))).toBe(isIn ? 'etl' : 'adhoc');
});

test('a fallback group takes who may not use the group of the policy, and the reasons say so', () => {
  const outcome = decided(snapshot({ users: ['ann'] }), { user: 'bob' });
  expect(outcome).toMatchObject({
    kind: 'chosen',
    groupId: 'adhoc',
    asFallback: true,
    decidedBy: 'fallback of policy p',
  });
  expect(outcome.reasons.map(({ text }) => text)).toContain('group etl: user bob may not use it');
});

test('where nothing is left the client is told who may not use what', () => {
  const alone = snapshot({ users: ['ann'] }, [policy('p', 'etl')]);
  const outcome = decided(alone, { user: 'bob', defaultGroupId: 'adhoc' });
  expect(outcome).toMatchObject({
    kind: 'refused',
    errorName: 'QUERY_REJECTED',
    message: 'group etl: user bob may not use it: ask the administrators of this gateway for a policy',
  });
  const byDefault = decided(snapshot({ sourcePatterns: ['dbt'] }, []), { defaultGroupId: 'etl' });
  expect(groupOf(byDefault)).toBe(
    'no policy matches this query, and group etl: a query without a source may not use it: ask the administrators of this gateway for a policy',
  );
});

test('a group without an available backend, and one that may not be used, are both named', () => {
  const both = snapshotOf({
    up: ['y'],
    down: ['x'],
    groups: { adhoc: ['x'], etl: ['y'] },
    policies: [policy('p', 'etl', { fallbackGroupId: 'adhoc' })],
    more: { etl: { allowed: { users: ['ann'] } } },
  });
  const outcome = decided(both);
  expect(outcome).toMatchObject({ kind: 'refused', errorName: 'NO_NODES_AVAILABLE' });
  expect(groupOf(outcome)).toMatch(/: group etl: user u may not use it; group adhoc has no available backend/);
});

describe('a group that only observes', () => {
  test('lets everybody in, and says whom it would have passed over', () => {
    const outcome = decided(snapshot({ users: ['ann'], observe: true }), { user: 'bob' });
    expect(outcome).toMatchObject({ kind: 'chosen', groupId: 'etl' });
    expect(outcome.reasons).toContainEqual({
      step: 'group etl',
      outcome: Reason_Outcome.OBSERVED,
      text: 'group etl: user bob may not use it, and would be passed over',
    });
  });
});

describe('in a chain', () => {
  const chain = createChainCompiler(stepKinds).compile(
    create(RoutingChainSchema, {
      steps: [
        { id: 'asked', kind: { case: 'routingGroupHeader', value: {} } },
        { id: 'policies', kind: { case: 'policies', value: {} } },
      ],
    }),
  );
  const asked = [{ name: 'X-Trino-Routing-Group', value: 'etl' }];

  test('a step whose group may not be used is no opinion: the next one is asked', () => {
    const others = snapshot({ users: ['ann'] }, [policy('p', 'adhoc')]);
    expect(decided(others, { chain, headers: asked, user: 'ann' })).toMatchObject({ groupId: 'etl', stepId: 'asked' });
    const outcome = decided(others, { chain, headers: asked, user: 'bob' });
    expect(outcome).toMatchObject({ groupId: 'adhoc', stepId: 'policies' });
    expect(outcome.reasons[0]).toEqual({
      step: 'asked',
      outcome: Reason_Outcome.ABSTAINED,
      text: 'the client asked for group etl; group etl: user bob may not use it',
    });
  });
});

test('of given groups those are left out that a user or a source may not use', () => {
  const given = snapshot({ users: ['ann'] });
  const from = (user: string) =>
    chooseFromGroups(['etl'], { user, rawHeaders: [], sql: () => analyseStatement('', []) }, given, circumstances());
  expect(from('ann').chosen?.candidate.groupId).toBe('etl');
  expect(from('bob')).toMatchObject({ chosen: undefined, reasons: [{ text: 'group etl: user bob may not use it' }] });
});
