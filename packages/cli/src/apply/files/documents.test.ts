import { describe, expect, test } from '@jest/globals';
import { readDocuments } from './documents.ts';

const NONE = { backendIds: new Set<string>(), groupIds: new Set<string>() };

function problems(text: string, existing = NONE): string[] {
  try {
    readDocuments([{ name: 'f', text }], existing);
    return [];
  } catch (error) {
    return (error as Error).message.split('\n');
  }
}

test('JSON and several documents are read together, and may refer to each other in any order', () => {
  const text = `
groups: [{ id: g, backend_ids: [a] }]
---
# nothing here
---
{"backends": [{"id": "a", "url": "http://a", "loadThreshold": 3}]}
`;
  const { backends, groups, policies } = readDocuments([{ name: 'f', text }], NONE);
  expect([backends[0]?.loadThreshold, groups[0]?.backendIds, policies]).toEqual([3, ['a'], []]);
});

test('a file may refer to objects that the gatewayserver has', () => {
  const text = 'policies: [{ id: p, host: h, group_id: g }]\ngroups: [{ id: n, backend_ids: [b] }]';
  expect(problems(text, { backendIds: new Set(['b']), groupIds: new Set(['g']) })).toEqual([]);
  expect(problems(text)).toEqual([
    'f: groups[0].backend_ids: expected a backend declared here or already stored, got "b" (group "n", line 2)',
    'f: policies[0].group_id: expected a group declared here or already stored, got "g" (policy "p", line 1)',
  ]);
});

describe('all problems are reported at once, with their positions', () => {
  const cases: [string, string, string[]][] = [
    [
      'no object',
      '# nothing',
      ['f: holds no object: expected lists named backends, groups, policies, or a routing_chain'],
    ],
    ['an empty text', '', ['f: holds no object: expected lists named backends, groups, policies, or a routing_chain']],
    ['a list', '- a', ['f: expected lists named backends, groups, policies, or a routing_chain']],
    [
      'another section and no list',
      'router: {}\nbackends: {}',
      [
        'f: router: unknown section; known are backends, groups, policies, routing_chain',
        'f: backends: expected a list',
      ],
    ],
    [
      'several objects',
      'backends: [{ id: a, url: x, weight: heavy }, { id: "a b", url: "http://a" }]\ngroups: [{ id: g, strategy: BEST }]',
      [
        'f: backends[0].weight: expected a whole number, got "heavy" (backend "a", line 1)',
        'f: backends[1].id: expected 1 to 128 letters, digits, dots, underscores or dashes, got "a b" (backend "a b", line 1)',
        'f: groups[0].strategy: expected LEAST_LOAD, ROUND_ROBIN, RANDOM, FEWEST_QUERIES, WEIGHTED, AFFINITY, got "BEST" (group "g", line 2)',
      ],
    ],
    [
      'in the second of several documents',
      'backends: [{ id: a, url: "http://a" }]\n---\nbackends: [{ id: b, url: b }, { id: a, url: "http://a" }]',
      [
        'f: document 2: backends[0].url: expected an http or https URL with a host and no path, user, query or fragment, got "b" (backend "b", line 3)',
        'f: document 2: backends[1].id: expected each id once, "a" is repeated (backend "a", line 3)',
      ],
    ],
  ];
  test.each(cases)('%s', (_what, text, expected) => {
    expect(problems(text)).toEqual(expect.arrayContaining(expected));
  });
  test('text that is not YAML', () => {
    expect(problems('backends: [\n').join()).toMatch(/^f: not YAML: .* at line \d+, column \d+/);
    expect(problems('a: &a [x, x]\nb: {').join()).toMatch(/not YAML/);
  });
});

describe('a routing chain', () => {
  const existing = { backendIds: new Set<string>(), groupIds: new Set(['etl']) };

  test('is read with the version that it was printed with, beside other objects or alone', () => {
    const text = 'routing_chain: { version: 3, steps: [{ id: a, policies: {} }] }';
    expect(readDocuments([{ name: 'f', text }], NONE).routingChain).toMatchObject({ version: 3, steps: [{ id: 'a' }] });
    const { routingChain, groups } = readDocuments([{ name: 'f', text: `groups: []\n---\n${text}` }], NONE);
    expect([routingChain?.version, groups]).toEqual([3, []]);
  });

  test('with mistakes says step and line; what its steps need is for the gatewayserver to say', () => {
    const text =
      'groups: []\n---\nrouting_chain:\n  fallback_group: ghost\n  steps:\n  - { id: slot, magic: {} }\n  - id: b\n';
    expect(problems(text, existing)).toEqual([
      expect.stringMatching(
        /^f: document 2: routing_chain\.steps\[0\]\.magic: unknown field; .* \(step "slot", line 6\)$/,
      ),
      expect.stringMatching(
        /^f: document 2: routing_chain\.steps\[1\]\.kind: expected exactly one of .* \(step "b", line 7\)$/,
      ),
      'f: document 2: routing_chain.fallback_group: expected a group declared here or already stored, got "ghost" (line 4)',
    ]);
    expect(problems('routing_chain: {}\n---\nrouting_chain: {}')).toEqual([
      'f: document 2: routing_chain: expected once',
    ]);
  });
});

test('a secret in a broken file is not repeated', () => {
  const text = 'backends:\n  - { id: a, url: "http://a", probe: { user: u, password: [hunter2] } }\n   - "hunter2';
  expect(problems(text).join()).not.toContain('hunter2');
});
