import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';
import { silentLogger } from '@trino-gateway/runtime';
import { startTestGatewayserver, until } from '../support/gatewayserver-fixture.ts';

jest.setTimeout(120_000); // a busy machine starts a server slowly

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'gatewayserver-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const ready = async (opsUrl: string) => (await fetch(`${opsUrl}/readyz`)).status;

test('two gatewayservers on one database see each other’s writes', async () => {
  const keys = { database_url: `sqlite:${join(folder, 'shared.db')}` };
  await using one = await startTestGatewayserver(keys);
  await using two = await startTestGatewayserver(keys);
  await one.ok('BackendService/PutBackend', { backend: { id: 'b', url: 'http://b' } });
  const seen = await until(
    () => two.post('BackendService/GetBackend', { id: 'b' }),
    ({ status }) => status === 200,
  );
  expect(seen.body).toMatchObject({ url: 'http://b' });

  await two.ok('BackendService/MarkHealthy', { id: 'b' });
  await two.ok('GroupService/PutGroup', { group: { id: 'g', backendIds: ['b'] } });
  await two.ok('PolicyService/PutPolicy', { policy: { id: 'p', listeningPort: 1, groupId: 'g' } });
  await two.ok('SuiteService/RecordIncarnation', { suffix: 'abcde', backendId: 'b', url: 'http://b' });
  const decided = await until(
    () => one.ok('RoutingService/Decide', { listeningPort: 1 }),
    ({ decision }) => decision !== undefined,
  );
  expect(decided).toMatchObject({ decision: { backendId: 'b' } });
  const snapshots = () => Promise.all([one, two].map((server) => server.ok('SuiteService/WatchSnapshot')));
  const [first, second] = await until(snapshots, ([a, b]) => a?.revision === b?.revision);
  expect(first?.refusalKey).toBe(second?.refusalKey);
});

describe('declared objects', () => {
  const yaml = `
backends:
  - { id: declared, url: "http://declared:8080/", probe: { user: u, password: hush } }
  - { id: kept, url: "http://kept:8080" }
groups:
  - { id: dg, backend_ids: [declared] }
policies:
  - { id: dp, listening_port: 8080, group_id: dg }
`;

  test('are created, refuse Put and Delete, allow enable, disable and drain, and may be changed once no longer declared', async () => {
    const keys = { database_url: `sqlite:${join(folder, 'declared.db')}` };
    {
      await using server = await startTestGatewayserver(keys, yaml);
      expect(await server.ok('BackendService/GetBackend', { id: 'declared' })).toMatchObject({
        url: 'http://declared:8080',
        managedBy: 'file',
        enabled: true,
      });
      expect(await server.ok('GroupService/GetGroup', { id: 'dg' })).toMatchObject({
        managedBy: 'file',
        strategy: 'LEAST_LOAD',
      });
      const refusals = await Promise.all([
        server.post('BackendService/PutBackend', { backend: { id: 'declared', url: 'http://x' } }),
        server.post('BackendService/DeleteBackend', { id: 'declared' }),
        server.post('GroupService/PutGroup', { group: { id: 'dg', backendIds: ['declared'] } }),
        server.post('GroupService/DeleteGroup', { id: 'dg' }),
        server.post('PolicyService/PutPolicy', { policy: { id: 'dp', host: 'x', groupId: 'dg' } }),
        server.post('PolicyService/DeletePolicy', { id: 'dp' }),
      ]);
      for (const { body } of refusals)
        expect(body).toMatchObject({
          code: 'failed_precondition',
          message: expect.stringContaining('configuration file'),
        });
      expect(await server.ok('BackendService/DrainBackend', { id: 'kept' })).toMatchObject({
        condition: { draining: true },
      });
      expect(await server.ok('BackendService/DisableBackend', { id: 'declared' })).toMatchObject({ enabled: false });
    }
    {
      await using server = await startTestGatewayserver(keys, yaml.replace(/ {2}- \{ id: kept.*\n/, ''));
      expect(await server.ok('BackendService/GetBackend', { id: 'declared' })).toMatchObject({
        enabled: false,
        managedBy: 'file',
      });
      const released = await server.ok('BackendService/GetBackend', { id: 'kept' });
      expect(released).toMatchObject({ url: 'http://kept:8080', enabled: true });
      expect(released.managedBy).toBeUndefined();
      await server.ok('BackendService/DeleteBackend', { id: 'kept' });
    }
  });

  test('an object of the API that a file declares is managed by the file', async () => {
    const keys = { database_url: `sqlite:${join(folder, 'taken-over.db')}` };
    {
      await using server = await startTestGatewayserver(keys);
      await server.ok('BackendService/PutBackend', { backend: { id: 'kept', url: 'http://old' } });
    }
    await using server = await startTestGatewayserver(keys, yaml);
    expect(await server.ok('BackendService/GetBackend', { id: 'kept' })).toMatchObject({
      url: 'http://kept:8080',
      managedBy: 'file',
    });
  });
});

test('the default group serves queries that no policy matches', async () => {
  await using server = await startTestGatewayserver({ default_group: 'later' });
  expect(JSON.stringify(await server.ok('RoutingService/Decide'))).toContain(
    'default_group is later, a group that does not exist',
  );
  await server.ok('BackendService/PutBackend', { backend: { id: 'b', url: 'http://b' } });
  await server.ok('BackendService/MarkHealthy', { id: 'b' });
  await server.ok('GroupService/PutGroup', { group: { id: 'later', backendIds: ['b'] } });
  expect(await server.ok('RoutingService/Decide')).toMatchObject({
    decision: { backendId: 'b', decidedBy: 'default_group' },
  });
});

test('a stop answers long polls at once', async () => {
  const server = await startTestGatewayserver();
  const { revision } = await server.ok('SuiteService/WatchSnapshot');
  const held = server.ok('SuiteService/WatchSnapshot', { revision, waitMs: 30_000 });
  await until(
    () => ready(server.opsUrl),
    (status) => status === 200,
  );
  const start = performance.now();
  await server[Symbol.asyncDispose]();
  expect(await held).toEqual({ revision });
  expect(performance.now() - start).toBeLessThan(10_000);
});

test('the error of a taken port names the configuration key', async () => {
  await using first = await startTestGatewayserver();
  const taken = new URL(first.url).host;
  const another = startTestGatewayserver({ listen: taken });
  await expect(another).rejects.toThrow(`cannot listen on ${taken}: the port is taken; change gatewayserver.listen`);
});

test('a gatewayserver without a token warns at start, one with a token does not; both serve /metrics and /readyz', async () => {
  const warnings: string[] = [];
  const logger = { ...silentLogger, warn: (message: string) => void warnings.push(message) };
  await using open = await startTestGatewayserver({}, '', logger);
  expect(warnings).toEqual([expect.stringContaining('gatewayserver.admin_token is not set')]);
  await using _closed = await startTestGatewayserver({ admin_token: 'a' }, '', logger);
  expect(warnings).toHaveLength(1);
  await open.post('BackendService/GetBackend', { id: 'gone' });
  const metrics = await (await fetch(`${open.opsUrl}/metrics`)).text();
  expect(metrics).toContain(
    'trino_gateway_rpc_total{service="trinogateway.v1.BackendService",method="GetBackend",code="NotFound"} 1',
  );
  expect(await ready(open.opsUrl)).toBe(200);
  expect(open.readyLine).toBe(`gatewayserver ready on ${open.url}`);
});

test('a gatewayserver whose stop is announced is not ready, and answers on', async () => {
  await using server = await startTestGatewayserver();
  server.announceStop();
  expect(await ready(server.opsUrl)).toBe(503);
  expect(await server.ok('BackendService/ListBackends', {})).toEqual({});
});

test('decisions, fallbacks, backends, calls and the database are metrics', async () => {
  await using server = await startTestGatewayserver();
  const put = (kind: string, name: string, object: Record<string, unknown>) =>
    server.ok(`${kind}Service/Put${kind}`, { [name]: object });
  for (const id of ['up', 'down']) {
    await put('Backend', 'backend', { id, url: `http://${id}:8080` });
    await put('Group', 'group', { id: `${id}-group`, backendIds: [id], strategy: 'ROUND_ROBIN' });
  }
  await server.ok('BackendService/MarkHealthy', { id: 'up' });
  await put('Policy', 'policy', { id: 'direct', listeningPort: 1, groupId: 'up-group' });
  await put('Policy', 'policy', { id: 'saved', listeningPort: 2, groupId: 'down-group', fallbackGroupId: 'up-group' });
  await put('Policy', 'policy', { id: 'lost', listeningPort: 3, groupId: 'down-group' });
  for (const listeningPort of [1, 2, 3])
    await server.ok('RoutingService/Route', { submissionId: `s${listeningPort}`, routerId: 'r', listeningPort });
  const text = await (await fetch(`${server.opsUrl}/metrics`)).text();
  const chosen = (policy: string) =>
    `trino_gateway_decisions_total{outcome="chosen",group="up-group",policy="${policy}",strategy="ROUND_ROBIN"} 1`;
  for (const line of [
    chosen('direct'),
    chosen('saved'),
    'trino_gateway_decisions_total{outcome="NO_NODES_AVAILABLE",group="",policy="",strategy=""} 1',
    'trino_gateway_fallbacks_total{group="up-group"} 1',
    'trino_gateway_backend_available{backend="up"} 1',
    'trino_gateway_backend_available{backend="down"} 0',
    'trino_gateway_backend_live_queries{backend="up"} 2',
    'trino_gateway_rpc_seconds_count{service="trinogateway.v1.RoutingService",method="Route"} 3',
    'trino_gateway_store_seconds_count{operation="putOverride",result="ok"} 1',
  ])
    expect(text.split('\n')).toContain(line);
  expect(text).toContain('process_resident_memory_bytes');
});
