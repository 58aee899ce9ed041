import { once } from 'node:events';
import http from 'node:http';
import net from 'node:net';
import { expect, test } from '@jest/globals';
import { silentLogger } from '@trino-gateway/runtime';
import { until } from '@trino-gateway/testing/processes/until';
import type { CarriedAnswer } from '../http/carrier.ts';
import { createConnectionLimit } from '../limits/connection-limit.ts';
import { type ClientListener, listenForClients, listenOnAll, type OnRequest } from './listener.ts';

const anyPort = { host: '127.0.0.1', port: 0 };
const ok: OnRequest = (request, response, port) => {
  let bytes = 0;
  request.on('data', (chunk: Buffer) => {
    bytes += chunk.length;
  });
  request.on('end', () =>
    response.end(`${request.method} ${bytes} ${port === (request.socket as net.Socket).localPort}`),
  );
};

/** Sends bytes on a connection of its own and gives all that came back when it is closed. */
async function exchange({ port }: ClientListener, bytes: string): Promise<string> {
  const socket = net.connect(port, '127.0.0.1');
  let text = '';
  socket.on('data', (chunk) => {
    text += chunk;
  });
  socket.on('error', () => {});
  const closed = new Promise((resolve) => socket.once('close', resolve));
  socket.write(bytes);
  await closed;
  return text;
}

test('the handler learns the port a request came in by, which policies need', async () => {
  await using listener = await listenForClients(anyPort, ok);
  const answer = await exchange(listener, 'GET / HTTP/1.1\r\nHost: gw\r\nConnection: close\r\n\r\n');
  expect(answer).toContain('GET 0 true');
});

test('two megabytes of headers in ten thousand lines are accepted: prepared statements travel in them', async () => {
  const seen: number[] = [];
  await using listener = await listenForClients(anyPort, (request, response) => {
    seen.push(request.rawHeaders.length / 2);
    response.end();
  });
  const long = `X-Long: ${'x'.repeat(1_900_000)}\r\n`;
  const many = Array.from({ length: 10_000 }, (_, n) => `X-${n}: 1\r\n`).join('');
  expect(await exchange(listener, `GET / HTTP/1.1\r\nHost: gw\r\nConnection: close\r\n${long}\r\n`)).toContain(' 200 ');
  expect(await exchange(listener, `GET / HTTP/1.1\r\nHost: gw\r\nConnection: close\r\n${many}\r\n`)).toContain(' 200 ');
  expect(seen).toEqual([3, 10_002]);
});

test('one connection too many is answered 503, and the others are served', async () => {
  const connections = createConnectionLimit(1, silentLogger);
  await using listener = await listenForClients(anyPort, ok, { connections });
  const asked = 'POST /v1/statement HTTP/1.1\r\nHost: gw\r\nContent-Length: 8\r\n\r\nSELECT 1';
  const first = net.connect(listener.port, '127.0.0.1');
  first.write(asked);
  const [answer] = await once(first, 'data');
  expect(String(answer)).toContain('POST 8 true');
  expect(await exchange(listener, asked)).toMatch(/^HTTP\/1.1 503 .*Connection: close.*try again/s);
  first.write(asked);
  expect(String((await once(first, 'data'))[0])).toContain('POST 8 true');
  first.destroy();
  await until('no connection is open', () => connections.open() === 0);
  expect(await exchange(listener, 'GET / HTTP/1.1\r\nHost: gw\r\nConnection: close\r\n\r\n')).toContain(' 200 ');
});

test.each([
  ['an oversized head', `GET / HTTP/1.1\r\nHost: gw\r\nX: ${'x'.repeat(2_200_000)}\r\n\r\n`, '431'],
  ['not HTTP', 'hello there\r\n\r\n', '400'],
  ['a header without a colon', 'GET / HTTP/1.1\r\nHost: gw\r\nbroken\r\n\r\n', '400'],
  ['two lengths', 'POST / HTTP/1.1\r\nHost: gw\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n', '400'],
  [
    'length and chunks',
    'POST / HTTP/1.1\r\nHost: gw\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n',
    '400',
  ],
  ['no host', 'GET / HTTP/1.1\r\n\r\n', '400'],
  ['a tunnel', 'CONNECT db:5432 HTTP/1.1\r\nHost: db:5432\r\n\r\n', '405'],
])('%s is answered and its connection closed, others go on', async (_, bytes, status) => {
  await using listener = await listenForClients(anyPort, ok);
  expect(await exchange(listener, bytes)).toContain(`HTTP/1.1 ${status} `);
  const after = await exchange(listener, 'GET / HTTP/1.1\r\nHost: gw\r\nConnection: close\r\n\r\n');
  expect(after).toContain(' 200 ');
});

test('garbage after a request is refused behind its answer, and does not become part of it', async () => {
  const answer = Promise.withResolvers<CarriedAnswer>();
  await using listener = await listenForClients(anyPort, (_request, response) => {
    response.writeHead(200, undefined, ['Content-Length', '10']);
    response.write('01234');
    answer.resolve(response);
  });
  const got = exchange(listener, 'GET / HTTP/1.1\r\nHost: gw\r\n\r\n\u0001\u0002\r\n\r\n');
  (await answer.promise).end('56789');
  expect(await got).toMatch(/^HTTP\/1\.1 200 [\s\S]*\r\n\r\n0123456789HTTP\/1\.1 400 /);
});

test('garbage in the body of a request breaks the answer under way instead of adding an error text to it', async () => {
  await using listener = await listenForClients(anyPort, (_request, response) => {
    response.writeHead(200, undefined, ['Content-Length', '10']);
    response.write('01234');
  });
  const chunked = 'POST / HTTP/1.1\r\nHost: gw\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n';
  const got = await exchange(listener, chunked);
  expect(got).not.toContain('Bad Request');
});

test('a client that sends Expect: 100-continue gets 100 Continue', async () => {
  await using listener = await listenForClients(anyPort, ok);
  const socket = net.connect(listener.port, '127.0.0.1');
  let text = '';
  socket.on('data', (chunk) => {
    text += chunk;
  });
  socket.write('POST / HTTP/1.1\r\nHost: gw\r\nExpect: 100-continue\r\nContent-Length: 8\r\nConnection: close\r\n\r\n');
  await until('the client may go on', () => text.includes('100 Continue'));
  socket.write('SELECT 1');
  await once(socket, 'close');
  expect(text).toContain('POST 8 true');
});

test('a client that offers an upgrade to HTTP/2 is served over HTTP/1.1', async () => {
  await using listener = await listenForClients(anyPort, ok);
  const offer = 'GET / HTTP/1.1\r\nHost: gw\r\nConnection: Upgrade, close\r\nUpgrade: h2c\r\n\r\n';
  expect(await exchange(listener, offer)).toContain('GET 0 true');
});

test('answers under way are completed before the stop, and tell clients to reconnect', async () => {
  const held: CarriedAnswer[] = [];
  const listener = await listenForClients(anyPort, (_request, response) => void held.push(response));
  const agent = new http.Agent({ keepAlive: true });
  const answered = new Promise<http.IncomingMessage>((resolve, reject) => {
    http.get(listener.url, { agent }, resolve).on('error', reject);
  });
  await until('the requests are held', () => held.length === 1);
  const stopped = listener[Symbol.asyncDispose]();
  await expect(exchange(listener, 'GET / HTTP/1.1\r\nHost: gw\r\n\r\n')).resolves.toBe('');
  held[0]?.end('done');
  const answer = await answered;
  answer.resume();
  expect(answer.headers.connection).toBe('close');
  await stopped;
  agent.destroy();
});

test('an answer that never ends delays the stop by no more than the grace time', async () => {
  let asked = 0;
  const listener = await listenForClients(anyPort, () => void asked++, { graceMs: 100 });
  const broken = exchange(listener, 'GET / HTTP/1.1\r\nHost: gw\r\n\r\n');
  await until('one request has come', () => asked === 1);
  await listener[Symbol.asyncDispose]();
  expect(await broken).toBe('');
});

test('a port that is taken is named together with its setting, and nothing stays bound', async () => {
  await using taken = await listenForClients(anyPort, ok);
  const both = [anyPort, { host: '127.0.0.1', port: taken.port }];
  await expect(listenOnAll({ plain: both, tls: [] }, ok)).rejects.toThrow(
    `router.listen: cannot listen on 127.0.0.1:${taken.port}: the port is taken`,
  );
});

test('once a stop is announced clients are still served, and each answer is the last of its connection', async () => {
  await using listener = await listenForClients(anyPort, ok);
  const asked = 'GET / HTTP/1.1\r\nHost: gw\r\n\r\n';
  const open = net.connect(listener.port, '127.0.0.1');
  open.write(asked);
  expect(String((await once(open, 'data'))[0])).toMatch(/connection: keep-alive/i);
  listener.announceStop();
  const closed = once(open, 'close');
  open.write(asked);
  expect(String((await once(open, 'data'))[0])).toMatch(/^HTTP\/1.1 200 .*connection: close/is);
  await closed;
  expect(await exchange(listener, asked)).toMatch(/^HTTP\/1.1 200 .*connection: close/is);
});
