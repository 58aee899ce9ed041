import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { parse } from 'yaml';
import { runCommand } from '../support/command-line.ts';

const RULES = `
---
name: "airflow"
description: "if query from airflow, route to etl group"
priority: 0
condition: 'request.getHeader("X-Trino-Source") == "airflow"'
actions:
  - 'result.put("routingGroup", "etl")'
---
name: "asked"
priority: 1
condition: 'request.getHeader("X-Group") != null'
actions: ['result.put("routingGroup", request.getHeader("X-Group"))']
---
name: "admins & co"
priority: 2
condition: 'trinoRequestUser.userExistsAndEquals("root")'
actions: ['result.put("routingGroup", "admin team")']
---
name: "by address"
priority: 3
condition: 'request.getRequestURL() contains "x"'
actions: ['result.put("routingGroup", "x")']
`;
const CONFIG = `
serverConfig: { node.environment: test }
dataStore: { jdbcUrl: "jdbc:x", password: hunter2 }
routing: { defaultRoutingGroup: adhoc }
routingRules: { rulesEngineEnabled: true, rulesConfigPath: /rules.yml }
modules: [io.trino.gateway.ha.module.QueryCountBasedRouterProvider]
`;
const BACKENDS = [
  { name: 'one', proxyTo: 'http://one:8080/', externalUrl: 'http://one:8080', active: true, routingGroup: 'adhoc' },
  {
    name: 'two',
    proxyTo: 'https://two',
    externalUrl: 'https://two.example',
    active: false,
    routingGroup: 'admin team',
  },
  { name: 'three', proxyTo: 'not an address', active: true, routingGroup: 'etl' },
];

let answer: { status: number; body: string };
const server = createServer((request, response) => {
  response.writeHead(request.url === '/api/public/backends' ? answer.status : 404).end(answer.body);
});
let url: string;
beforeAll(async () => {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(() => {
  server.close();
});

const files = { 'rules.yml': RULES, 'config.yaml': CONFIG };
const run = (...argv: string[]) => runCommand(['import', 'trinodb', ...argv], { files });

test('rules, configuration and clusters become backends, groups and a chain', async () => {
  answer = { status: 200, body: JSON.stringify(BACKENDS) };
  const { code, out, err } = await run('--rules', 'rules.yml', '--config', 'config.yaml', '--from-url', url);
  expect(code).toBe(0);
  expect(parse(out)).toEqual({
    backends: [
      { id: 'one', enabled: true, url: 'http://one:8080' },
      { id: 'two', enabled: false, url: 'https://two', external_url: 'https://two.example' },
    ],
    groups: [
      { id: 'adhoc', backend_ids: ['one'], strategy: 'FEWEST_QUERIES' },
      { id: 'admin-team', backend_ids: ['two'], strategy: 'FEWEST_QUERIES' },
    ],
    policies: [],
    routing_chain: {
      fallback_group: 'adhoc',
      steps: [
        { id: 'rules', rules: { rules: [{ id: 'admins-co', when: 'user == "root"', group_id: 'admin-team' }] } },
        { id: 'header-2', routing_group_header: { header: 'x-group' } },
        { id: 'rules-3', rules: { rules: [{ id: 'airflow', when: 'source == "airflow"', group_id: 'etl' }] } },
      ],
    },
  });
  for (const said of [
    'note: rule "by address" (line 20): not translated: its condition (line 22): request has no requestURL that is known here',
    'note: rule "asked": is a step: a header that is missing, or names no group, leaves the decision to the rules behind it',
    'note: backend "three": left out: url:',
    'note: group "admin team": is called "admin-team" here',
    'note: group "etl": has no cluster that is imported: create it before the chain is stored',
  ])
    expect(err).toContain(said);
  expect(out + err).not.toContain('hunter2');
});

test('an external routing service is a step, and the header where it has no answer', async () => {
  const config = CONFIG.replace(
    'rulesConfigPath: /rules.yml',
    'rulesType: EXTERNAL, rulesExternalConfiguration: { urlPath: "http://router.example/route", excludeHeaders: [Authorization], propagateErrors: true }',
  );
  const { out } = await runCommand(['import', 'trinodb', '--config', 'c'], { files: { c: config } });
  expect((parse(out) as { routing_chain: unknown }).routing_chain).toEqual({
    fallback_group: 'adhoc',
    steps: [
      {
        id: 'external',
        external: { url: 'http://router.example/route', exclude_headers: ['Authorization'], propagate_errors: true },
      },
      { id: 'routing-group-header', routing_group_header: {} },
    ],
  });
});

test('without rules the header decides, as it did', async () => {
  const { out } = await runCommand(['import', 'trinodb', '--config', 'c'], { files: { c: 'routing: {}' } });
  expect(parse(out)).toMatchObject({
    routing_chain: { fallback_group: 'adhoc', steps: [{ id: 'routing-group-header', routing_group_header: {} }] },
  });
});

test.each<[string, number, string, RegExp]>([
  ['an error', 500, '<html>', /HTTP 500; is --from-url right\?$/],
  ['no JSON', 200, '<html>', /is --from-url right\?$/],
  ['other JSON', 200, '{"a": 1}', /api\/public\/backends: : /],
  ['a wrong kind of value', 200, '[{"name": 7, "proxyTo": "x"}]', /0\.name: /],
])('an API that answers %s is told in one line', async (_, status, body, said) => {
  answer = { status, body };
  const { code, out, err } = await run('--from-url', url);
  expect([code > 0, out]).toEqual([true, '']);
  expect(err).toMatch(said);
});

test('something must be given', async () => {
  expect(await run()).toMatchObject({ code: 2, err: 'expected at least one of --rules, --config and --from-url' });
});
