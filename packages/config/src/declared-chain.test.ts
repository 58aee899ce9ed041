import { create, toJson } from '@bufbuild/protobuf';
import { describe, expect, test } from '@jest/globals';
import { RoutingChainSchema } from '@trino-gateway/api/gateway';
import type { ChainChecks } from '@trino-gateway/api/validation';
import { load, problemsWithPlaces } from '../tests/support/load.ts';

const GROUPS = `
backends: [{ id: a, url: "http://a:8080" }]
groups: [{ id: adhoc, backend_ids: [a] }, { id: etl, backend_ids: [a] }]
`;

test('every kind of step is read as the API would read it, in either spelling', () => {
  const { routingChain } = load({
    yaml: `${GROUPS}
routing_chain:
  fallback_group: adhoc
  time_limit_ms: 500
  steps:
    - id: asked
      routing_group_header: { header: X-Trino-Routing-Group, groups: [adhoc, etl], unknown: ABSTAIN }
    - { id: nightly, clientTags: { any_of: [nightly, etl], groupId: etl }, onFailure: REFUSE }
    - id: policies
      policies: {}
    - id: rules
      rules:
        rules:
          - { id: raw, when: 'tables.exists(t, t.startsWith("hive.raw."))', group_id: etl, priority: 5, strict: true }
          - { id: canary, when: 'source == "dashboard"', share: 0.1, share_by: USER, group_id: next }
          - { id: no-cross, when: 'kind == "SELECT" && size(tables) > 50', refuse: "more than 50 tables: ask the data team" }
    - id: code
      script: { language: JAVASCRIPT, source: "export function route(q) { return q.user === 'root' ? 'admin' : undefined }" }
    - id: cost
      explain_cost: { group_id: adhoc, unknown_group_id: large, targets: [ { cpu: 1e9, memory: 1e9, network: 1e9, rows: 1e7, bytes: 1e9, group_id: small } ] }
    - id: outside
      external: { url: "http://router.example/route", exclude_headers: [Authorization] }
`,
  }).declared;
  const json = toJson(RoutingChainSchema, routingChain ?? create(RoutingChainSchema), { useProtoFieldName: true });
  expect(json).toMatchObject({
    fallback_group: 'adhoc',
    time_limit_ms: 500,
    steps: [
      { id: 'asked', routing_group_header: { groups: ['adhoc', 'etl'], unknown: 'ABSTAIN' } },
      { id: 'nightly', client_tags: { any_of: ['nightly', 'etl'], group_id: 'etl' }, on_failure: 'REFUSE' },
      { id: 'policies', policies: {} },
      { rules: { rules: [{ id: 'raw', strict: true }, { share: 0.1 }, { refuse: expect.any(String) }] } },
      { script: { language: 'JAVASCRIPT' } },
      { explain_cost: { targets: [{ cpu: 1e9, rows: 1e7, group_id: 'small' }] } },
      { external: { exclude_headers: ['Authorization'] } },
    ],
  });
});

test('a file without a chain, and one with an empty section, declare none', () => {
  expect(load({ yaml: GROUPS }).declared.routingChain).toBeUndefined();
  expect(load({ yaml: `${GROUPS}routing_chain:\n` }).declared.routingChain).toBeUndefined();
});

describe('each problem names step, rule and line', () => {
  const line = (field: string, message: string, place: string) => `routing_chain.${field}: ${message} (${place})`;
  const problems = (chain: string, chainChecks?: ChainChecks) =>
    problemsWithPlaces({ yaml: `${GROUPS}routing_chain:${chain}`, ...(chainChecks && { chainChecks }) });

  test('of its shape', () => {
    expect(
      problems(`
  fallback_group: ghost
  steps:
    - id: rules
      rules:
        rules:
          - { id: raw, when: true }
          - id: next
            whem: "true"
            session_properties: [a]
    - { id: outside, external: { token: [hunter2] } }
    - 7
`),
    ).toEqual([
      line('steps[0].rules.rules[0].when', 'expected text, got true', 'step "rules", rule "raw", line 10'),
      expect.stringMatching(
        /rules\[1\]\.whem: unknown field; known are id, enabled, .* \(step "rules", rule "next", line 12\)$/,
      ),
      line(
        'steps[0].rules.rules[1].session_properties',
        'expected names with texts as values, got ["a"]',
        'step "rules", rule "next", line 13',
      ),
      line('steps[1].external.token', 'expected text, got a value that is not shown', 'step "outside", line 14'),
      line('steps[2]', 'expected fields and values, got 7', 'line 15'),
      line('fallback_group', 'expected a group declared in this file, got "ghost"', 'line 5'),
    ]);
    expect(problems(' [1]')).toEqual(['routing_chain: expected fields and values, got [1] (line 4)']);
    expect(problems(' { steps: { id: a } }')[0]).toContain('expected a list of fields and values');
  });

  test('of what holds for every chain', () => {
    expect(
      problems(
        '\n  version: 3\n  steps:\n    - { id: queue, policies: {} }\n    - { id: a, policies: {}, external: {} }\n',
      ),
    ).toEqual([
      line('steps[1]', 'expected only one of policies and external', 'step "a", line 8'),
      expect.stringContaining('steps[0].id: expected another id than'),
      expect.stringContaining('version: expected none'),
    ]);
    expect(problems('\n  version: 3\n  steps:\n    - { id: queue, policies: {} }\n    - id: a\n')).toEqual([
      line(
        'steps[0].id',
        'expected another id than default_group, fallback_group, slot, queue, got "queue"',
        'step "queue", line 7',
      ),
      expect.stringMatching(/^routing_chain\.steps\[1\]\.kind: expected exactly one of .* \(step "a", line 8\)$/),
      line('version', 'expected none: the gatewayserver counts the versions', 'line 5'),
    ]);
  });

  test('and of what the process that starts knows of its steps', () => {
    const checks: ChainChecks = {
      problems: () => [{ field: 'steps[0].rules.rules[0].when', message: 'line 1, column 3: expected less' }],
      names: () => [{ kind: 'group', id: 'ghost', field: 'steps[0].rules.rules[0].group_id' }],
    };
    const chain =
      '\n  steps:\n    - id: rules\n      rules:\n        rules:\n          - id: raw\n            when: "a"\n            group_id: ghost\n';
    expect(problems(chain, checks)).toEqual([
      line('steps[0].rules.rules[0].when', 'line 1, column 3: expected less', 'step "rules", rule "raw", line 10'),
      line(
        'steps[0].rules.rules[0].group_id',
        'expected a group declared in this file, got "ghost"',
        'step "rules", rule "raw", line 11',
      ),
    ]);
    expect(problems(chain)).toEqual([]);
  });
});
