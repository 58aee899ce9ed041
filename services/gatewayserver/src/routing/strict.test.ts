import { create } from '@bufbuild/protobuf';
import { expect, test } from '@jest/globals';
import { RoutingChainSchema } from '@trino-gateway/api/gateway';
import { circumstances, NOW, policy, snapshotOf } from '../../tests/support/routing-snapshot.ts';
import { askChain } from '../decisions/ask-chain.ts';
import { routedQuery } from './chain/routed-query.ts';
import { createChainCompiler } from './chain/routing-chain.ts';
import { decide } from './decide.ts';
import { stepKinds } from './steps/registry.ts';

const snapshot = snapshotOf({
  up: ['y', 'z'],
  down: ['x'],
  groups: { a: ['x'], f: ['y'], both: ['x', 'z'] },
  policies: [policy('p', 'a', { fallbackGroupId: 'f' })],
});

function outcome(rule: object) {
  const chain = create(RoutingChainSchema, {
    steps: [
      { id: 'rules', kind: { case: 'rules', value: { rules: [{ id: 'r', when: 'true', ...rule }] } } },
      { id: 'policies', kind: { case: 'policies', value: {} } },
    ],
  });
  const submitted = { listeningPort: 8080, host: 'gw', headers: [], user: 'u', statement: 'SELECT 1', clientIp: '' };
  const query = routedQuery(submitted, NOW);
  const compiled = createChainCompiler(stepKinds).compile(chain);
  const answer = askChain(compiled, query, { snapshot, chance: 0, defaultGroupId: 'f' });
  if (answer instanceof Promise) throw new Error('rules answer at once');
  return decide(query, answer, snapshot, circumstances());
}

test('a decision that is not strict goes to the fallback group', () => {
  expect(outcome({ requestSource: 'x' })).toMatchObject({ kind: 'chosen', groupId: 'f', requestSource: 'x' });
});

test('a strict one is refused instead, and the reason says so', () => {
  expect(outcome({ strict: true })).toMatchObject({
    kind: 'refused',
    errorName: 'NO_NODES_AVAILABLE',
    groupId: 'a',
    message: expect.stringMatching('group f is only a fallback, and this query may not go to one'),
  });
});

test('a pinned backend that is not available is not replaced by another one of its group', () => {
  expect(outcome({ backendId: 'z' })).toMatchObject({
    kind: 'chosen',
    groupId: 'both',
    pinnedBackendId: 'z',
    strict: true,
  });
  expect(outcome({ backendId: 'x' })).toMatchObject({ kind: 'refused', errorName: 'NO_NODES_AVAILABLE' });
});
