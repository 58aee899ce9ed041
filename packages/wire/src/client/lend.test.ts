import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { expect, test } from '@jest/globals';
import { AnswerBody, type TakePieces } from './body.ts';
import { ConnectionPool } from './pool.ts';

const GET = { isHead: false, head: 'GET /a HTTP/1.1\r\nHost: a\r\n\r\n' };
const LENGTH = 4 * 1_048_576;
/** Bytes by which each place of a page is known. */
const page = Buffer.alloc(LENGTH);
for (let at = 0; at < LENGTH; at += 4) page.writeUInt32LE(at, at);

function inChunks(bytes: Buffer, size: number): Buffer {
  const parts: Buffer[] = [];
  for (let at = 0; at < bytes.length; at += size) {
    const chunk = bytes.subarray(at, at + size);
    parts.push(Buffer.from(`${chunk.length.toString(16)}\r\n`), chunk, Buffer.from('\r\n'));
  }
  return Buffer.concat([...parts, Buffer.from('0\r\n\r\n')]);
}

const head = (framing: string) => Buffer.from(`HTTP/1.1 200 OK\r\n${framing}\r\n\r\n`);
const withLength = Buffer.concat([head(`Content-Length: ${LENGTH}`), page]);
const chunked = Buffer.concat([head('Transfer-Encoding: chunked'), inChunks(page, 30_011)]);

/** A server that answers each request with these bytes, and a function that asks it. */
async function serve(bytes: Buffer) {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => {}).on('data', () => void socket.write(bytes));
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const pool = new ConnectionPool({
    connect: (onread) => connect({ port, host: '127.0.0.1', onread }),
    mostIdle: 8,
    idleMs: 60_000,
  });
  return {
    accepted: () => sockets.size,
    ask: () =>
      new Promise<AnswerBody>((resolve, reject) => {
        pool.take().send(GET, {
          answered: (_, source) => {
            const body = new AnswerBody(source);
            resolve(body);
            return body;
          },
          failed: reject,
          unusual: reject,
        });
      }),
    [Symbol.asyncDispose]: async () => {
      pool[Symbol.dispose]();
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}

test.each([
  ['of a length', withLength],
  ['in chunks', chunked],
])('a long body %s is taken in pieces that may be used again when their taker says so', async (_, bytes) => {
  await using server = await serve(bytes);
  const body = await server.ask();
  const places = new Set<ArrayBufferLike>();
  const got: Buffer[] = [];
  body.passTo((pieces) => {
    for (const piece of pieces) {
      places.add(piece.buffer);
      got.push(Buffer.from(piece));
    }
    return true;
  });
  await once(body, 'end');
  expect(Buffer.concat(got).equals(page)).toBe(true);
  expect(places.size).toBeLessThan(8);
});

test('pieces stay as they are until their taker has resumed the body, and none come meanwhile; the next answer does not change them', async () => {
  await using server = await serve(withLength);
  const got: Buffer[] = [];
  const takeSlowly =
    (body: AnswerBody): TakePieces =>
    (pieces) => {
      const held = [...pieces];
      const calls = got.length;
      setTimeout(() => {
        expect(got).toHaveLength(calls);
        got.push(Buffer.concat(held));
        body.resume();
      }, 2);
      return false;
    };
  const first = await server.ask();
  first.passTo(takeSlowly(first));
  const ended = once(first, 'end');
  // The connection is free before the last pieces of the first body are.
  while (!first.complete) await new Promise((resolve) => setImmediate(resolve));
  const second = await server.ask();
  let length = 0;
  second.on('data', (chunk: Buffer) => {
    length += chunk.length;
  });
  await Promise.all([ended, once(second, 'end')]);
  expect(Buffer.concat(got).equals(page)).toBe(true);
  expect([length, server.accepted()]).toEqual([LENGTH, 1]);
});

test('who listens to a long body gets bytes to keep', async () => {
  await using server = await serve(chunked);
  const body = await server.ask();
  const got: Buffer[] = [];
  body.on('data', (chunk: Buffer) => got.push(chunk));
  await once(body, 'end');
  expect(Buffer.concat(got).equals(page)).toBe(true);
});

test('what is odd in the middle of a long body is read on by another reader, while pieces before it are held', async () => {
  const odd = Buffer.from('3;a=b\r\nend\r\n0\r\nX: 1\r\n\r\n');
  await using server = await serve(Buffer.concat([chunked.subarray(0, -5), odd]));
  const body = await server.ask();
  const got: Buffer[] = [];
  body.passTo((pieces) => {
    const held = [...pieces];
    setImmediate(() => {
      got.push(Buffer.concat(held));
      body.resume();
    });
    return false;
  });
  await once(body, 'end');
  expect(Buffer.concat(got).equals(Buffer.concat([page, Buffer.from('end')]))).toBe(true);
});
