import { readFileSync } from 'node:fs';
import { describe, expect, jest, test } from '@jest/globals';
import { type ConfigError, loadConfig } from '@trino-gateway/config';
import { chainRules } from '../../src/configuration/stored-chain.ts';
import { startTestGatewayserver, type TestGatewayserver, until } from '../support/gatewayserver-fixture.ts';

jest.setTimeout(120_000); // a busy machine starts a server slowly

const OBJECTS = `
backends: [{ id: b, url: "http://b" }]
groups: [{ id: adhoc, backend_ids: [b] }, { id: etl, backend_ids: [b] }]
`;
const chainOf = (steps: string) => `${OBJECTS}routing_chain:\n  fallback_group: adhoc\n  steps:\n${steps}`;
const TAGGED = '    - { id: nightly, client_tags: { any_of: [nightly], group_id: etl } }\n';

const EVERY_KIND = `
routing_chain:
  fallback_group: adhoc                    # beats gatewayserver.default_group
  time_limit_ms: 500
  steps:                                   # in order; the first opinion wins; a group that does not exist at run time is no opinion
    - id: asked                            # every step: id, enabled (absent = true), time_limit_ms, on_failure ABSTAIN (default) | REFUSE
      routing_group_header: { header: X-Trino-Routing-Group, groups: [adhoc, etl], unknown: ABSTAIN }
    - id: nightly
      client_tags: { any_of: [nightly, etl], group_id: etl }        # or all_of
    - id: policies
      policies: {}
    - id: rules
      rules:
        rules:                             # in order; the first that matches
          - { id: raw, when: 'tables.exists(t, t.startsWith("hive.raw."))', group_id: etl, priority: 5, strict: true }
          - { id: canary, when: 'source == "dashboard"', share: 0.1, share_by: USER, group_id: next }
          - { id: no-cross, when: 'kind == "SELECT" && size(tables) > 50', refuse: "more than 50 tables: ask the data team" }
    - id: code
      script: { language: JAVASCRIPT, source: "export function route(q) { return q.user === 'root' ? 'admin' : undefined }" }   # or PYTHON
    - id: cost
      explain_cost: { group_id: adhoc, unknown_group_id: large, targets: [ { cpu: 1e9, memory: 1e9, network: 1e9, rows: 1e7, bytes: 1e9, group_id: small } ] }
    - id: outside
      external: { url: "http://router.example/route", exclude_headers: [Authorization] }
`;

const read = (yaml: string) =>
  loadConfig({ file: { name: 'suite.yaml', text: yaml }, env: {}, readSecret: () => '', chainChecks: chainRules })
    .declared;
const inForce = (server: TestGatewayserver) => server.ok('RoutingService/GetRoutingChain');

describe('a routing chain that a configuration file declares', () => {
  test('is in force from the start, is stored anew when it differs, and belongs to the file until that lets go of it', async () => {
    await using server = await startTestGatewayserver({}, chainOf(TAGGED));
    expect(await inForce(server)).toMatchObject({ version: 1, managedBy: 'file', steps: [{ id: 'nightly' }] });
    await server.declare(read(chainOf(TAGGED)));
    expect(await inForce(server)).toMatchObject({ version: 1 });
    await server.declare(read(chainOf(`${TAGGED}    - { id: policies, policies: {} }\n`)));
    expect(await inForce(server)).toMatchObject({ version: 2, steps: [{ id: 'nightly' }, { id: 'policies' }] });
    for (const [rpc, message] of [
      ['PutRoutingChain', { chain: {} }],
      ['RollBackRoutingChain', { version: 1 }],
    ] as const)
      expect((await server.post(`RoutingService/${rpc}`, message)).body).toEqual({
        code: 'failed_precondition',
        message: expect.stringContaining('declared in the configuration file'),
      });
    await server.declare(read(OBJECTS));
    expect(await inForce(server)).toMatchObject({ version: 3, steps: [{ id: 'nightly' }, { id: 'policies' }] });
    expect((await inForce(server)).managedBy).toBeUndefined();
    expect(await server.ok('RoutingService/RollBackRoutingChain', { version: 1 })).toMatchObject({ version: 4 });
  });

  test('may use every kind of step', async () => {
    const ids = ['adhoc', 'etl', 'next', 'small', 'large', 'admin'];
    const objects = `backends: [{ id: b, url: "http://b" }]\ngroups:\n${ids.map((id) => `  - { id: ${id}, backend_ids: [b] }\n`).join('')}`;
    await using server = await startTestGatewayserver({}, `${objects}${EVERY_KIND}`);
    const { steps } = (await inForce(server)) as { steps: { id: string }[] };
    expect(steps.map(({ id }) => id)).toEqual(['asked', 'nightly', 'policies', 'rules', 'code', 'cost', 'outside']);
    await server.ok('BackendService/MarkHealthy', { id: 'b' });
    const decide = (asked: object) => server.ok('RoutingService/Decide', asked);
    const header = (name: string, value: string) => ({ headers: [{ name, value }], user: 'ann' });
    const raw = { statement: 'SELECT * FROM hive.raw.t', user: 'ann' };
    const many = `SELECT 1 FROM ${Array.from({ length: 51 }, (_, at) => `a.b.t${at}`).join(', ')}`;
    expect(await decide({ ...header('X-Trino-Routing-Group', 'etl'), statement: 'SELECT 1' })).toMatchObject({
      decision: { groupId: 'etl', decidedBy: 'step asked' },
    });
    expect(await decide({ ...header('X-Trino-Client-Tags', 'nightly'), statement: 'SELECT 1' })).toMatchObject({
      decision: { decidedBy: 'step nightly' },
    });
    expect(await decide(raw)).toMatchObject({ decision: { groupId: 'etl', decidedBy: 'step rules, rule raw' } });
    expect(await decide({ statement: many, user: 'ann' })).toMatchObject({
      verdict: 'REFUSED',
      refusal: 'more than 50 tables: ask the data team',
    });
    // A busy machine starts what runs scripts slowly; until then the step is late.
    await until(
      () => decide({ statement: 'SELECT 1', user: 'root' }),
      ({ decision }) => (decision as { decidedBy?: string } | undefined)?.decidedBy === 'step code',
    );
    expect(await decide({ statement: 'SHOW CATALOGS', user: 'ann' })).toMatchObject({
      decision: { groupId: 'adhoc', decidedBy: 'default_group' },
    });
  });

  test('reads as the documentation says', () => {
    const page = readFileSync(new URL('../../../../docs/routing/chain.md', import.meta.url), 'utf8');
    const examples = [...page.matchAll(/^```yaml\n(.*?)^```/gms)].map(([, yaml = '']) => read(`${OBJECTS}${yaml}`));
    expect(examples.map(({ routingChain }) => routingChain?.steps.length)).toEqual([2]);
  });

  test('with mistakes is refused before anything of it is stored, each with step and line', () => {
    const mistakes = `    - { id: asked, routing_group_header: { header: "a b", groups: [ghost] } }\n    - { id: nightly, client_tags: { group_id: etl } }\n`;
    let problems: readonly string[] = [];
    try {
      read(chainOf(mistakes));
    } catch (error) {
      problems = (error as ConfigError).problems;
    }
    expect(problems).toEqual([
      expect.stringMatching(/^routing_chain\.steps\[0\]\.routing_group_header\.header: .* \(step "asked", line 7\)$/),
      expect.stringMatching(/^routing_chain\.steps\[1\]\.client_tags\.any_of: .* \(step "nightly", line 8\)$/),
      'routing_chain.steps[0].routing_group_header.groups: expected a group declared in this file, got "ghost" (step "asked", line 7)',
    ]);
  });
});
