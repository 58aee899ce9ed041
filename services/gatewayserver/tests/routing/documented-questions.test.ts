import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { create } from '@bufbuild/protobuf';
import { expect, test } from '@jest/globals';
import { RoutingChainSchema, RoutingStep_ExternalSchema, RoutingStepSchema } from '@trino-gateway/api/gateway';
import { loadConfig } from '@trino-gateway/config';
import { chainRules } from '../../src/configuration/stored-chain.ts';
import { askChain } from '../../src/decisions/ask-chain.ts';
import { routedQuery } from '../../src/routing/chain/routed-query.ts';
import { createChainCompiler, noTools } from '../../src/routing/chain/routing-chain.ts';
import { stepKinds } from '../../src/routing/steps/registry.ts';
import { createStepTools } from '../../src/step-tools/step-tools.ts';
import { snapshotOf } from '../support/routing-snapshot.ts';

const page = (name: string) => readFileSync(new URL(`../../../../docs/routing/${name}.md`, import.meta.url), 'utf8');
const examples = (name: string, language: string) =>
  [...page(name).matchAll(/^```(\w+)\n(.*?)^```/gms)]
    .filter(([, found]) => found === language)
    .map(([, , text = '']) => text);

test.each(['explain-cost', 'external'])('the chain in docs/routing/%s.md is one that can be stored', (name) => {
  const groups = ['adhoc', 'small', 'large'].map((id) => `{ id: ${id}, backend_ids: [b] }`).join(', ');
  const objects = `backends: [{ id: b, url: "http://b" }]\ngroups: [${groups}]\n`;
  const [chain = ''] = examples(name, 'yaml');
  const file = { name: 'suite.yaml', text: objects + chain };
  const { declared } = loadConfig({ file, env: {}, readSecret: () => '', chainChecks: chainRules });
  expect(declared.routingChain?.steps).toHaveLength(1);
});

test('the question and the answer in docs/routing/external.md are those of a real exchange', async () => {
  const [question = '', answer = ''] = examples('external', 'json');
  const asked: unknown[] = [];
  const server = createServer(async (request, response) => {
    let text = '';
    for await (const chunk of request) text += chunk;
    asked.push(JSON.parse(text));
    response.writeHead(200, { 'content-type': 'application/json' }).end(answer);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  try {
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/route`;
    const { countQuestion, showBreaker } = noTools;
    const tools = createStepTools(async () => undefined, { countQuestion, showBreaker });
    await using compiler = createChainCompiler(stepKinds, { ...noTools, ...tools });
    const kind = { case: 'external', value: create(RoutingStep_ExternalSchema, { url }) } as const;
    const step = create(RoutingStepSchema, { id: 'outside', timeLimitMs: 10_000, kind });
    const chain = compiler.compile(create(RoutingChainSchema, { steps: [step], timeLimitMs: 10_000 }));
    const headers = [
      { name: 'X-Trino-Catalog', value: 'tpch' },
      { name: 'X-Trino-Schema', value: 'tiny' },
    ];
    const client = { listeningPort: 8080, host: 'gw', clientIp: '10.0.0.1', user: 'alice' };
    const query = routedQuery({ ...client, headers, statement: 'SELECT * FROM nation' }, 0);
    const snapshot = snapshotOf({ up: ['a'], groups: { etl: ['a'] } });
    const said = await askChain(chain, query, { snapshot, chance: 0, defaultGroupId: undefined });
    expect(asked).toEqual([JSON.parse(question)]);
    const decided = said.kind === 'groups' && said.candidates[0] && said.decided(said.candidates[0]);
    expect(decided).toMatchObject({ groupId: 'etl', setHeaders: { 'x-trino-client-tags': 'nightly' } });
  } finally {
    server.close();
    server.closeAllConnections();
  }
});
