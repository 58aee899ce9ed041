import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import http2 from 'node:http2';
import https from 'node:https';
import net from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import tls from 'node:tls';
import { afterAll, afterEach, beforeAll, expect, test } from '@jest/globals';
import { type FollowedTlsFiles, followTlsFiles, silentLogger } from '@trino-gateway/runtime';
import { until } from '@trino-gateway/testing/processes/until';
import { createCertificateAuthority } from '@trino-gateway/testing/tls/certificate-authority';
import { createConnectionLimit } from '../limits/connection-limit.ts';
import { listenForClients, type OnRequest } from './listener.ts';

const authority = createCertificateAuthority();
const ca = authority.cert;
const issued = authority.issue(['localhost', '127.0.0.1']);
const expiry = { inForce: () => {} };
let certificate: FollowedTlsFiles;
beforeAll(async () => {
  const folder = await mkdtemp(join(tmpdir(), 'router-tls-'));
  const [cert, key] = [join(folder, 'tls.crt'), join(folder, 'tls.key')];
  await writeFile(cert, issued.cert);
  await writeFile(key, issued.key);
  const files = {
    cert: { field: 'router.tls_cert_file', path: cert },
    key: { field: 'router.tls_key_file', path: key },
  };
  certificate = await followTlsFiles(files, { logger: silentLogger, expiry });
  await rm(folder, { recursive: true });
});
afterAll(async () => await certificate[Symbol.asyncDispose]());
const started: AsyncDisposable[] = [];
afterEach(async () => {
  for (const one of started.splice(0).reverse()) await one[Symbol.asyncDispose]();
});

const ok: OnRequest = ({ httpVersion, socket }, response) =>
  void response.end(`${httpVersion} ${(socket as tls.TLSSocket).encrypted}`);

async function serve(handle: OnRequest = ok, options: Parameters<typeof listenForClients>[2] = {}) {
  const connections = createConnectionLimit(100, silentLogger);
  const address = { host: '127.0.0.1', port: 0 };
  const listener = await listenForClients(address, handle, { certificate, connections, graceMs: 300, ...options });
  started.push(listener);
  return Object.assign(listener, { connections });
}

function plain(port: number): net.Socket {
  const socket = net.connect(port, '127.0.0.1').setNoDelay(true);
  socket.on('error', () => {});
  started.push({ [Symbol.asyncDispose]: async () => void socket.destroy() });
  return socket;
}

async function secure(port: number, options: tls.ConnectionOptions = {}) {
  const socket = tls.connect({ port, host: '127.0.0.1', ca, ...options });
  socket.on('error', () => {});
  started.push({ [Symbol.asyncDispose]: async () => void socket.destroy() });
  await once(socket, 'secureConnect');
  return socket;
}

const getOverHttp1 = (port: number) =>
  new Promise<string>((resolve, reject) => {
    https.get({ port, host: '127.0.0.1', ca, agent: false }, (answer) => resolve(text(answer))).on('error', reject);
  });

test('a client is served by the version that it names in its handshake', async () => {
  const { port, url, connections } = await serve();
  expect(url).toBe(`https://127.0.0.1:${port}`);
  expect(await getOverHttp1(port)).toBe('1.1 true');
  const session = http2.connect(url, { ca });
  expect(await text(session.request())).toBe('2.0 true');
  session.close();
  await until('all to be closed', () => connections.open() === 0);
});

test.each(['GET / HTTP/1.1\r\nHost: gw\r\n\r\n', 'DELETE /v1/x HTTP/1.1\r\n', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'])(
  'a plain request on the port for TLS is told so: %j',
  async (request) => {
    const { port, connections } = await serve();
    const socket = plain(port);
    socket.write(request);
    expect(await text(socket)).toMatch(/^HTTP\/1\.1 400 Bad Request\r\n.*sent to a port for HTTPS$/s);
    await until('it to be closed', () => connections.open() === 0);
  },
);

test('a handshake on the port for plain HTTP is told so, in text', async () => {
  const { port } = await serve(ok, { certificate: undefined });
  const socket = plain(port);
  socket.write(Buffer.from('16030100a5010000a10303', 'hex'));
  expect(await text(socket)).toMatch(/^HTTP\/1\.1 400 .*A TLS handshake was sent to a port for plain HTTP$/s);
});

test('a handshake in pieces of one byte is served', async () => {
  const { port } = await serve();
  const through = net.createServer((client) => {
    const router = plain(port);
    client.on('data', (chunk) => {
      for (const byte of chunk) router.write(Uint8Array.of(byte));
    });
    router.pipe(client);
    client.on('error', () => router.destroy()).on('close', () => router.destroy());
  });
  await once(through.listen(0, '127.0.0.1'), 'listening');
  started.push({ [Symbol.asyncDispose]: async () => void through.close() });
  expect(await getOverHttp1((through.address() as net.AddressInfo).port)).toBe('1.1 true');
});

test('connections count from before their handshake, and beyond the limit none is begun', async () => {
  const connections = createConnectionLimit(2, silentLogger);
  const { port } = await serve(ok, { connections });
  const silent = plain(port);
  const half = plain(port);
  half.write(Buffer.from('1603010200010001fc0303', 'hex'));
  await until('both to count', () => connections.open() === 2);
  await expect(secure(port)).rejects.toThrow(/ECONNRESET|disconnected|socket/i);
  silent.destroy();
  half.destroy();
  await until('both to be closed', () => connections.open() === 0);
  expect(await getOverHttp1(port)).toBe('1.1 true');
});

test.each<[string, string]>([
  ['nothing', ''],
  ['half a handshake', '1603010200010001fc0303'],
  ['no handshake of TLS', '16ffffffffffffffffffffffff'],
])('a stop does not wait for a client that has sent %s', async (_, hex) => {
  const { connections, port, ...listener } = await serve();
  const socket = plain(port);
  await once(socket, 'connect');
  if (hex !== '') socket.write(Buffer.from(hex, 'hex'));
  const ended = new Promise((resolve) => socket.resume().once('close', resolve));
  await listener[Symbol.asyncDispose]();
  await ended;
  expect(connections.open()).toBe(0);
});

test('TLS 1.1 is refused, and so is a second handshake within a connection', async () => {
  const { port } = await serve();
  const old = { minVersion: 'TLSv1', maxVersion: 'TLSv1.1', ciphers: 'ALL@SECLEVEL=0' } as const;
  await expect(secure(port, old)).rejects.toThrow(/protocol version|unsupported/i);
  const socket = await secure(port, { maxVersion: 'TLSv1.2' });
  const refused = new Promise<Error>((resolve) => socket.once('error', resolve));
  socket.renegotiate({}, () => {});
  expect((await refused).message).toMatch(/renegotiation/i);
});

test('a session is resumed, by either version of TLS', async () => {
  const { port } = await serve();
  for (const maxVersion of ['TLSv1.2', 'TLSv1.3'] as const) {
    const first = await secure(port, { maxVersion, ALPNProtocols: ['http/1.1'] });
    const session = new Promise<Buffer>((resolve) => first.once('session', resolve));
    first.write('GET / HTTP/1.1\r\nHost: gw\r\n\r\n');
    const again = await secure(port, { maxVersion, session: first.getSession() ?? (await session) });
    if (maxVersion === 'TLSv1.2') expect(again.isSessionReused()).toBe(true);
    else expect((await secure(port, { maxVersion, session: await session })).isSessionReused()).toBe(true);
  }
});
