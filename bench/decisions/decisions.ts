import { create } from '@bufbuild/protobuf';
import { timestampFromMs } from '@bufbuild/protobuf/wkt';
import {
  BackendSchema,
  BackendStatusSchema,
  Group_Strategy,
  GroupSchema,
  type Policy,
  PolicySchema,
} from '@trino-gateway/api/gateway';
import { askChain } from '@trino-gateway/gatewayserver/decisions/ask-chain';
import { routedQuery } from '@trino-gateway/gatewayserver/routing/chain/routed-query';
import { createChainCompiler } from '@trino-gateway/gatewayserver/routing/chain/routing-chain';
import { decide } from '@trino-gateway/gatewayserver/routing/decide';
import { indexConfiguration } from '@trino-gateway/gatewayserver/routing/indexed-configuration';
import { createSnapshot } from '@trino-gateway/gatewayserver/routing/snapshot';
import { stepKinds } from '@trino-gateway/gatewayserver/routing/steps/registry';

const NOW = Date.UTC(2026, 0, 1);
const ROUNDS = 5_000;

/** One kind of decision and how long it takes, in microseconds. */
export type DecisionCost = { name: string; p50: number; p99: number };

/** How much a configuration holds. */
export type Sizes = { backends: number; groups: number; policies: number };

/** Decisions over 4,000 backends, 3,000 groups (one of them holds all backends) and 3,000 policies. */
export function decisionCosts(): DecisionCost[] {
  const ask = decisionsOver({ backends: 4_000, groups: 3_000, policies: 3_000 });
  return [
    { name: 'one policy matches', ...costOf(() => ask(10_000)) },
    { name: '1,000 policies match', ...costOf(() => ask(8080)) },
    { name: 'default group of 4,000 backends', ...costOf(() => ask(1)) },
  ];
}

/**
 * Decides queries by their listening port: of 10000 one policy leads to a small group, of 8080 a third of all policies do, of 1 none, and
 * the default group holds all backends.
 */
export function decisionsOver(sizes: Sizes): (listeningPort: number) => { kind: string } {
  const ids = Array.from({ length: sizes.backends }, (_, at) => `b${at}`);
  const small = Math.max(1, sizes.groups - 1);
  const groups = [
    ...Array.from({ length: small }, (_, at) => ({
      id: `g${at}`,
      backendIds: [`b${at % ids.length}`, `b${(at + 1) % ids.length}`],
    })),
    { id: 'all', backendIds: ids },
  ].map((group) => create(GroupSchema, { ...group, enabled: true, strategy: Group_Strategy.LEAST_LOAD }));
  const policies = Array.from({ length: sizes.policies }, (_, at) =>
    create(PolicySchema, { id: `p${at}`, enabled: true, groupId: `g${at % small}`, rule: ruleOf(at) }),
  );
  const snapshot = createSnapshot(
    indexConfiguration({
      backends: new Map(
        ids.map((id) => [id, { backend: create(BackendSchema, { id, enabled: true }), draining: false }]),
      ),
      groups: new Map(groups.map((group) => [group.id, group])),
      policies: new Map(policies.map((policy) => [policy.id, policy])),
    }),
    {
      statuses: new Map(
        ids.map((backendId) => [
          backendId,
          create(BackendStatusSchema, { backendId, healthy: true, clusterLoad: 1, observedAt: timestampFromMs(NOW) }),
        ]),
      ),
      schedules: new Map(),
      overrides: new Map(),
      clusterScaling: new Map(),
      groupScaling: new Map(),
    },
    60_000,
  );
  const chain = createChainCompiler(stepKinds).compile(undefined);
  const around = { now: NOW, chance: 0.5, cursor: () => 0, live: { live: () => 0, startedSince: () => 0 } };
  return (listeningPort) => {
    const client = { listeningPort, host: 'trino.example', headers: [], user: 'ann', clientIp: '' };
    const query = routedQuery({ ...client, statement: 'SELECT 1' }, NOW);
    const answer = askChain(chain, query, { snapshot, chance: around.chance, defaultGroupId: 'all' });
    if (answer instanceof Promise) throw new Error('policies answer at once');
    return decide(query, answer, snapshot, around);
  };
}

function ruleOf(at: number): Policy['rule'] {
  if (at % 3 === 0) return { case: 'listeningPort', value: 10_000 + at };
  return at % 3 === 1 ? { case: 'host', value: `host${at}` } : { case: 'listeningPort', value: 8080 };
}

/** How long a decision takes, in microseconds. */
export function costOf(work: () => { kind: string }): { p50: number; p99: number } {
  const times = Array.from({ length: ROUNDS }, () => {
    const began = performance.now();
    if (work().kind !== 'chosen') throw new Error('a decision of the bench chose nothing');
    return (performance.now() - began) * 1_000;
  }).sort((a, b) => a - b);
  const at = (share: number) => times[Math.floor(ROUNDS * share)] ?? Number.NaN;
  return { p50: at(0.5), p99: at(0.99) };
}
