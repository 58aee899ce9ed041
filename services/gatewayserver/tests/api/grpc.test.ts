import { fileURLToPath } from 'node:url';
import * as grpc from '@grpc/grpc-js';
import * as protoLoader from '@grpc/proto-loader';
import { afterAll, beforeAll, expect, jest, test } from '@jest/globals';
import { startTestGatewayserver, type TestGatewayserver } from '../support/gatewayserver-fixture.ts';

jest.setTimeout(120_000); // a busy machine starts a server slowly

// A client that shares no code with ours: what it understands, other languages' clients understand.

type RpcClient = grpc.Client & Record<string, (...given: unknown[]) => unknown>;
type Call = (method: string, message: object, token?: string) => Promise<Record<string, unknown>>;

let server: TestGatewayserver;
let clients: grpc.Client[] = [];
beforeAll(async () => {
  server = await startTestGatewayserver({ admin_token: 'admin-secret' });
});
afterAll(async () => {
  for (const client of clients) client.close();
  clients = [];
  await server[Symbol.asyncDispose]();
});

const root = (path: string) => fileURLToPath(new URL(`../../../../${path}`, import.meta.url));

function clientOf(file: string, folder: string, service: string): RpcClient {
  const definition = protoLoader.loadSync(file, {
    includeDirs: [root(folder), root('third_party')],
    enums: String,
    longs: String,
  });
  const path = service.split('.');
  let found: unknown = grpc.loadPackageDefinition(definition);
  for (const name of path) found = (found as Record<string, unknown>)[name];
  const client = new (found as grpc.ServiceClientConstructor)(
    new URL(server.url).host,
    grpc.credentials.createInsecure(),
  );
  clients.push(client);
  return client as never;
}

function unary(client: RpcClient): Call {
  return (method, message, token) =>
    new Promise((resolve, reject) => {
      const metadata = new grpc.Metadata();
      if (token) metadata.set('x-auth-key', token);
      const answer = (error: Error | null, response: Record<string, unknown>) =>
        error ? reject(error) : resolve(response);
      client[method]?.(message, metadata, { deadline: Date.now() + 20_000 }, answer);
    });
}

test('a stock client can put and get, and gets errors in words', async () => {
  const call = unary(clientOf('trinogateway/v1/gateway.proto', 'proto', 'trinogateway.v1.BackendService'));
  const put = await call('PutBackend', { backend: { id: 'g', url: 'http://g/' } }, 'admin-secret');
  expect(put).toMatchObject({ id: 'g', url: 'http://g', forwardedHeaders: 'AUTO' });
  expect(await call('GetBackend', { id: 'g' }, 'admin-secret')).toMatchObject({ id: 'g' });
  await expect(call('GetBackend', { id: 'gone' }, 'admin-secret')).rejects.toMatchObject({
    code: grpc.status.NOT_FOUND,
  });
  await expect(call('GetBackend', { id: 'g' })).rejects.toMatchObject({ code: grpc.status.UNAUTHENTICATED });
  await expect(call('PutBackend', { backend: { id: 'g' } }, 'admin-secret')).rejects.toMatchObject({
    code: grpc.status.INVALID_ARGUMENT,
    details: expect.stringContaining('backend.url'),
  });
});

test('health is served without a token', async () => {
  const client = clientOf('grpc/health/v1/health.proto', 'third_party', 'grpc.health.v1.Health');
  const call = unary(client);
  expect(await call('Check', {})).toEqual({ status: 'SERVING' });
  expect(await call('Check', { service: 'trinogateway.v1.RoutingService' })).toEqual({ status: 'SERVING' });
  await expect(call('Check', { service: 'nobody' })).rejects.toMatchObject({ code: grpc.status.NOT_FOUND });
  expect(Object.keys((await call('List', {})).statuses as object)).toContain('trinogateway.v1.BackendService');
  const watch = client.Watch?.({ service: 'nobody' }) as grpc.ClientReadableStream<unknown>;
  watch.on('error', () => {});
  const first = await new Promise((resolve) => watch.once('data', resolve));
  watch.cancel();
  expect(first).toEqual({ status: 'SERVICE_UNKNOWN' });
});

test.each(['v1', 'v1alpha'])(
  'reflection %s lists the services and answers the files that a client needs',
  async (version) => {
    const client = clientOf(
      `grpc/reflection/${version}/reflection.proto`,
      'third_party',
      `grpc.reflection.${version}.ServerReflection`,
    );
    const stream = client.ServerReflectionInfo?.() as grpc.ClientDuplexStream<object, Record<string, never>>;
    const ask = (request: object) =>
      new Promise<Record<string, never>>((resolve, reject) => {
        stream.once('data', resolve).once('error', reject);
        stream.write(request);
      });
    const { listServicesResponse } = await ask({ listServices: '' });
    expect(JSON.stringify(listServicesResponse)).toContain('trinogateway.v1.PolicyService');
    for (const request of [
      { fileContainingSymbol: 'trinogateway.v1.RoutingService.Decide' },
      { fileContainingSymbol: 'trinogateway.v1.Backend' },
      { fileByFilename: 'trinogateway/v1/gateway.proto' },
      { fileContainingExtension: { containingType: 'google.protobuf.MethodOptions', extensionNumber: 50101 } },
    ]) {
      const { fileDescriptorResponse } = (await ask(request)) as never as {
        fileDescriptorResponse: { fileDescriptorProto: Buffer[] };
      };
      const files = fileDescriptorResponse.fileDescriptorProto.map((bytes) => bytes.toString('latin1'));
      expect(files.some((file) => file.includes('PutBackendRequest'))).toBe(true);
      expect(files.some((file) => file.includes('google/protobuf/timestamp.proto'))).toBe(true);
    }
    const { errorResponse } = await ask({ fileContainingSymbol: 'nobody.Knows' });
    expect(errorResponse).toMatchObject({ errorCode: grpc.status.NOT_FOUND });
    await new Promise((resolve) => {
      stream.once('end', resolve).end();
      stream.resume();
    });
  },
);
