import { availableParallelism } from 'node:os';
import { describe, expect, test } from '@jest/globals';
import { load } from '../tests/support/load.ts';

const doubts = (yaml: string, env: Record<string, string> = {}) => load({ yaml, env }).doubts;

const two = 'backends: [{ id: a, url: "http://a:8080" }, { id: b, url: "http://b:8080" }]\n';
const objects = `${two}groups: [{ id: g, backend_ids: [a, b] }, { id: off, backend_ids: [a], enabled: false }]\n`;

test('what fits together leaves no doubts', () => {
  expect(
    doubts(`${objects}gatewayserver: { default_group: g, listen: "127.0.0.1:8000" }
router: { listen: "0.0.0.0:8080,0.0.0.0:8443" }
policies: [{ id: p, listening_port: 8443, group_id: g }]`),
  ).toEqual([]);
  expect(doubts('')).toEqual([]);
});

test('listeners for HTTPS are listeners: for policies, and for who else has their port', () => {
  const files = 'tls_cert_file: c, tls_key_file: k';
  expect(
    doubts(`${objects}router: { listen: ":8080", tls_listen: ":8443", ${files} }
policies: [{ id: p, listening_port: 8443, group_id: g }]`),
  ).toEqual([]);
  expect(doubts(`router: { listen: ":8080", tls_listen: "127.0.0.1:8080", ${files} }`)).toEqual([
    'router.tls_listen: expected a port of its own, 127.0.0.1:8080 takes that of 0.0.0.0:8080 of router.listen (line 1)',
  ]);
});

describe('the default group', () => {
  test.each<[string, string, string[]]>([
    ['that the file declares', 'g', []],
    ['that the file does not declare', 'ghost', ['expected a group declared in this file, got "ghost" (line 3)']],
    ['that is disabled there', 'off', ['expected an enabled group, "off" is disabled in this file (line 3)']],
  ])('%s', (_, id, expected) => {
    expect(doubts(`${objects}gatewayserver: { default_group: ${id} }`)).toEqual(
      expected.map((problem) => `gatewayserver.default_group: ${problem}`),
    );
  });

  test('of the environment is named by its variable; where no groups are declared the API has them', () => {
    const env = { TRINO_GATEWAY_GATEWAYSERVER_DEFAULT_GROUP: 'ghost' };
    expect(doubts(objects, env)).toEqual([
      'TRINO_GATEWAY_GATEWAYSERVER_DEFAULT_GROUP: expected a group declared in this file, got "ghost"',
    ]);
    expect(doubts('', env)).toEqual([]);
  });
});

describe('a port that is used twice', () => {
  test.each<[string, string, string[]]>([
    ['within a service', 'router: { listen: "127.0.0.1:9000,127.0.0.1:9000" }', ['router.listen']],
    ['by its ops port', 'router: { listen: "127.0.0.1:9000", ops_listen: "127.0.0.1:9000" }', ['router.ops_listen']],
    [
      'by two services, by one on all addresses',
      'gatewayserver: { listen: "127.0.0.1:9000" }\nrouter: { listen: "0.0.0.0:9000" }',
      ['router.listen'],
    ],
    ['by a default', 'gatewayserver: { listen: "127.0.0.1:8080" }\nrouter: { log_level: info }', ['router.listen']],
    [
      'under another name',
      'monitor: { ops_listen: "localhost:9" }\nrouter: { ops_listen: "[::1]:9" }',
      ['router.ops_listen'],
    ],
    [
      'on all addresses of IPv6',
      'monitor: { ops_listen: "[::]:9" }\nrouter: { ops_listen: "127.0.0.1:9" }',
      ['router.ops_listen'],
    ],
    [
      'by three',
      'gatewayserver: { listen: ":9", ops_listen: ":9" }\nmonitor: { ops_listen: ":9" }',
      ['gatewayserver.ops_listen', 'monitor.ops_listen'],
    ],
    ['on two addresses', 'monitor: { ops_listen: "127.0.0.1:9" }\nrouter: { ops_listen: "127.0.0.2:9" }', []],
    ['of which any is free', 'router: { listen: "127.0.0.1:0,127.0.0.1:0", ops_listen: "127.0.0.1:0" }', []],
    ['by a service that this file says nothing about', 'gatewayserver: { listen: "127.0.0.1:8080" }', []],
  ])('%s', (_, yaml, keys) => {
    const found = doubts(yaml);
    expect(found.map((problem) => problem.split(':')[0])).toEqual(keys);
    for (const problem of found) expect(problem).toMatch(/expected a port of its own, .* takes that of .* of \w+\.\w+/);
  });
});

describe('a policy for a port', () => {
  test.each<[string, string, string[]]>([
    [
      'without a listener',
      '8443',
      [
        'policies[0].listening_port: expected the port of a listener of router.listen (8080), got 8443 (policy "p", line 3)',
      ],
    ],
    ['with one', '8080', []],
  ])('%s', (_, port, expected) => {
    expect(doubts(`${objects}policies: [{ id: p, listening_port: ${port}, group_id: g }]`)).toEqual(expected);
  });
});

test.each([
  ['http://a:8080', true],
  ['http://A:8080/', true],
  ['http://a:8081', false],
  ['https://a:8080', false],
])('one cluster under two ids: http://a:8080 and %s (%s)', (url, isSame) => {
  const found = doubts(`backends:\n  - { id: a, url: "http://a:8080" }\n  - { id: again, url: "${url}" }\n`);
  expect(found).toEqual(
    isSame ? [expect.stringMatching(/^backends\[1\]\.url: .*that of backend "a".* \(backend "again", line 3\)$/)] : [],
  );
});

test('a token file is read below the folders of monitor and gatewayserver only', () => {
  const tokenFile = 'backends: [{ id: a, url: "https://a", probe: { token_file: /run/tokens/a } }]\n';
  const monitor = 'monitor: { token_folder: /run/tokens }\n';
  const unset = (keys: string) => [
    `backends[0].probe.token_file: expected ${keys} beside it: token files are read below that folder only (backend "a", line 1)`,
  ];
  expect(doubts(`${tokenFile}${monitor}`)).toEqual([]);
  expect(doubts(`${tokenFile}${monitor}gatewayserver: { log_level: info }`)).toEqual(
    unset('gatewayserver.token_folder'),
  );
  expect(doubts(`${tokenFile}monitor: { log_level: info }\ngatewayserver: { log_level: info }`)).toEqual(
    unset('gatewayserver.token_folder and monitor.token_folder'),
  );
});

test('more workers than cores only take turns', () => {
  const cores = availableParallelism();
  const more = Math.min(cores + 1, 64);
  expect(doubts(`router: { workers: ${more} }`)).toEqual(
    more > cores
      ? [`router.workers: expected one for each core at most, got ${more}: this machine has ${cores} (line 1)`]
      : [],
  );
  expect(doubts(`router: { workers: ${Math.min(cores, 64)} }`)).toEqual([]);
});
