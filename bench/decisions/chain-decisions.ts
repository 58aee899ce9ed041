import { create } from '@bufbuild/protobuf';
import { timestampFromMs } from '@bufbuild/protobuf/wkt';
import {
  BackendSchema,
  BackendStatusSchema,
  GroupSchema,
  type Policy,
  PolicySchema,
  RoutingChainSchema,
} from '@trino-gateway/api/gateway';
import { askChain } from '@trino-gateway/gatewayserver/decisions/ask-chain';
import { routedQuery } from '@trino-gateway/gatewayserver/routing/chain/routed-query';
import { createChainCompiler } from '@trino-gateway/gatewayserver/routing/chain/routing-chain';
import { decide } from '@trino-gateway/gatewayserver/routing/decide';
import { indexConfiguration } from '@trino-gateway/gatewayserver/routing/indexed-configuration';
import { createSnapshot } from '@trino-gateway/gatewayserver/routing/snapshot';
import { stepKinds } from '@trino-gateway/gatewayserver/routing/steps/registry';
import { costOf, type DecisionCost } from './decisions.ts';

const NOW = Date.UTC(2026, 0, 1);

/** Conditions as operators write them; none holds for the query of the bench. */
const conditions = [
  (at: number) => `source == "dashboard-${at}"`,
  (at: number) => `user.startsWith("svc-${at}-") && "nightly" in client_tags`,
  (at: number) => `tables.exists(t, t.startsWith("hive.raw${at}."))`,
  (at: number) => `kind == "INSERT" && size(tables) > ${at}`,
  (at: number) => `"x-team-${at}" in headers && headers["x-team-${at}"] == "data"`,
  (at: number) => `source.matches("^report-${at}-[a-z]+$")`,
  (at: number) => `session["priority-${at}"] == "high"`,
  (at: number) => `now.getHours() < 8 && client_ip.startsWith("10.${at}.") && !in_transaction`,
];

const text = `SELECT o.orderkey, sum(l.extendedprice) FROM tpch.tiny.orders o JOIN tpch.tiny.lineitem l ON o.orderkey = l.orderkey
  WHERE o.orderdate > DATE '1995-01-01' AND o.comment LIKE '%special%' GROUP BY 1 ORDER BY 2 DESC LIMIT 10`;

/** Decisions by a chain of header, tags, 200 rules and 100 policies, of which the last one decides. */
export function chainDecisionCosts(): DecisionCost[] {
  const chain = create(RoutingChainSchema, {
    steps: [
      { id: 'asked', kind: { case: 'routingGroupHeader', value: {} } },
      { id: 'tags', kind: { case: 'clientTags', value: { anyOf: ['etl'], groupId: 'g' } } },
      { id: 'rules', kind: { case: 'rules', value: { rules: rulesOf(200) } } },
      { id: 'policies', kind: { case: 'policies', value: {} } },
    ],
  });
  const compiled = createChainCompiler(stepKinds).compile(chain);
  const snapshot = snapshotOf(100);
  const circumstances = { now: NOW, chance: 0.5, cursor: () => 0, live: { live: () => 0, startedSince: () => 0 } };
  const headers = [
    { name: 'X-Trino-Source', value: 'dashboard' },
    { name: 'X-Trino-Client-Tags', value: 'bi,weekly' },
    { name: 'X-Trino-Session', value: 'query_priority=1' },
  ];
  const ask = (listeningPort: number) => {
    const client = { listeningPort, host: 'trino.example', headers, user: 'ann', clientIp: '192.0.2.1' };
    const query = routedQuery({ ...client, statement: text }, NOW);
    const answer = askChain(compiled, query, { snapshot, chance: 0.5, defaultGroupId: undefined });
    if (answer instanceof Promise) throw new Error('none of these steps takes time');
    return decide(query, answer, snapshot, circumstances);
  };
  // As in a server that has run for a while.
  for (let at = 0; at < 2_000; at++) ask(10_099);
  return [{ name: 'header, tags, 200 rules, 100 policies', ...costOf(() => ask(10_099)) }];
}

function rulesOf(count: number) {
  return Array.from({ length: count }, (_, at) => ({
    id: `r${at}`,
    when: conditions[at % conditions.length]?.(at) ?? 'false',
    groupId: 'g',
  }));
}

function snapshotOf(policies: number) {
  const backend = create(BackendSchema, { id: 'b', enabled: true });
  const status = create(BackendStatusSchema, {
    backendId: 'b',
    healthy: true,
    clusterLoad: 1,
    observedAt: timestampFromMs(NOW),
  });
  const all: Policy[] = Array.from({ length: policies }, (_, at) =>
    create(PolicySchema, {
      id: `p${at}`,
      enabled: true,
      groupId: 'g',
      rule: { case: 'listeningPort', value: 10_000 + at },
    }),
  );
  const configuration = indexConfiguration({
    backends: new Map([['b', { backend, draining: false }]]),
    groups: new Map([['g', create(GroupSchema, { id: 'g', enabled: true, backendIds: ['b'] })]]),
    policies: new Map(all.map((policy) => [policy.id, policy])),
  });
  return createSnapshot(
    configuration,
    {
      statuses: new Map([['b', status]]),
      schedules: new Map(),
      overrides: new Map(),
      clusterScaling: new Map(),
      groupScaling: new Map(),
    },
    60_000,
  );
}
