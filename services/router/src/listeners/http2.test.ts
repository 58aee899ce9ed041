import { once } from 'node:events';
import http2, { type ClientHttp2Session, type OutgoingHttpHeaders } from 'node:http2';
import net from 'node:net';
import { afterEach, expect, test } from '@jest/globals';
import { until } from '@trino-gateway/testing/processes/until';
import type { CarriedAnswer, CarriedRequest } from '../http/carrier.ts';
import { listenForClients, type OnRequest } from './listener.ts';

const anyPort = { host: '127.0.0.1', port: 0 };
const started: AsyncDisposable[] = [];
afterEach(async () => {
  for (const one of started.splice(0).reverse()) await one[Symbol.asyncDispose]();
});

async function serve(handle: OnRequest, options: Parameters<typeof listenForClients>[2] = {}) {
  const listener = await listenForClients(anyPort, handle, { graceMs: 1_000, ...options });
  started.push(listener);
  return listener;
}

function connect({ url }: { url: string }): ClientHttp2Session {
  const session = http2.connect(url, { maxSendHeaderBlockLength: 4_000_000 } as http2.ClientSessionOptions);
  session.on('error', () => {});
  started.push({ [Symbol.asyncDispose]: async () => session.destroy() });
  return session;
}

/** Whatever the reason. */
const closed = (stream: NodeJS.EventEmitter) => new Promise((resolve) => stream.once('close', resolve));

/** What came of a request: head and body, or the code with which the stream was reset. */
async function ask(session: ClientHttp2Session, headers: OutgoingHttpHeaders, body?: string) {
  const stream = session.request(headers, { endStream: body === undefined });
  if (body !== undefined) stream.end(body);
  const answer: { head: http2.IncomingHttpHeaders; text: string } = { head: {}, text: '' };
  stream.on('response', (head) => Object.assign(answer, { head }));
  stream.setEncoding('utf8').on('data', (part) => {
    answer.text += part;
  });
  stream.on('error', () => {});
  await closed(stream);
  return { ...answer, status: answer.head[':status'], code: stream.rstCode };
}

/** Answers what it was asked, as JSON. */
const echo: OnRequest = (request, response) => {
  const parts: Buffer[] = [];
  request.on('data', (part) => parts.push(part));
  request.once('end', () => {
    const { method, url, rawHeaders, httpVersion, complete } = request;
    const { remoteAddress } = request.socket;
    const seen = {
      method,
      url,
      rawHeaders,
      httpVersion,
      complete,
      remoteAddress,
      body: Buffer.concat(parts).toString(),
    };
    response.writeHead(200, 'Reason', [
      ...['Content-Type', 'application/json', 'Set-Cookie', 'a=1', 'Set-Cookie', 'b=2'],
      ...['Connection', 'close', 'Keep-Alive', 'timeout=5', 'Transfer-Encoding', 'chunked'],
    ]);
    response.end(JSON.stringify(seen));
  });
};

test('a client with prior knowledge is served by HTTP/2, others on the same port by HTTP/1.1', async () => {
  const listener = await serve(echo);
  const answer = await ask(
    connect(listener),
    {
      ':method': 'POST',
      ':path': '/v1/statement?a=1',
      cookie: ['a=1', 'b=2'],
      'x-trino-session': ['a=1', 'b=2'],
    },
    'SELECT 1',
  );
  const authority = `127.0.0.1:${listener.port}`;
  expect(JSON.parse(answer.text)).toEqual({
    method: 'POST',
    url: '/v1/statement?a=1',
    rawHeaders: [
      ...['Host', authority, 'x-trino-session', 'a=1', 'x-trino-session', 'b=2'],
      ...['cookie', 'a=1; b=2', 'transfer-encoding', 'chunked'],
    ],
    httpVersion: '2.0',
    complete: true,
    remoteAddress: '127.0.0.1',
    body: 'SELECT 1',
  });
  expect(answer.head).toMatchObject({ ':status': 200, 'set-cookie': ['a=1', 'b=2'] });
  for (const name of ['connection', 'keep-alive', 'transfer-encoding']) expect(answer.head[name]).toBeUndefined();
  const over1 = await fetch(listener.url, { method: 'POST', body: 'x' });
  expect(await over1.json()).toMatchObject({ httpVersion: '1.1', body: 'x' });
});

test.each([1, 2, 10, 18, 23])('the preface may come in pieces, the first of %i bytes', async (length) => {
  const listener = await serve(echo);
  const socket = net.connect(listener.port, '127.0.0.1').setNoDelay(true);
  started.push({ [Symbol.asyncDispose]: async () => void socket.destroy() });
  const preface = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n');
  const settings = Buffer.from([0, 0, 0, 4, 0, 0, 0, 0, 0]);
  socket.write(preface.subarray(0, length));
  setTimeout(() => socket.write(Buffer.concat([preface.subarray(length), settings])), 20);
  const [first] = await once(socket, 'data');
  expect(first[3]).toBe(4); // SETTINGS
});

test('a line of 60 KB is accepted, one that the parser cannot hold closes the connection', async () => {
  const listener = await serve(echo);
  const statement = (length: number) => ({ 'x-trino-prepared-statement': 'Z'.repeat(length) });
  expect(await ask(connect(listener), statement(60_000))).toMatchObject({ status: 200 });
  expect(await ask(connect(listener), statement(70_000))).toMatchObject({ status: undefined });
});

test('requests of one connection are served beside each other, and one that is reset is gone', async () => {
  const open = new Map<string, CarriedAnswer>();
  const gone: string[] = [];
  const listener = await serve((request, response) => {
    const name = request.url ?? '';
    open.set(name, response);
    response.once('close', () => response.writableFinished || gone.push(name));
  });
  const session = connect(listener);
  const streams = ['/a', '/b', '/c'].map((path) => session.request({ ':path': path }));
  for (const stream of streams) stream.on('error', () => {});
  await until('all to be open', () => open.size === 3);
  streams[1]?.close(http2.constants.NGHTTP2_CANCEL);
  await until('one to be gone', () => gone.length > 0);
  for (const response of [open.get('/c'), open.get('/a')]) response?.writeHead(200, undefined, []).end('x');
  await Promise.all([streams[0], streams[2]].map((stream) => stream && closed(stream.resume())));
  expect(gone).toEqual(['/b']);
});

test('an answer that breaks off resets its stream with an error, and no other', async () => {
  const listener = await serve((request, response) => {
    response.writeHead(200, undefined, ['Content-Type', 'text/plain']);
    if (request.url === '/whole') response.end('whole');
    else {
      response.write('half');
      setTimeout(() => response.destroy(), 20);
    }
  });
  const session = connect(listener);
  const [broken, whole] = await Promise.all([ask(session, { ':path': '/half' }), ask(session, { ':path': '/whole' })]);
  expect(broken).toMatchObject({ text: 'half', code: http2.constants.NGHTTP2_INTERNAL_ERROR });
  expect(whole).toMatchObject({ text: 'whole', code: 0 });
});

test('an answer is written no faster than the client reads it', async () => {
  const [chunk, chunks] = [Buffer.alloc(65_536), 200];
  let written = 0;
  const listener = await serve(({ method }, response) => {
    response.writeHead(200, undefined, []);
    if (method === 'HEAD') return void response.end();
    const write = () => {
      while (written < chunks) {
        written += 1;
        if (!response.write(chunk)) return void response.once('drain', write);
      }
      response.end();
    };
    write();
  });
  const session = connect(listener);
  const stream = session.request();
  await once(stream, 'response');
  await ask(session, { ':path': '/other', ':method': 'HEAD' });
  const waiting = written;
  expect(waiting).toBeLessThan(20);
  let length = 0;
  stream.on('data', (part) => {
    length += part.length;
  });
  await closed(stream);
  expect([length, written]).toEqual([chunk.length * chunks, chunks]);
});

test('an answer before the end of the request is whole, and the rest of the request is not wanted', async () => {
  const listener = await serve(
    (_, response) => void response.writeHead(413, undefined, ['Content-Type', 'text/plain']).end('no'),
  );
  const stream = connect(listener).request({ ':method': 'POST' });
  let text = '';
  stream.setEncoding('utf8').on('data', (part) => {
    text += part;
  });
  stream.on('error', () => {});
  stream.write(Buffer.alloc(10_000));
  const [head] = await once(stream, 'response');
  await once(stream, 'close');
  expect([head[':status'], text, stream.rstCode]).toEqual([413, 'no', 0]);
});

test.each([0, 20])(
  'a whole answer to a request with a body counts as such, also %i ms after that has come',
  async (ms) => {
    const whole: boolean[] = [];
    const listener = await serve((request, response) => {
      response.once('close', () => whole.push(response.writableFinished));
      const answer = () =>
        response.writeHead(200, undefined, ['Content-Type', 'text/plain', 'Content-Length', '3']).end('yes');
      request.once('end', () => (ms === 0 ? answer() : setTimeout(answer, ms))).resume();
    });
    const session = connect(listener);
    for (const body of ['SELECT 1', 'x'.repeat(100_000)])
      expect(await ask(session, { ':method': 'POST' }, body)).toMatchObject({ text: 'yes', code: 0 });
    await until('both to be over', () => whole.length === 2);
    expect(whole).toEqual([true, true]);
  },
);

test('an announced stop lets the answers under way end, and then the connection', async () => {
  const open: [CarriedRequest, CarriedAnswer][] = [];
  const listener = await serve((...both) => void open.push([both[0], both[1]]));
  const [busy, idle] = [connect(listener), connect(listener)];
  const answer = ask(busy, { ':path': '/' });
  await once(idle, 'remoteSettings');
  await until('the request', () => open.length === 1);
  const closed = Promise.all([once(busy, 'goaway'), once(idle, 'goaway'), once(idle, 'close')]);
  listener.announceStop();
  await closed;
  const late = ask(connect(listener), { ':path': '/late' });
  await until('the late request', () => open.length === 2);
  for (const [, response] of open) response.writeHead(200, undefined, []).end('whole');
  for (const one of [answer, late]) expect(await one).toMatchObject({ text: 'whole', code: 0 });
  await until('the connection to end', () => busy.closed);
});

test('what else HTTP/1.1 tells by its lines comes to the handler as it does there', async () => {
  const seen: [string | undefined, string | undefined, readonly string[]][] = [];
  const listener = await serve(({ method, url, rawHeaders }, response) => {
    seen.push([method, url, rawHeaders]);
    response.writeHead(400, undefined, []).end();
  });
  const session = connect(listener);
  await ask(session, { ':authority': 'a:1', host: 'other' });
  await ask(session, { ':authority': 'a:1', host: 'a:1' });
  await ask(session, { ':method': 'CONNECT', ':authority': 'a:1' });
  expect(seen).toEqual([
    ['GET', '/', ['Host', 'a:1', 'host', 'other']],
    ['GET', '/', ['Host', 'a:1']],
    ['CONNECT', '', ['Host', 'a:1']],
  ]);
});
