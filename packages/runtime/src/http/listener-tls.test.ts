import { once } from 'node:events';
import http2 from 'node:http2';
import https from 'node:https';
import net from 'node:net';
import tls from 'node:tls';
import { expect, test } from '@jest/globals';
import { type Certificate, createCertificateAuthority } from '@trino-gateway/testing/tls/certificate-authority';
import { type Handler, type Listener, listenHttp, type TlsMaterial } from '../index.ts';

const LOCAL = { host: '127.0.0.1', port: 0 };
const authority = createCertificateAuthority();
const another = createCertificateAuthority('another');
const { cert: ca } = authority;

const echo: Handler = (request, response) => {
  response.end(`${request.method} ${request.httpVersion}`);
};

/** A listener with files that a test replaces. */
async function serve(clientAuthority?: string) {
  const failures: string[] = [];
  const material = (own: Certificate): TlsMaterial => ({
    pems: { ...own, ...(clientAuthority && { ca: clientAuthority }) },
    certificates: {},
    stamp: '',
  });
  let current = material(authority.issue(['127.0.0.1']));
  const files = { current: () => current };
  const listener = await listenHttp(LOCAL, echo, { tls: { files, onFailure: (why) => failures.push(why) } });
  return {
    listener,
    failures,
    replace: (own: Certificate) => {
      current = material(own);
    },
    [Symbol.asyncDispose]: () => listener[Symbol.asyncDispose](),
  };
}

/** One request by HTTP/1.1 on a connection of its own. */
async function ask({ url }: Listener, options: https.RequestOptions): Promise<string> {
  const request = https.get(url, { agent: false, ...options });
  const [response] = (await once(request, 'response')) as [AsyncIterable<Buffer>];
  let text = '';
  for await (const chunk of response) text += chunk;
  return text;
}

async function askH2(url: string, options: http2.SecureClientSessionOptions = {}): Promise<string> {
  const session = http2.connect(url, options);
  const failed = once(session, 'error').then(([error]) => Promise.reject(error));
  const answer = async () => {
    let text = '';
    for await (const chunk of session.request({ ':path': '/' }).setEncoding('utf8')) text += chunk;
    session.close();
    return text;
  };
  return Promise.race([answer(), failed]);
}

test('with a certificate HTTP/1.1 and HTTP/2 are served over TLS, by ALPN', async () => {
  await using served = await serve();
  const { listener } = served;
  expect(listener.url).toBe(`https://127.0.0.1:${listener.port}`);
  expect(await ask(listener, { ca })).toBe('GET 1.1');
  expect(await askH2(listener.url, { ca })).toBe('GET 2.0');
  // A client without ALPN speaks HTTP/1.1.
  const socket = tls.connect({ port: listener.port, host: '127.0.0.1', ca }).setEncoding('latin1');
  socket.write('GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n');
  let text = '';
  for await (const chunk of socket) text += chunk;
  expect(text).toMatch(/^HTTP\/1\.1 200 [\s\S]*GET 1\.1/);
});

test('who comes without TLS is told so, and reaches no handler', async () => {
  await using served = await serve();
  const url = served.listener.url.replace('https', 'http');
  const answer = await fetch(url, { method: 'POST', body: 'one' });
  expect([answer.status, await answer.text()]).toEqual([400, 'this port speaks TLS only: use https://\n']);
  expect(JSON.parse(await askH2(url))).toEqual({
    code: 'unavailable',
    message: 'this port speaks TLS only: use https://',
  });
});

test('with authorities for clients a certificate is demanded of each, and one of another authority is refused', async () => {
  await using served = await serve(ca);
  const { listener, failures } = served;
  await expect(askH2(listener.url, { ca })).rejects.toMatchObject({
    code: expect.stringMatching(/CERTIFICATE_REQUIRED|RESET/),
  });
  await expect(ask(listener, { ca })).rejects.toThrow();
  await expect(ask(listener, { ca, ...another.issue(['router']) })).rejects.toThrow();
  const past = { from: Date.now() - 172_800_000, to: Date.now() - 86_400_000 };
  await expect(ask(listener, { ca, ...authority.issue(['router'], past) })).rejects.toThrow();
  expect(failures).toEqual([
    expect.stringMatching(/peer did not return a certificate/),
    expect.stringMatching(/peer did not return a certificate/),
    expect.stringMatching(/^the client certificate is refused: .*(VERIFY|verify|ISSUER)/),
    expect.stringMatching(/^the client certificate is refused: .*EXPIRED/),
  ]);
  expect(await ask(listener, { ca, ...authority.issue(['router']) })).toBe('GET 1.1');
  expect(await askH2(listener.url, { ca, ...authority.issue(['router']) })).toBe('GET 2.0');
});

test('new files are in force from the next connection on, and open connections go on', async () => {
  await using served = await serve();
  const { listener, replace } = served;
  const agent = new https.Agent({ keepAlive: true });
  expect(await ask(listener, { ca, agent })).toBe('GET 1.1');
  replace(another.issue(['127.0.0.1']));
  expect(await ask(listener, { ca: another.cert })).toBe('GET 1.1');
  await expect(ask(listener, { ca })).rejects.toThrow(/certificate/);
  expect(await ask(listener, { ca, agent })).toBe('GET 1.1');
  agent.destroy();
});

test('a stop waits for no handshake and no idle connection', async () => {
  const { listener } = await serve();
  const agent = new https.Agent({ keepAlive: true });
  expect(await ask(listener, { ca, agent })).toBe('GET 1.1');
  const session = http2.connect(listener.url, { ca });
  await once(session, 'remoteSettings');
  const stuck = net.connect(listener.port, '127.0.0.1');
  // The first record of a handshake, announced with 512 bytes that never come.
  stuck.write(Buffer.from([0x16, 3, 1, 2, 0]));
  stuck.resume();
  await once(stuck, 'connect');
  expect(await askH2(listener.url, { ca })).toBe('GET 2.0');
  const begun = performance.now();
  await listener[Symbol.asyncDispose]();
  expect(performance.now() - begun).toBeLessThan(2_500);
  agent.destroy();
});
