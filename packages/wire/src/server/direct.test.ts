import { once } from 'node:events';
import { type AddressInfo, connect, createServer } from 'node:net';
import { expect, test } from '@jest/globals';
import { WireServer, type WireServerOptions } from './server.ts';

type AnswerDirectly = NonNullable<WireServerOptions['answerDirectly']>;

const get = (target: string) => `GET ${target} HTTP/1.1\r\nHost: a\r\n\r\n`;
const ok = (body: string) => `HTTP/1.1 200 OK\r\nContent-Length: ${body.length}\r\n\r\n${body}`;

/** Answers each request by its target; what is `kept` waits in the socket for a moment, as all does with TLS. */
function byTarget(isKept: boolean): AnswerDirectly {
  return ({ target }, connection) => {
    setImmediate(() => {
      const { socket } = connection;
      if (isKept) socket.cork();
      connection.give(Buffer.from(ok(target)));
      if (isKept) setImmediate(() => socket.uncork());
    });
    return { disturbed() {} };
  };
}

async function serve(answerDirectly: AnswerDirectly, untakenMs = 10_000) {
  const wire = new WireServer({
    answerDirectly,
    onRequest: (_, answer) => answer.destroy(),
    isTaken: () => true,
    handOver: (socket) => void socket.destroy(),
    keepAliveMs: 10_000,
    firstRequestMs: 10_000,
    untakenMs,
    onSilent: (socket) => void socket.destroy(),
  });
  const server = createServer({ allowHalfOpen: true, noDelay: true }, (socket) => wire.take(socket)).listen(
    0,
    '127.0.0.1',
  );
  await once(server, 'listening');
  return {
    wire,
    port: (server.address() as AddressInfo).port,
    [Symbol.asyncDispose]: async () => {
      wire[Symbol.dispose]();
      server.close();
      await once(server, 'close');
    },
  };
}

test.each([
  ['is taken at once', false],
  ['waits in the socket for a moment', true],
])('after a direct answer that %s the next request of the connection is served', async (_, isKept) => {
  await using server = await serve(byTarget(isKept));
  const socket = connect({ port: server.port, host: '127.0.0.1' }).setNoDelay();
  for (const target of ['/v1/1', '/v1/2', '/v1/3']) {
    socket.write(get(target));
    const [answer] = (await once(socket, 'data')) as [Buffer];
    expect(answer.toString()).toBe(ok(target));
  }
  socket.destroy();
});

test('a direct answer that its client does not take is given up after a time', async () => {
  const answer: AnswerDirectly = (_head, connection) => {
    setImmediate(() => connection.give(Buffer.alloc(20_000_000)));
    return { disturbed: () => void connection.carry() };
  };
  await using server = await serve(answer, 1);
  const socket = connect({ port: server.port, host: '127.0.0.1' });
  socket.on('error', () => {}).pause();
  socket.write(get('/v1/1'));
  while (server.wire.size === 0) await new Promise(setImmediate);
  while (server.wire.size > 0) await new Promise(setImmediate);
  socket.destroy();
});

test('a request that is answered directly is carried as all others when its client closes its side', async () => {
  const answer: AnswerDirectly = (_head, connection) => ({
    disturbed: () => {
      const carried = connection.carry();
      setImmediate(() => carried.answer.writeHead(200, 'Carried', ['Content-Length', '0']).end());
    },
  });
  await using server = await serve(answer);
  const socket = connect({ port: server.port, host: '127.0.0.1', allowHalfOpen: true });
  socket.end(get('/v1/1'));
  const [bytes] = (await once(socket, 'data')) as [Buffer];
  expect(bytes.toString()).toMatch(/^HTTP\/1.1 200 Carried\r\n/);
  await once(socket, 'close');
});
