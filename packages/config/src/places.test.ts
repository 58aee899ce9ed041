import { expect, test } from '@jest/globals';
import { problemsWithPlaces } from '../tests/support/load.ts';

test('each problem names the object and the line of the file', () => {
  const yaml = `router:
  # a comment
  listen: nowhere
gatewayserver: { colour: red }
shared: &weights
  weight: heavy
backends:
  - id: blue
    url: http://blue
    maxRunningQueries: many
  - url: http://anonymous
    load_threshold: high
  - { id: green, url: "http://green", <<: *weights }
groups:
  - id: g
    backendIds:
      - ghost
policies:
  - id: p
    host: h
    listening_port: 8080
    groupId: g
`;
  expect(problemsWithPlaces({ yaml, env: { TRINO_GATEWAY_MONITOR_INTERVAL: '1' } })).toEqual([
    expect.stringMatching(/^shared: unknown section; .* \(line 5\)$/),
    expect.stringMatching(/^gatewayserver\.colour: unknown key; .* \(line 4\)$/),
    expect.stringMatching(/^TRINO_GATEWAY_MONITOR_INTERVAL: expected a duration [^(]*"1"$/),
    expect.stringMatching(/^router\.listen: .*got "nowhere" \(line 3\)$/),
    'backends[0].maxRunningQueries: expected a whole number, got "many" (backend "blue", line 10)',
    'backends[1].load_threshold: expected a number, got "high" (line 12)',
    expect.stringMatching(/^backends\[2\]\.<<: unknown field; .* \(backend "green", line 13\)$/),
    'policies[0]: expected only one of listening_port and host (policy "p", line 19)',
    'groups[0].backend_ids: expected a backend declared in this file, got "ghost" (group "g", line 16)',
  ]);
});

test('no problem speaks of messages, oneofs and fields set multiple times', () => {
  const yaml = `
backends: [{ id: a, url: "http://a", load_threshold: 1, loadThreshold: 2 }, 7, { id: b, url: [1], labels: { x: 1 } }]
groups: [{ id: g, backend_ids: [[1]], strategy: 9, queue: [] }]
policies: [{ id: p, host: h, clientTags: { any_of: x }, client_tags: {}, group_id: g }, { id: q, group_id: null }]
`;
  const found = problemsWithPlaces({ yaml });
  expect(found.length).toBeGreaterThan(8);
  expect(found.join('\n')).not.toMatch(/oneof|multiple times|cannot decode|trinogateway|message|JSON|repeated|int32/);
  expect(found).toContainEqual(
    'backends[0]: expected one of load_threshold and loadThreshold, which are the same field (backend "a", line 2)',
  );
});
