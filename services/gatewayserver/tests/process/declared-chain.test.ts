import { describe, expect, jest, test } from '@jest/globals';
import { type ConfigError, loadConfig } from '@trino-gateway/config';
import { chainRules } from '../../src/configuration/stored-chain.ts';
import { startTestGatewayserver, type TestGatewayserver } from '../support/gatewayserver-fixture.ts';

jest.setTimeout(120_000); // a busy machine starts a server slowly

const OBJECTS = `
backends: [{ id: b, url: "http://b" }]
groups: [{ id: adhoc, backend_ids: [b] }, { id: etl, backend_ids: [b] }]
`;
const chainOf = (steps: string) => `${OBJECTS}routing_chain:\n  fallback_group: adhoc\n  steps:\n${steps}`;
const TAGGED = '    - { id: nightly, client_tags: { any_of: [nightly], group_id: etl } }\n';

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
