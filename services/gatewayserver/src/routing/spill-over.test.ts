import type { MessageInitShape } from '@bufbuild/protobuf';
import { expect, test } from '@jest/globals';
import { type GroupSchema, Group_Queue_WhenUnavailable as WhenUnavailable } from '@trino-gateway/api/gateway';
import { decided, policy, snapshotOf } from '../../tests/support/routing-snapshot.ts';
import { beforeSpillOver, spilledOver } from './spill-over.ts';

type More = Record<string, MessageInitShape<typeof GroupSchema>>;
const spill = (more: More = {}, up = ['f', 'b'], fallbackGroupId = '') =>
  snapshotOf({
    up,
    down: ['a', 'b', 'f'].filter((id) => !up.includes(id)),
    groups: { a: ['a'], b: ['b'], f: ['f'] },
    policies: [policy('p', 'a', { fallbackGroupId })],
    more: { ...more, a: { spillOverGroupId: 'b', ...more.a } },
  });
const brief = (outcome: ReturnType<typeof decided>) =>
  outcome.kind === 'refused' ? outcome.message : `${outcome.kind} ${outcome.groupId}: ${outcome.decidedBy}`;
const queues = { whenUnavailable: WhenUnavailable.QUEUE };

test.each([
  ['spills over', spill(), 'chosen b: policy p, spilled over from group a'],
  ['stays where it has a backend', spill({}, ['a', 'b']), 'chosen a: policy p'],
  ['has a fallback group first, which its policy names', spill({}, ['f', 'b'], 'f'), 'chosen f: fallback of policy p'],
  [
    'spills over when its fallback group has none either',
    spill({}, ['b'], 'f'),
    'chosen b: policy p, spilled over from group a',
  ],
  ['that is disabled spills over', spill({ a: { enabled: false } }), 'chosen b: policy p, spilled over from group a'],
  ['that lets queries wait first does so', spill({ a: { queue: queues, spillOverAfterMs: 5 } }), 'waits a: policy p'],
  [
    'that lets queries wait, but not first, spills over',
    spill({ a: { queue: queues } }),
    'chosen b: policy p, spilled over from group a',
  ],
  ['spills over to wait there', spill({ b: { queue: queues } }, []), 'waits b: policy p, spilled over from group a'],
])('without a backend a group %s', (_what, snapshot, expected) => expect(brief(decided(snapshot))).toBe(expected));

test('who may not use the other group does not get there, and is told', () => {
  const message = brief(decided(spill({ b: { allowed: { users: ['ann'] } } })));
  expect(message).toMatch(/group a has no available backend .*; group b: user u may not use it$/);
  expect(brief(decided(spill({ b: { allowed: { users: ['ann'] } } }), { user: 'ann' }))).toMatch(/^chosen b/);
});

test('what spilled over can be told as it was before', () => {
  const before = {
    groupId: 'a',
    decidedBy: 'policy p',
    priority: 1,
    requestSource: '',
    policyId: 'p',
    asFallback: false,
  };
  expect(beforeSpillOver(spilledOver(before, 'b'))).toEqual(before);
  expect(beforeSpillOver(before)).toBe(before);
});
