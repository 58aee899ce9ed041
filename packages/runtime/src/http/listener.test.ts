import { once } from 'node:events';
import http from 'node:http';
import http2 from 'node:http2';
import net from 'node:net';
import { expect, test } from '@jest/globals';
import { type Handler, listenHttp } from '../index.ts';

const LOCAL = { host: '127.0.0.1', port: 0 };

/** Answers the method, the version, the length of the head's longest line and the body. */
const echo: Handler = (request, response) => {
  const chunks: Buffer[] = [];
  request
    .on('data', (chunk: Buffer) => chunks.push(chunk))
    .on('end', () => {
      const longest = Math.max(...Object.values(request.headers).map((value) => String(value).length));
      response.end(`${request.method} ${request.httpVersion} ${longest} ${Buffer.concat(chunks)}`);
    });
};

async function connect(port: number): Promise<net.Socket> {
  const socket = net.connect(port, '127.0.0.1').setEncoding('latin1');
  await once(socket, 'connect');
  return socket;
}

async function untilEnd(socket: net.Socket): Promise<string> {
  let text = '';
  for await (const chunk of socket) text += chunk;
  return text;
}

async function h2Get(session: http2.ClientHttp2Session, headers: http2.OutgoingHttpHeaders = {}): Promise<string> {
  const stream = session.request({ ':path': '/', ...headers }).setEncoding('utf8');
  let text = '';
  for await (const chunk of stream) text += chunk;
  return text;
}

test('HTTP/1.1 and HTTP/2 with prior knowledge share one port and one handler', async () => {
  await using listener = await listenHttp(LOCAL, echo);
  expect(listener.url).toBe(`http://127.0.0.1:${listener.port}`);
  const h1 = await fetch(listener.url, { method: 'POST', body: 'one' });
  expect(await h1.text()).toMatch(/^POST 1\.1 \d+ one$/);
  const session = http2.connect(listener.url);
  expect(await h2Get(session)).toMatch(/^GET 2\.0 /);
  session.close();
});

test.each(['POST', 'GET', 'PATCH'])(
  'a %s that arrives byte by byte is not mistaken for the HTTP/2 preface',
  async (method) => {
    await using listener = await listenHttp(LOCAL, echo);
    const socket = await connect(listener.port);
    socket.setNoDelay(true);
    const answer = untilEnd(socket);
    for (const byte of `${method} / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\nConnection: close\r\n\r\nhi`) {
      await new Promise((resolve) => socket.write(byte, resolve));
      await new Promise(setImmediate);
    }
    expect(await answer).toMatch(new RegExp(`^HTTP/1\\.1 200 [^]*${method} 1\\.1 5 hi`));
  },
);

test('an HTTP/2 preface that arrives byte by byte is recognised', async () => {
  await using listener = await listenHttp(LOCAL, echo);
  const socket = await connect(listener.port);
  socket.setNoDelay(true).setEncoding('latin1');
  const settings = '\0\0\0\x04\0\0\0\0\0';
  const first = once(socket, 'data');
  for (const byte of `PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n${settings}`) {
    await new Promise((resolve) => socket.write(byte, 'latin1', resolve));
    await new Promise(setImmediate);
  }
  expect(String((await first)[0]).charCodeAt(3)).toBe(4); // a SETTINGS frame
  socket.destroy();
});

test('heads up to the limit are read by both versions, longer ones refused without harm to others', async () => {
  await using listener = await listenHttp(LOCAL, echo, { maxHeaderBytes: 100_000 });
  const long = 'x'.repeat(90_000);
  const session = http2.connect(listener.url, { maxSendHeaderBlockLength: 200_000 });
  const half = 'x'.repeat(45_000); // one line of HTTP/2 ends at 64 KiB, whatever the settings say
  expect(await h2Get(session, { 'x-one': half, 'x-two': half })).toContain(' 45000 ');
  session.close();
  const status = (value: string) =>
    new Promise((resolve, reject) =>
      http
        .get(listener.url, { headers: { 'x-long': value }, agent: false }, (answer) =>
          resolve(answer.resume().statusCode),
        )
        .on('error', reject),
    );
  expect(await status(long)).toBe(200);
  expect(await status('x'.repeat(110_000))).toBe(431);
  expect(await status('short')).toBe(200);
});

test('bytes that are not HTTP get 400 and a closed connection', async () => {
  await using listener = await listenHttp(LOCAL, echo);
  const socket = await connect(listener.port);
  socket.write('\x16\x03\x01 hello\r\n\r\n');
  expect(await untilEnd(socket)).toMatch(/^HTTP\/1\.1 400 Bad Request/);
});

test('a stop does not wait for connections that are idle or never sent anything', async () => {
  const listener = await listenHttp(LOCAL, echo);
  const agent = new http.Agent({ keepAlive: true });
  const answer = await new Promise<http.IncomingMessage>((resolve) => http.get(listener.url, { agent }, resolve));
  await untilRead(answer);
  const session = http2.connect(listener.url);
  await h2Get(session);
  const silent = await connect(listener.port);
  const hesitant = await connect(listener.port);
  hesitant.write('P');
  const closed = [silent, hesitant].map(
    (socket) =>
      new Promise((resolve) =>
        socket
          .on('error', () => {})
          .on('close', resolve)
          .resume(),
      ),
  );
  const began = performance.now();
  await Promise.all([listener[Symbol.asyncDispose](), ...closed]);
  expect(performance.now() - began).toBeLessThan(3_000);
  await expect(fetch(listener.url)).rejects.toThrow('fetch failed');
  agent.destroy();
  session.destroy();
});

test('a stop lets a request in flight end', async () => {
  const arrived = Promise.withResolvers<http.ServerResponse>();
  const listener = await listenHttp(LOCAL, (_request, response) => arrived.resolve(response));
  const answer = fetch(listener.url).then((response) => response.text());
  const response = await arrived.promise;
  const stopped = listener[Symbol.asyncDispose]();
  response.end('the end');
  expect(await answer).toBe('the end');
  await stopped;
});

test('a stop gives up on a request that does not end in its time', async () => {
  const arrived = Promise.withResolvers<void>();
  const listener = await listenHttp(LOCAL, () => arrived.resolve(), { graceMs: 50 });
  const answer = fetch(listener.url).catch((error: Error) => error.message);
  await arrived.promise;
  await listener[Symbol.asyncDispose]();
  expect(await answer).toBe('fetch failed');
});

test('a port that is taken is named', async () => {
  await using listener = await listenHttp(LOCAL, echo);
  await expect(listenHttp({ host: '127.0.0.1', port: listener.port }, echo)).rejects.toThrow(
    `cannot listen on 127.0.0.1:${listener.port}: the port is taken`,
  );
});

async function untilRead(answer: http.IncomingMessage): Promise<void> {
  answer.resume();
  await once(answer, 'end');
}
