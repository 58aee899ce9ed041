import { create } from '@bufbuild/protobuf';
import {
  RoutingStep_Script_Language as Language,
  RoutingChainSchema,
  RoutingStepSchema,
} from '@trino-gateway/api/gateway';
import { type Asking, askChain } from '@trino-gateway/gatewayserver/decisions/ask-chain';
import { routedQuery } from '@trino-gateway/gatewayserver/routing/chain/routed-query';
import { createChainCompiler } from '@trino-gateway/gatewayserver/routing/chain/routing-chain';
import { stepKinds } from '@trino-gateway/gatewayserver/routing/steps/registry';
import type { DecisionCost } from './decisions.ts';

const ROUNDS = 5_000;
const WARM_UP = 2_000;
const LIMIT_MS = 10_000;

const scripts = [
  {
    name: 'a script in JavaScript',
    language: Language.JAVASCRIPT,
    source: "export function route(q) { return q.client_tags.includes('etl') && q.user === 'ann' ? 'etl' : null }",
  },
  {
    name: 'a script in Python',
    language: Language.PYTHON,
    source: 'def route(q):\n  return "etl" if "etl" in q["client_tags"] and q["user"] == "ann" else None',
  },
];

/** Decisions by a chain of one script that is warm, in microseconds: there and back. */
export async function scriptCosts(): Promise<DecisionCost[]> {
  const costs: DecisionCost[] = [];
  for (const script of scripts) costs.push(await costOf(script));
  return costs;
}

async function costOf({ name, language, source }: (typeof scripts)[number]): Promise<DecisionCost> {
  await using compiler = createChainCompiler(stepKinds);
  const kind = { case: 'script', value: { language, source } } as const;
  const steps = [create(RoutingStepSchema, { id: 'code', timeLimitMs: LIMIT_MS, kind })];
  const chain = compiler.compile(create(RoutingChainSchema, { steps, timeLimitMs: LIMIT_MS }));
  const snapshot = { whyNoGroup: () => undefined, whyNotAllowed: () => undefined } as Partial<
    Asking['snapshot']
  > as Asking['snapshot'];
  const headers = [
    { name: 'X-Trino-User', value: 'ann' },
    { name: 'X-Trino-Client-Tags', value: 'nightly,etl' },
  ];
  const client = { listeningPort: 8080, host: 'trino.example', headers, user: 'ann', clientIp: '10.0.0.1' };
  const times: number[] = [];
  for (let round = 0; round < WARM_UP + ROUNDS; round++) {
    const query = routedQuery({ ...client, statement: 'SELECT 1' }, Date.now());
    const began = performance.now();
    const { kind: said } = await askChain(chain, query, { snapshot, chance: 0.5, defaultGroupId: undefined });
    if (said !== 'groups') throw new Error('a script of the bench decided nothing');
    if (round >= WARM_UP) times.push((performance.now() - began) * 1_000);
  }
  const sorted = times.toSorted((one, other) => one - other);
  const at = (share: number) => sorted[Math.floor(ROUNDS * share)] ?? Number.NaN;
  return { name, p50: at(0.5), p99: at(0.99) };
}
