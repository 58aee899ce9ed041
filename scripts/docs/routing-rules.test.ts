import { readFileSync } from 'node:fs';
import { fromJson, type JsonValue } from '@bufbuild/protobuf';
import { describe, expect, test } from '@jest/globals';
import { RoutingChainSchema, RoutingStepSchema } from '@trino-gateway/api/gateway';
import { requestFacts } from '@trino-gateway/gatewayserver/routing/chain/request-facts';
import { routedQuery } from '@trino-gateway/gatewayserver/routing/chain/routed-query';
import { createChainCompiler } from '@trino-gateway/gatewayserver/routing/chain/routing-chain';
import { stepKinds } from '@trino-gateway/gatewayserver/routing/steps/registry';
import { parse } from 'yaml';

const page = (name: string) => readFileSync(new URL(`../../docs/routing/${name}.md`, import.meta.url), 'utf8');
const blocks = (text: string) => [...text.matchAll(/```yaml\n(.*?)```/gs)].map(([, yaml = '']) => parse(yaml));

type Asked = Partial<Record<'user' | 'source' | 'statement' | 'now' | 'ip', string>> & {
  tables?: string[];
  tags?: string[];
  headers?: Record<string, string>;
  port?: number;
};
type Example = { asks: Asked; holds: boolean; rule: { id: string } };

const context = {
  snapshot: {
    policies: undefined as never,
    whyNoGroup: () => undefined,
    available: () => [],
    whyNotAllowed: () => undefined,
    groupOfBackend: () => 'group',
  },
  chance: 0.5,
  limitMs: 1_000,
  signal: () => new AbortController().signal,
};

/** The ids of the rules that match. */
function matching(rule: JsonValue, asked: Asked): string[] {
  const chain = fromJson(RoutingChainSchema, { steps: [{ id: 'rules', rules: { rules: [rule] } }] });
  const [step] = createChainCompiler(stepKinds).compile(chain).steps;
  const { tables = [], tags = [], headers = {}, source = '' } = asked;
  const lines = { 'X-Trino-Source': source, 'X-Trino-Client-Tags': tags.join(','), ...headers };
  const statement = asked.statement ?? `SELECT 1 FROM ${tables.join(', ') || 'a.b.c'}`;
  const sent = Object.entries(lines).map(([name, value]) => ({ name, value }));
  const submitted = {
    listeningPort: asked.port ?? 8080,
    host: 'trino',
    headers: sent,
    user: asked.user ?? 'ann',
    statement,
  };
  const query = routedQuery(
    { ...submitted, clientIp: asked.ip ?? '127.0.0.1' },
    Date.parse(asked.now ?? '2026-01-05T09:00:00Z'),
  );
  const opinion = step?.ask(query, context);
  if (opinion === undefined || opinion instanceof Promise) throw new Error('rules answer at once');
  return (opinion.matched ?? []).filter(({ failed }) => !failed).map(({ ruleId }) => ruleId);
}

const [shown, examples] = blocks(page('rules')) as [{ steps: JsonValue[] }, Example[]];

describe('docs/routing/rules.md', () => {
  test.each(examples.map(({ rule, asks, holds }) => [rule.id, rule, asks, holds] as const))(
    'the example %s is accepted, and matches or not as it says',
    (id, rule, asks, holds) => {
      const step = fromJson(RoutingStepSchema, { id: 'rules', rules: { rules: [rule as JsonValue] } });
      expect(stepKinds.rules?.problems(step.kind.value as never)).toEqual([]);
      expect(matching(rule as JsonValue, asks)).toEqual(holds ? [id] : []);
    },
  );

  test('the chain at its top is accepted', () => {
    const { steps } = fromJson(RoutingChainSchema, { steps: shown.steps });
    expect(steps.flatMap(({ kind }) => stepKinds[kind.case ?? '']?.problems(kind.value as never))).toEqual([]);
  });

  test('every name is in its table, with an example that is accepted', () => {
    const rows = [...page('rules').matchAll(/^\| (`[^|]+`) \| [a-z]+[^|]* \| `([^`]+)` \|/gm)];
    const named = rows.flatMap(([, names = '']) => [...names.matchAll(/`(\w+)`/g)].map(([, name]) => name));
    expect(named.sort()).toEqual(Object.keys(requestFacts).sort());
    for (const [, , when = ''] of rows) {
      const rule = { id: 'r', groupId: 'g', when };
      const step = fromJson(RoutingStepSchema, { id: 'rules', rules: { rules: [rule] } });
      expect([when, stepKinds.rules?.problems(step.kind.value as never)]).toEqual([when, []]);
    }
  });
});

test('the steps of docs/routing/headers-and-tags.md are accepted', () => {
  const steps = blocks(page('headers-and-tags')).flat() as JsonValue[];
  expect(steps).toHaveLength(2);
  for (const json of steps) {
    const { kind } = fromJson(RoutingStepSchema, json);
    expect(stepKinds[kind.case ?? '']?.problems(kind.value as never)).toEqual([]);
  }
});
