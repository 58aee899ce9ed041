import { createRegistry, getOption, hasOption } from '@bufbuild/protobuf';
import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';
import { Authorization_Level, authorization, file_trinogateway_v1_gateway, internal } from '@trino-gateway/api/gateway';
import { startTestGatewayserver, type TestGatewayserver } from '../support/gatewayserver-fixture.ts';

jest.setTimeout(120_000); // a busy machine starts a server slowly

const methods = [...createRegistry(file_trinogateway_v1_gateway)]
  .filter((desc) => desc.kind === 'service')
  .flatMap((service) => service.methods)
  .map((method) => ({ rpc: `${method.parent.name}/${method.name}`, method, level: getOption(method, authorization) }));

test('every method of the contract says who may call it', () => {
  expect(methods.length).toBeGreaterThan(30);
  const unmarked = methods.filter(({ method, level }) => !hasOption(method, authorization) || !level);
  expect(unmarked.map(({ rpc }) => rpc)).toEqual([]);
});

test('calls that only read are marked READ, except between the processes', () => {
  const reads = methods.filter(
    ({ rpc, method }) => /\/(Get|List|Evaluate|Find|Decide)/.test(rpc) && !getOption(method, internal),
  );
  expect(reads.filter(({ level }) => level !== Authorization_Level.READ).map(({ rpc }) => rpc)).toEqual([]);
});

describe('with tokens', () => {
  let server: TestGatewayserver;
  beforeAll(async () => {
    server = await startTestGatewayserver({ admin_token: 'admin-secret', read_token: 'read-secret' });
  });
  afterAll(async () => {
    await server[Symbol.asyncDispose]();
  });
  const codeOf = async (rpc: string, headers: Record<string, string>) =>
    (await server.post(rpc, {}, headers)).body.code;

  // The one that streams answers in another form: carrier.test.ts.
  const unary = methods.filter(({ method }) => method.methodKind === 'unary');
  test.each(unary.map(({ rpc, level }) => [rpc, level] as const))('%s', async (rpc, level) => {
    const isRead = level === Authorization_Level.READ;
    expect(await codeOf(rpc, {})).toBe('unauthenticated');
    expect(await codeOf(rpc, { 'x-auth-key': 'wrong' })).toBe('unauthenticated');
    const withRead = await codeOf(rpc, { 'x-auth-key': 'read-secret' });
    if (isRead) expect(['unauthenticated', 'permission_denied']).not.toContain(withRead);
    else expect(withRead).toBe('permission_denied');
    expect(['unauthenticated', 'permission_denied']).not.toContain(
      await codeOf(rpc, { authorization: 'Bearer admin-secret' }),
    );
  });

  test('both headers are accepted, and a body without a token is not even read', async () => {
    expect((await server.get('BackendService/ListBackends', {}, { 'x-auth-key': 'admin-secret' })).status).toBe(200);
    expect((await server.get('BackendService/ListBackends', {}, { authorization: 'bearer read-secret' })).status).toBe(
      200,
    );
    const { status, body } = await server.post('BackendService/PutBackend', 'no json');
    expect([status, body.code]).toEqual([401, 'unauthenticated']);
    expect(JSON.stringify(body)).not.toContain('secret');
  });
});

test('open reads stay open, writes do not', async () => {
  await using server = await startTestGatewayserver({ admin_token: 'a', open_reads: 'true' });
  expect((await server.post('BackendService/ListBackends')).status).toBe(200);
  expect((await server.post('RoutingService/Decide')).status).toBe(200);
  expect((await server.post('BackendService/DeleteBackend', { id: 'x' })).body.code).toBe('unauthenticated');
  expect((await server.post('SuiteService/WatchBackends')).body.code).toBe('unauthenticated');
});
