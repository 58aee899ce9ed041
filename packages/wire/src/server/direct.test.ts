import { once } from 'node:events';
import { type AddressInfo, connect, createServer } from 'node:net';
import { expect, test } from '@jest/globals';
import { WireServer } from './server.ts';

const get = (target: string) => `GET ${target} HTTP/1.1\r\nHost: a\r\n\r\n`;
const ok = (body: string) => `HTTP/1.1 200 OK\r\nContent-Length: ${body.length}\r\n\r\n${body}`;

/** Answers each request directly; what is `kept` waits in the socket for a moment, as all does with TLS. */
async function serve(isKept: boolean) {
  const wire = new WireServer({
    answerDirectly: ({ target }, connection) => {
      setImmediate(() => {
        const { socket } = connection;
        if (isKept) socket.cork();
        connection.give(Buffer.from(ok(target)));
        if (isKept) setImmediate(() => socket.uncork());
      });
      return { disturbed() {} };
    },
    onRequest: (_, answer) => answer.destroy(),
    isTaken: () => true,
    handOver: (socket) => void socket.destroy(),
    keepAliveMs: 10_000,
    firstRequestMs: 10_000,
    untakenMs: 10_000,
    onSilent: (socket) => void socket.destroy(),
  });
  const server = createServer({ allowHalfOpen: true, noDelay: true }, (socket) => wire.take(socket)).listen(
    0,
    '127.0.0.1',
  );
  await once(server, 'listening');
  return {
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
  await using server = await serve(isKept);
  const socket = connect({ port: server.port, host: '127.0.0.1' }).setNoDelay();
  for (const target of ['/v1/1', '/v1/2', '/v1/3']) {
    socket.write(get(target));
    const [answer] = (await once(socket, 'data')) as [Buffer];
    expect(answer.toString()).toBe(ok(target));
  }
  socket.destroy();
});
