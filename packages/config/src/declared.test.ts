import { describe, expect, test } from '@jest/globals';
import { Backend_ForwardedHeaders, Group_Strategy } from '@trino-gateway/api/gateway';
import * as suite from '../tests/support/load.ts';
import type { Declared } from './index.ts';

const load = (yaml: string): Declared => suite.load({ yaml }).declared;
const problems = (yaml: string) => suite.problems({ yaml });

const BACKENDS = 'backends: [{ id: a, url: "http://a:8080" }, { id: b, url: "http://b:8080" }]\n';
const GROUPS = 'groups: [{ id: g, backend_ids: [a, b] }]\n';

test('backends, groups and policies are read as the API would read them', () => {
  const declared = load(`
backends:
  - id: a
    url: http://a:8080
    load_threshold: 12.5
    forwarded_headers: OMIT
    labels: { site: north }
    probe: { statement: SELECT 1, user: probe, password: secret }
  - { id: b, url: "https://b", enabled: false }
groups:
  - { id: g, backend_ids: [a, b], strategy: ROUND_ROBIN }
policies:
  - { id: port, listening_port: 8080, group_id: g, auth_delegated: true }
  - { id: host, host: bi.example, group_id: g, fallback_group_id: g }
  - { id: tags, client_tags: { any_of: [x], all_of: [y] }, group_id: g, request_source: etl }
  - { id: properties, connection_properties: { properties: { team: data } }, group_id: g }
`);
  expect(declared.backends[0]).toMatchObject({
    id: 'a',
    loadThreshold: 12.5,
    forwardedHeaders: Backend_ForwardedHeaders.OMIT,
    labels: { site: 'north' },
    probe: { statement: 'SELECT 1', user: 'probe', password: 'secret' },
  });
  expect(declared.backends[0]?.enabled).toBeUndefined();
  expect(declared.backends[1]?.enabled).toBe(false);
  expect(declared.groups[0]).toMatchObject({ backendIds: ['a', 'b'], strategy: Group_Strategy.ROUND_ROBIN });
  expect(declared.policies.map(({ rule }) => rule.case)).toEqual([
    'listeningPort',
    'host',
    'clientTags',
    'connectionProperties',
  ]);
});

test('camelCase, as the API answers it, is read like snake_case', () => {
  const camel = load(
    'backends: [{ id: a, url: "http://a", loadThreshold: 3, forwardedHeaders: SEND }]\n' +
      'groups: [{ id: g, backendIds: [a] }]\n' +
      'policies: [{ id: p, clientTags: { anyOf: [x] }, groupId: g, fallbackGroupId: g }]\n',
  );
  const snake = load(
    'backends: [{ id: a, url: "http://a", load_threshold: 3, forwarded_headers: SEND }]\n' +
      'groups: [{ id: g, backend_ids: [a] }]\n' +
      'policies: [{ id: p, client_tags: { any_of: [x] }, group_id: g, fallback_group_id: g }]\n',
  );
  expect(camel).toEqual(snake);
});

describe('every problem is reported with its position', () => {
  const cases: [string, string, string[]][] = [
    ['a section that is no list', 'backends: { a: http://a }', ['backends: expected a list']],
    ['an entry that is no object', 'backends: [a]', ['backends[0]: expected fields and values, got "a"']],
    ['an empty entry', 'groups: [null]', ['groups[0]: expected fields and values, got null']],
    [
      'an unknown field',
      `${BACKENDS}groups: [{ id: g, backend_ids: [a], colour: red }]`,
      [
        'groups[0].colour: unknown field; known are id, enabled, backend_ids, strategy, max_running_queries_per_backend, queue, spill_over_group_id, spill_over_after_ms, allowed, observe_limits, affinity, autoscaling, applied_set, members_by_discovery',
      ],
    ],
    [
      'an unknown field further in',
      'backends: [{ id: a, url: "http://a", probe: { passwort: x } }]',
      ['backends[0].probe.passwort: unknown field; known are statement, user, password, kind, token, load, token_file'],
    ],
    [
      'an unknown enum name',
      `${BACKENDS}groups: [{ id: g, backend_ids: [a], strategy: FASTEST }]`,
      [
        'groups[0].strategy: expected LEAST_LOAD, ROUND_ROBIN, RANDOM, FEWEST_QUERIES, WEIGHTED, AFFINITY, got "FASTEST"',
      ],
    ],
    [
      'an unknown enum number',
      `${BACKENDS}groups: [{ id: g, backend_ids: [a], strategy: 77 }]`,
      ['groups[0].strategy: expected a known value, got 77'],
    ],
    [
      'wrong kinds of values',
      'backends: [{ id: 7, url: [], weight: heavy, load_threshold: high, labels: x, enabled: "yes", probe: 1 }]',
      [
        'backends[0].id: expected text, got 7',
        'backends[0].url: expected text, got []',
        'backends[0].weight: expected a whole number, got "heavy"',
        'backends[0].load_threshold: expected a number, got "high"',
        'backends[0].labels: expected names with texts as values, got "x"',
        'backends[0].enabled: expected true or false, got "yes"',
        'backends[0].probe: expected fields and values, got 1',
      ],
    ],
    [
      'a list of the wrong kind',
      `${BACKENDS}groups: [{ id: g, backend_ids: a }]`,
      ['groups[0].backend_ids: expected a list of texts, got "a"'],
    ],
    [
      'two rules in one policy',
      `${BACKENDS}${GROUPS}policies: [{ id: p, host: x, listening_port: 1, group_id: g }]`,
      ['policies[0]: expected only one of listening_port and host'],
    ],
    [
      'a schedule nobody can read',
      'backends: [{ id: a, url: "http://a", uptime_schedule: "0 30 8 * * *", time_zone: Mars/Olympus }]',
      [
        'backends[0].uptime_schedule: expected five fields (minute, hour, day of month, month, day of week), got 6: seconds and years are not known',
        'backends[0].time_zone: expected an IANA time zone such as Europe/Vienna, got "Mars/Olympus"',
      ],
    ],
    [
      'a URL that is none',
      'backends: [{ id: a, url: "a:8080" }]',
      ['backends[0].url: expected an http or https URL with a host and no path, user, query or fragment, got "a:8080"'],
    ],
    [
      'a group without members',
      'groups: [{ id: g }]',
      ['groups[0].backend_ids: expected at least one backend, unless members_by_discovery'],
    ],
    [
      'a policy without a rule',
      `${BACKENDS}${GROUPS}policies: [{ id: p, group_id: g }]`,
      ['policies[0].rule: expected one of listening_port, host, client_tags, connection_properties'],
    ],
    [
      'a member that is not declared',
      `${BACKENDS}groups: [{ id: g, backend_ids: [a, ghost] }]`,
      ['groups[0].backend_ids: expected a backend declared in this file, got "ghost"'],
    ],
    [
      'a group that is not declared',
      `${BACKENDS}${GROUPS}policies: [{ id: p, host: x, group_id: ghost, fallback_group_id: spook }]`,
      [
        'policies[0].group_id: expected a group declared in this file, got "ghost"',
        'policies[0].fallback_group_id: expected a group declared in this file, got "spook"',
      ],
    ],
    [
      'a repeated id',
      'backends: [{ id: a, url: "http://a" }, { id: a, url: "http://b" }]',
      ['backends[1].id: expected each id once, "a" is repeated'],
    ],
  ];
  test.each(cases)('%s', (_what, yaml, expected) => expect(problems(yaml)).toEqual(expected));
});

test('a broken entry neither shifts the positions of those behind it nor makes its id unknown', () => {
  expect(
    problems(`
backends: [{ id: a, url: "http://a", weight: x }, { id: b, url: nowhere }]
groups: [{ id: g, backend_ids: [a], colour: red }, { id: h, backend_ids: [ghost] }]
policies: [{ id: p, host: x, group_id: g }]
`).map((one) => one.split(':', 1)[0]),
  ).toEqual(['backends[0].weight', 'backends[1].url', 'groups[0].colour', 'groups[1].backend_ids']);
});

test.each(['password', 'token'])('the %s of a probe is never shown', (name) => {
  const found = problems(`backends: [{ id: a, url: "http://u:hunter2@a", probe: { user: u, ${name}: [hunter2] } }]`);
  expect(found).toEqual([`backends[0].probe.${name}: expected text, got a value that is not shown`]);
  expect(problems('backends: [{ id: a, url: "http://u:hunter2@a" }]').join()).not.toContain('hunter2');
});

test('a group may spill over to another that the file declares, whichever comes first', () => {
  const groups = (a: string) =>
    `${BACKENDS}groups: [{ id: a, backend_ids: [a], ${a} }, { id: b, backend_ids: [b], spill_over_group_id: a }]\n`;
  const { groups: read } = load(
    groups('spill_over_group_id: b, spill_over_after_ms: 5000, allowed: { users: [ann] }, observe_limits: true'),
  );
  expect(read[0]).toMatchObject({ spillOverGroupId: 'b', spillOverAfterMs: 5_000, observeLimits: true });
  expect(problems(groups('spill_over_group_id: c, allowed: { user_patterns: ["("] }'))).toEqual([
    'groups[0].allowed.user_patterns[0]: expected a regular expression, got expected ) at character 2',
    'groups[0].spill_over_group_id: expected a group declared in this file, got "c"',
  ]);
});
