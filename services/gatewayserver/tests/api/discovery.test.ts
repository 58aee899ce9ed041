import { expect, test } from '@jest/globals';
import { serverWithTwoBackends } from '../support/two-backends.ts';

const server = serverWithTwoBackends();
const NS = 'Service trino';
const MONITOR = 'monitor-1';

const object = (id: string, backend: object = {}, groupIds = ['found']) => ({
  ...{ object: `${NS}/${id}`, source: NS, backendId: id, groupIds },
  backend: { id, url: `http://${id}.trino.svc:8080`, ...backend },
});
const declare = (objects: object[], more: object = {}, monitorId = MONITOR) =>
  server.ok('DiscoveryService/DeclareDiscovered', {
    monitorId,
    sources: [{ name: NS, listed: true, objects, ...more }],
  });
const backend = (id: string) => server.ok('BackendService/GetBackend', { id });
const group = (id: string) => server.ok('GroupService/GetGroup', { id });

test('what is found becomes backends and groups, which only the object itself can change', async () => {
  await declare([object('blue', { weight: 7 }), object('green', {}, ['found', 'both'])]);
  expect(await backend('blue')).toMatchObject({
    managedBy: 'kubernetes',
    weight: 7,
    enabled: true,
    discovery: { object: `${NS}/blue`, source: NS },
  });
  expect(await group('found')).toMatchObject({
    managedBy: 'kubernetes',
    backendIds: ['blue', 'green'],
    discoveredBackendIds: ['blue', 'green'],
  });
  expect(await group('both')).toMatchObject({ backendIds: ['one', 'two', 'green'], discoveredBackendIds: ['green'] });
  for (const [call, request] of [
    ['BackendService/PutBackend', { backend: { id: 'blue', url: 'http://elsewhere' } }],
    ['BackendService/DeleteBackend', { id: 'blue' }],
    ['GroupService/PutGroup', { group: { id: 'found', backendIds: ['one'] } }],
  ] as const) {
    const { body } = await server.post(call, request);
    expect([body.code, body.message]).toEqual([
      'failed_precondition',
      expect.stringMatching(
        /^(backend "blue" comes from Service trino\/blue|group "found" comes from a labelled object) in Kubernetes: change it there/,
      ),
    ]);
  }
  expect(await server.ok('BackendService/DisableBackend', { id: 'blue' })).toMatchObject({ enabled: false });
  await declare([object('blue', { weight: 8 }), object('green', {}, ['found', 'both'])]);
  expect(await backend('blue')).toMatchObject({ enabled: false, weight: 8 });
  await server.ok('BackendService/EnableBackend', { id: 'blue' });
});

test('a Put of a group neither adds nor removes a discovered member', async () => {
  await server.ok('GroupService/PutGroup', { group: { id: 'both', backendIds: ['two', 'one'] } });
  expect(await group('both')).toMatchObject({ backendIds: ['two', 'one', 'green'] });
  await server.ok('GroupService/PutGroup', { group: await group('both') });
  await declare([object('blue'), object('green')]);
  expect(await group('both')).toMatchObject({ backendIds: ['two', 'one'] });
  await server.ok('GroupService/PutGroup', { group: { id: 'both', backendIds: ['one', 'two'] } });
});

test('another monitor changes nothing while one leads', async () => {
  expect(await declare([], {}, 'monitor-2')).toEqual({});
  expect(await backend('blue')).toMatchObject({ id: 'blue' });
  expect(await declare([object('blue'), object('green')])).toEqual({ leads: true });
});

test('what cannot be listed changes nothing, and an operator sees why', async () => {
  await declare([], { listed: false, problem: 'the API server does not answer' });
  expect(await backend('blue')).not.toHaveProperty('condition.draining', true);
  expect(await server.ok('DiscoveryService/ListDiscovered')).toMatchObject({
    sources: [
      { name: NS, problem: 'the API server does not answer', objects: [{ backendId: 'blue' }, { backendId: 'green' }] },
    ],
  });
});

test('what is gone is drained, then deleted, and comes back as new', async () => {
  await declare([object('green')]);
  expect(await backend('blue')).toMatchObject({
    condition: { draining: true },
    discovery: { problem: 'its object is gone: it is drained' },
  });
  expect(await group('found')).toMatchObject({ backendIds: ['blue', 'green'] });
  await server.ok('GroupService/PutGroup', { group: { id: 'holds', backendIds: ['blue'] } });
  await declare([object('green')]);
  expect(await backend('blue')).toMatchObject({
    discovery: { problem: 'its object is gone: it is still used by group "holds"' },
  });
  await server.ok('GroupService/DeleteGroup', { id: 'holds' });
  await declare([object('green')]);
  expect((await server.post('BackendService/GetBackend', { id: 'blue' })).body.code).toBe('not_found');
  expect(await group('found')).toMatchObject({ backendIds: ['green'] });
  await declare([]);
  await declare([]);
  expect((await server.post('GroupService/GetGroup', { id: 'found' })).body.code).toBe('not_found');
});

test('an id that an administrator has taken is told, and stays his', async () => {
  await declare([object('one')]);
  expect(await backend('one')).not.toHaveProperty('managedBy');
  expect(await server.ok('DiscoveryService/ListDiscovered')).toMatchObject({
    sources: [{ objects: [{ backendId: 'one', problem: 'backend "one" was put by an administrator, which wins' }] }],
  });
  await declare([]);
});

test.each<[string, object, string]>([
  ['no monitor', { sources: [] }, 'monitor_id: '],
  ['a source without a name', { monitorId: 'm', sources: [{ listed: true }] }, 'sources[0].name: '],
  ['a source twice', { monitorId: 'm', sources: [{ name: 'a' }, { name: 'a' }] }, 'sources: expected each name once'],
  [
    'too many',
    { monitorId: 'm', sources: Array.from({ length: 201 }, (_, at) => ({ name: `s${at}` })) },
    'sources: expected at most 200',
  ],
  [
    'an object of another source',
    { monitorId: 'm', sources: [{ name: 'a', objects: [{ source: 'b' }] }] },
    'sources[0].objects[0].source: ',
  ],
])('what no monitor sends is refused: %s', async (_, request, said) => {
  const { body } = await server.post('DiscoveryService/DeclareDiscovered', request);
  expect([body.code, body.message]).toEqual(['invalid_argument', expect.stringContaining(said)]);
});
