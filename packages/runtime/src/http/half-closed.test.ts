import { connect, type Socket } from 'node:net';
import { text } from 'node:stream/consumers';
import { expect, test } from '@jest/globals';
import { type Handler, type Listener, listenHttp } from '../index.ts';

const GET = 'GET / HTTP/1.1\r\nHost: a\r\n\r\n';
const POST = 'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nhi';

/** A server whose answers are given by hand; `gone` are those whose client went before. */
async function serve() {
  const arrived: (() => void)[] = [];
  const seen = { gone: 0 };
  const handler: Handler = (request, response) => {
    let body = '';
    request
      .on('error', () => {})
      .on('data', (chunk) => {
        body += chunk;
      });
    response
      .on('error', () => {})
      .once('close', () => {
        if (!response.writableFinished) seen.gone += 1;
      });
    arrived.push(() => void response.end(`answer to ${request.method} ${body}`));
    waiting.shift()?.();
  };
  const waiting: (() => void)[] = [];
  const arrival = () => new Promise<void>((resolve) => (arrived.length > 0 ? resolve() : waiting.push(resolve)));
  const listener = await listenHttp({ host: '127.0.0.1', port: 0 }, handler, { graceMs: 50 });
  return { listener, seen, arrived, arrival };
}

const client = (listener: Listener, sent: string): Socket => {
  const socket = connect({ port: listener.port, host: '127.0.0.1', allowHalfOpen: true });
  return socket.on('error', () => {}).end(sent);
};

test.each([
  ['GET', GET],
  ['POST', POST],
])(
  'a client that closes its side with its %s gets its answer, and the connection ends with it',
  async (method, sent) => {
    const server = await serve();
    await using _ = server.listener;
    const socket = client(server.listener, sent);
    await server.arrival();
    setTimeout(() => server.arrived[0]?.(), 300);
    expect(await text(socket)).toMatch(new RegExp(`^HTTP/1\\.1 200 [^]*answer to ${method}`));
    expect(server.seen.gone).toBe(0);
  },
);

test('so does one that sent two requests', async () => {
  const server = await serve();
  await using _ = server.listener;
  const socket = client(server.listener, POST + GET);
  await server.arrival();
  setTimeout(() => {
    for (const answer of server.arrived) answer();
  }, 200);
  expect((await text(socket)).match(/answer to (POST hi|GET)/g)).toEqual(['answer to POST hi', 'answer to GET']);
});

test('one that closes while it waits has gone at once', async () => {
  const server = await serve();
  await using _ = server.listener;
  const socket = connect({ port: server.listener.port, host: '127.0.0.1' });
  socket.on('error', () => {}).write(GET);
  await server.arrival();
  setTimeout(() => socket.destroy(), 300);
  const began = performance.now();
  while (server.seen.gone === 0) await new Promise(setImmediate);
  expect(performance.now() - began).toBeLessThan(3_000);
});

test('one that has not sent all it announced gets nothing', async () => {
  const server = await serve();
  await using _ = server.listener;
  const socket = client(server.listener, POST.slice(0, -1));
  await server.arrival();
  expect(await text(socket)).not.toContain('200');
  expect(server.seen.gone).toBe(1);
});
