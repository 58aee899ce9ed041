import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createClient } from '@connectrpc/connect';
import { createGrpcTransport, createGrpcWebTransport } from '@connectrpc/connect-node';
import * as grpc from '@grpc/grpc-js';
import * as protoLoader from '@grpc/proto-loader';
import { afterAll, beforeAll, expect, jest, test } from '@jest/globals';
import { BackendService } from '@trino-gateway/api/gateway';
import { openGatewayTransport, silentLogger } from '@trino-gateway/runtime';
import { type Certificate, createCertificateAuthority } from '@trino-gateway/testing/tls/certificate-authority';
import { Agent, fetch } from 'undici';
import { startTestGatewayserver, type TestGatewayserver, until } from '../support/gatewayserver-fixture.ts';

jest.setTimeout(120_000); // a busy machine starts a server slowly

const authority = createCertificateAuthority();
const another = createCertificateAuthority('another');
const { cert: ca } = authority;
const client = authority.issue(['router']);
const TOKEN = 'admin-secret';
let folder: string;
let server: TestGatewayserver;

/** Writes a certificate and its key where the server looks for them. */
async function put({ cert, key }: Certificate, name = 'server'): Promise<void> {
  await writeFile(join(folder, `${name}.pem`), cert);
  await writeFile(join(folder, `${name}.key`), key);
}
const file = (name: string) => join(folder, name);

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'gatewayserver-tls-'));
  await put(authority.issue(['127.0.0.1', 'gateway.internal']));
  await put(client, 'client');
  await writeFile(file('ca.pem'), ca);
  server = await startTestGatewayserver({
    admin_token: TOKEN,
    tls_cert_file: file('server.pem'),
    tls_key_file: file('server.key'),
    tls_client_ca_file: file('ca.pem'),
  });
});
afterAll(async () => {
  await server[Symbol.asyncDispose]();
  await rm(folder, { recursive: true });
});

type Shown = { ca?: string; cert?: string; key?: string };
const trusted: Shown = { ca, ...client };

/** One request, with a connection of its own. */
async function ask(path: string, shown = trusted, { allowH2 = false, token = TOKEN } = {}) {
  const agent = new Agent({ allowH2, connect: shown });
  try {
    const answer = await fetch(server.url + path, { headers: { 'x-auth-key': token }, dispatcher: agent });
    return { status: answer.status, text: await answer.text() };
  } finally {
    await agent.destroy();
  }
}

test('REST, console files and Connect are served by both versions of HTTP over TLS, to clients with certificate and token', async () => {
  expect(server.url).toMatch(/^https:/);
  for (const allowH2 of [false, true]) {
    expect((await ask('/api/v1/backends', trusted, { allowH2 })).status).toBe(200);
    expect((await ask('/admin/swaggerui/', trusted, { allowH2 })).text).toContain('<div id="page">');
    const get = '/trinogateway.v1.BackendService/ListBackends?connect=v1&encoding=json&message=%7B%7D';
    expect((await ask(get, trusted, { allowH2 })).status).toBe(200);
  }
});

test('gRPC by grpc-js and connect, and gRPC-web, work over TLS', async () => {
  const root = (path: string) => fileURLToPath(new URL(`../../../../${path}`, import.meta.url));
  const definition = protoLoader.loadSync('trinogateway/v1/gateway.proto', {
    includeDirs: [root('proto'), root('third_party')],
    defaults: true,
  });
  const { trinogateway } = grpc.loadPackageDefinition(definition) as never as {
    trinogateway: { v1: Record<string, grpc.ServiceClientConstructor> };
  };
  const [roots, key, cert] = [ca, client.key, client.cert].map((pem) => Buffer.from(pem)) as [Buffer, Buffer, Buffer];
  const Stock = trinogateway.v1.BackendService as grpc.ServiceClientConstructor;
  const stock = new Stock(new URL(server.url).host, grpc.credentials.createSsl(roots, key, cert));
  const metadata = new grpc.Metadata();
  metadata.set('x-auth-key', TOKEN);
  const listed = await new Promise((resolve, reject) => {
    const method = stock.listBackends as (...given: unknown[]) => void;
    method.call(stock, {}, metadata, (error: Error | null, answer: unknown) =>
      error ? reject(error) : resolve(answer),
    );
  });
  stock.close();
  expect(listed).toMatchObject({ backends: [] });
  const headers = { 'x-auth-key': TOKEN };
  const common = { baseUrl: server.url, nodeOptions: trusted };
  for (const transport of [
    createGrpcTransport(common),
    createGrpcWebTransport({ ...common, httpVersion: '1.1' }),
    createGrpcWebTransport({ ...common, httpVersion: '2' }),
  ])
    expect(await createClient(BackendService, transport).listBackends({}, { headers })).toMatchObject({ backends: [] });
});

test('a certificate is no token, and a token no certificate', async () => {
  expect((await ask('/api/v1/backends', trusted, { token: 'wrong' })).status).toBe(401);
  await expect(ask('/api/v1/backends', { ca })).rejects.toThrow();
  await expect(ask('/api/v1/backends', { ca, ...another.issue(['router']) })).rejects.toThrow();
  const now = Date.now();
  const expired = authority.issue(['router'], { from: now - 20_000, to: now - 10_000 });
  await expect(ask('/api/v1/backends', { ca, ...expired })).rejects.toThrow();
});

test('the ops port stays plain, and tells of the expiry of each certificate', async () => {
  expect((await fetch(`${server.opsUrl}/readyz`)).status).toBe(200);
  const metrics = await (await fetch(`${server.opsUrl}/metrics`)).text();
  for (const key of ['tls_cert_file', 'tls_client_ca_file'])
    expect(metrics).toMatch(
      new RegExp(
        `^trino_gateway_gatewayserver_certificate_expiry_timestamp_seconds{key="gatewayserver.${key}"} \\d+`,
        'm',
      ),
    );
});

test('a renewed certificate is shown within seconds, and clients of ours take theirs anew', async () => {
  const keys = {
    gatewayserver_url: [server.url],
    gatewayserver_token: TOKEN,
    gatewayserver_ca_file: file('ca.pem'),
    gatewayserver_cert_file: file('client.pem'),
    gatewayserver_key_file: file('client.key'),
  };
  const inForce = jest.fn();
  const open = () =>
    openGatewayTransport({ section: 'router', keys, timeLimitMs: 10_000, expiry: { inForce }, logger: silentLogger });
  const list = async (transport: Awaited<ReturnType<typeof open>>) =>
    createClient(BackendService, transport)
      .listBackends({})
      .then(
        () => 'listed',
        (error: Error) => error.message,
      );
  await using transport = await open();
  expect(await list(transport)).toBe('listed');
  await put(another.issue(['127.0.0.1']));
  await until(
    () => ask('/api/v1/backends', { ...trusted, ca: another.cert }).catch(() => undefined),
    (answer) => answer?.status === 200,
  );
  // The connection that is open goes on; a new one is refused, until the authority is known.
  expect(await list(transport)).toBe('listed');
  await using stranger = await open();
  expect(await list(stranger)).toMatch(/its certificate is of an authority that is not trusted here/);
  await writeFile(file('ca.pem'), ca + another.cert);
  await until(
    () => list(stranger),
    (answer) => answer === 'listed',
  );
  expect(inForce).toHaveBeenCalledWith('router.gatewayserver_cert_file', expect.anything());
});
