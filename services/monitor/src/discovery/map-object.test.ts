import { toJson } from '@bufbuild/protobuf';
import { describe, expect, test } from '@jest/globals';
import { BackendSchema } from '@trino-gateway/api/gateway';
import { readObject } from './found-object.ts';
import { DISCOVERED_KINDS } from './kinds.ts';
import { mapObject } from './map-object.ts';

type Given = { annotations?: Record<string, string>; spec?: object; kind?: string };

/** An object `trino/blue`, mapped: its annotations without their prefix. */
function map({ annotations = {}, spec, kind = 'Service' }: Given) {
  const given = {
    metadata: {
      namespace: 'trino',
      name: 'blue',
      annotations: Object.fromEntries(
        Object.entries(annotations).map(([name, value]) => [`trino-gateway.io/${name}`, value]),
      ),
    },
    spec: spec ?? { ports: [{ name: 'http', port: 8080 }] },
  };
  const object = readObject(given);
  const found = DISCOVERED_KINDS[kind];
  if (!object || !found) throw new Error('no object');
  const { backend, ...rest } = mapObject(found, `${kind} trino`, object);
  return { ...rest, backend: backend && toJson(BackendSchema, backend, { useProtoFieldName: true }) };
}

test('a Service without annotations is a backend at its only port', () => {
  expect(map({})).toMatchObject({
    object: 'Service trino/blue',
    source: 'Service trino',
    backendId: 'trino.blue',
    problem: '',
    groupIds: [],
    backend: { id: 'trino.blue', url: 'http://blue.trino.svc:8080' },
  });
});

test('each annotation is a field', () => {
  const annotations = {
    ...{ id: 'blue', group: 'adhoc, etl,adhoc', weight: '3', 'max-running-queries': '20', 'load-threshold': '1.5' },
    ...{ 'uptime-schedule': '* 8-17 * * 1-5', 'time-zone': 'Europe/Vienna', forwarding: 'DIRECT' },
    ...{ 'forwarded-headers': 'SEND', 'external-url': 'https://blue.example', scheme: 'https' },
    ...{ 'probe-kind': 'SQL', 'probe-statement': 'SELECT 2', 'probe-user': 'monitor' },
    ...{ 'ca-file': '/etc/ca.pem', 'server-name': 'blue.example', scaler: 'StatefulSet/blue', replicas: '2' },
  };
  const { backend, groupIds, problem } = map({ annotations });
  expect([problem, groupIds]).toEqual(['', ['adhoc', 'etl']]);
  expect(backend).toEqual({
    id: 'blue',
    url: 'https://blue.trino.svc:8080',
    external_url: 'https://blue.example',
    weight: 3,
    max_running_queries: 20,
    load_threshold: 1.5,
    uptime_schedule: '* 8-17 * * 1-5',
    time_zone: 'Europe/Vienna',
    forwarding: 'DIRECT',
    forwarded_headers: 'SEND',
    probe: { kind: 'SQL', statement: 'SELECT 2', user: 'monitor' },
    tls: { ca_file: '/etc/ca.pem', server_name: 'blue.example' },
    scaler: {
      kubernetes_scale: { api_version: 'apps/v1', kind: 'StatefulSet', namespace: 'trino', name: 'blue', replicas: 2 },
    },
  });
});

describe('the address', () => {
  const ports = (...all: object[]) => ({ ports: all });
  test.each<[string, Given, string]>([
    ['https by the name of the port', { spec: ports({ name: 'https', port: 9000 }) }, 'https://blue.trino.svc:9000'],
    ['https by its number', { spec: ports({ port: 8443 }) }, 'https://blue.trino.svc:8443'],
    ['https by appProtocol', { spec: ports({ port: 1, appProtocol: 'https' }) }, 'https://blue.trino.svc:1'],
    [
      'of several the usual one',
      { spec: ports({ name: 'jmx', port: 1 }, { name: 'http', port: 2 }) },
      'http://blue.trino.svc:2',
    ],
    [
      'a port by name',
      { spec: ports({ name: 'a', port: 1 }, { name: 'b', port: 2 }), annotations: { port: 'b' } },
      'http://blue.trino.svc:2',
    ],
    [
      'a port by number',
      { spec: ports({ name: 'a', port: 1 }, { name: 'b', port: 2 }), annotations: { port: '1' } },
      'http://blue.trino.svc:1',
    ],
    ['of a TrinoCluster', { kind: 'TrinoCluster', spec: {} }, 'https://blue-coordinator.trino.svc:8443'],
    [
      'without TLS',
      { kind: 'TrinoCluster', spec: {}, annotations: { scheme: 'http' } },
      'http://blue-coordinator.trino.svc:8080',
    ],
    [
      'of another Service',
      { kind: 'TrinoCluster', spec: {}, annotations: { service: 'x', port: '9' } },
      'https://x.trino.svc:9',
    ],
  ])('%s', (_, given, url) => {
    expect(map(given)).toMatchObject({ problem: '', backend: { url } });
  });

  test.each<[string, Given, string]>([
    ['no port', { spec: {} }, 'port: expected the name or number of one of its ports (it has none)'],
    [
      'none that is usual',
      { spec: ports({ name: 'a', port: 1 }, { port: 2 }) },
      'port: expected the name or number of one of its ports (a, 2)',
    ],
    ['no such port', { annotations: { port: 'x' } }, 'port: expected the name or number of one of its ports (http)'],
    [
      'a name outside of the cluster',
      { spec: { type: 'ExternalName', externalName: 'evil.example' } },
      'it is of type ExternalName, which leads out of the cluster',
    ],
    ['another scheme', { annotations: { scheme: 'ftp' } }, 'scheme: expected http or https'],
    [
      'a service elsewhere',
      { kind: 'TrinoCluster', annotations: { service: 'x.other' } },
      'service: expected the name of a Service',
    ],
    ['a service of a Service', { annotations: { service: 'x' } }, 'service: expected only at a TrinoCluster'],
    [
      'a port that is none',
      { kind: 'TrinoCluster', annotations: { port: '99999' } },
      'port: expected a number from 1 to 65535',
    ],
  ])('that is none: %s', (_, given, problem) => {
    expect(map(given)).toMatchObject({ problem, backend: undefined });
  });
});

test.each<[Record<string, string>, string]>([
  [{ colour: 'blue' }, 'colour: there is no such annotation'],
  [{ constructor: 'x' }, 'constructor: there is no such annotation'],
  [{ weight: 'heavy' }, 'weight: expected a whole number'],
  [{ weight: '-1' }, 'weight: expected a whole number'],
  [{ weight: '99999999' }, 'weight: expected 0 (meaning 1) to 1000000, got 99999999'],
  [{ 'load-threshold': 'NaN' }, 'load-threshold: expected a number'],
  [{ 'load-threshold': '' }, 'load-threshold: expected a number'],
  [{ forwarding: 'FORWARDING_UNSPECIFIED' }, 'forwarding: expected PROXY, DIRECT'],
  [{ 'probe-kind': 'sql' }, 'probe-kind: expected SQL, INFO_ONLY'],
  [{ 'uptime-schedule': 'always' }, 'uptime_schedule: expected five fields'],
  [{ 'uptime-schedule': '* * * * *', 'time-zone': 'Mars/Olympus' }, 'time_zone: expected an IANA time zone'],
  [{ 'external-url': 'file:///etc/passwd' }, 'external_url: expected nothing, or an http or https URL'],
  [{ id: 'a b' }, 'id: expected 1 to 128 letters'],
  [{ id: '' }, 'id: expected 1 to 128 letters'],
  [{ group: 'a/b' }, 'group: expected a comma list of ids'],
  [{ 'ca-file': '../ca.pem', scheme: 'https' }, 'tls.ca_file: expected an absolute path'],
  [{ 'ca-file': '/ca.pem' }, 'tls: expected only with an https url'],
  [{ scaler: 'stackable' }, 'scaler: expected the name of a TrinoCluster, as stackable/NAME'],
  [{ scaler: '/bin/sh -c x' }, 'scaler: expected stackable, Deployment/NAME'],
  [{ scaler: 'a/b/c/Kind/name' }, 'scaler: expected stackable, Deployment/NAME'],
  [{ scaler: 'Deployment/x', replicas: '0' }, 'replicas: expected 1 to 9999'],
  [{ replicas: '2' }, 'replicas: expected only with scaler'],
])('what is wrong is told by the name of the annotation or the field: %o', (annotations, problem) => {
  const found = map({ annotations });
  expect([found.problem.startsWith(problem), found.backend, found.groupIds]).toEqual([true, undefined, []]);
});

test('all problems are told at once, within bounds', () => {
  const annotations = Object.fromEntries(Array.from({ length: 50 }, (_, at) => [`${at}`.repeat(100), 'x']));
  const { problem } = map({ annotations });
  expect(problem.length).toBeLessThan(900);
  expect(problem).toMatch(/and 45 more$/);
});

test('nobody scales what is in another namespace', () => {
  for (const [kind, scaler] of [
    ['Service', 'Deployment/x'],
    ['Service', 'stackable/x'],
    ['TrinoCluster', 'stackable'],
  ] as const)
    expect(JSON.stringify(map({ kind, annotations: { scaler } }).backend)).toContain('"namespace":"trino"');
});
