import { create, type MessageInitShape } from '@bufbuild/protobuf';
import { expect, test } from '@jest/globals';
import { Group_Affinity_By, Group_Strategy, GroupSchema } from '../gen/trinogateway/v1/gateway_pb.ts';
import { groupProblems } from './index.ts';

const group = (init: MessageInitShape<typeof GroupSchema>) =>
  groupProblems(create(GroupSchema, { id: 'g', backendIds: ['a'], ...init }));
const fields = (problems: { field: string }[]) => problems.map(({ field }) => field);
const byAffinity = (affinity: MessageInitShape<typeof GroupSchema>['affinity']) => ({
  strategy: Group_Strategy.AFFINITY,
  affinity,
});
const many = (length: number, text = 'x') => Array.from({ length }, (_, at) => `${text}${at}`);

test.each([
  [['spill_over_group_id'], { spillOverGroupId: 'a b' }],
  [['spill_over_group_id'], { spillOverGroupId: 'g' }],
  [['spill_over_after_ms'], { spillOverGroupId: 'h', spillOverAfterMs: -1 }],
  [['spill_over_after_ms'], { spillOverAfterMs: 1 }],
  [['allowed'], { allowed: {} }],
  [['allowed'], { allowed: { observe: true } }],
  [['allowed.users[1]'], { allowed: { users: ['ann', ' bob'] } }],
  [['allowed.users[0]'], { allowed: { users: [''] } }],
  [['allowed.users[0]'], { allowed: { users: ['łódź'] } }],
  [['allowed.users[0]'], { allowed: { users: ['x'.repeat(257)] } }],
  [['allowed.users'], { allowed: { users: many(1_001) } }],
  [['allowed.user_patterns[0]'], { allowed: { userPatterns: ['(a'] } }],
  [['allowed.user_patterns[1]'], { allowed: { userPatterns: ['(a+)+', '(?=a)'] } }],
  [['allowed.source_patterns[0]'], { allowed: { sourcePatterns: ['x'.repeat(201)] } }],
  [['allowed.source_patterns'], { allowed: { sourcePatterns: many(101) } }],
  [['affinity'], { affinity: {} }],
  [['affinity.by'], byAffinity({ by: 5 as never })],
  [['affinity.session_property'], byAffinity({ sessionProperty: 'a' })],
  [['affinity.session_property'], byAffinity({ by: Group_Affinity_By.SESSION_PROPERTY })],
  [['affinity.session_property'], byAffinity({ by: Group_Affinity_By.SESSION_PROPERTY, sessionProperty: 'a=b' })],
  [['affinity.load_factor'], byAffinity({ loadFactor: 0.5 })],
  [['affinity.load_factor'], byAffinity({ loadFactor: Number.NaN })],
  [['affinity.load_factor'], byAffinity({ loadFactor: Number.POSITIVE_INFINITY })],
] as [string[], MessageInitShape<typeof GroupSchema>][])('the problem names %j: %#', (expected, init) =>
  expect(fields(group(init))).toEqual(expected),
);

test('everything that is wrong is said at once, with its place', () => {
  const problems = group({
    spillOverGroupId: 'g',
    spillOverAfterMs: -1,
    allowed: { users: [' '], userPatterns: ['a', '[b'], sourcePatterns: ['*'] },
    affinity: { sessionProperty: 'a', loadFactor: 0.1 },
  });
  expect(problems.map(({ field, message }) => `${field}: ${message}`)).toEqual([
    'spill_over_group_id: expected another group than this one',
    'spill_over_after_ms: expected 0 (at once) or more, got -1',
    'allowed.users[0]: expected a name without blanks around it, got " "',
    'allowed.user_patterns[1]: expected a regular expression, got the pattern ends too early at character 3',
    'allowed.source_patterns[0]: expected a regular expression, got nothing to repeat at character 1',
    'affinity: expected only with the strategy AFFINITY',
    'affinity.session_property: expected only with by: SESSION_PROPERTY',
    'affinity.load_factor: expected 1 to 1000, or 0 (meaning 1.25), got 0.1',
  ]);
});

test('the bounds themselves are accepted', () => {
  expect(group({ spillOverGroupId: 'h', spillOverAfterMs: 2 ** 31 - 1 })).toEqual([]);
  const allowed = { users: many(1_000), userPatterns: many(100, 'x.*'), sourcePatterns: ['x'.repeat(200)] };
  expect(group({ allowed })).toEqual([]);
  for (const loadFactor of [0, 1, 1.25, 1_000]) expect(group(byAffinity({ loadFactor }))).toEqual([]);
  const sessionProperty = 'hive.bucket';
  expect(group(byAffinity({ by: Group_Affinity_By.SESSION_PROPERTY, sessionProperty }))).toEqual([]);
});
