import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { expect, test } from '@jest/globals';
import type { WireAnswer } from './answer.ts';
import type { WireRequest } from './request.ts';
import { WireServer, type WireServerOptions } from './server.ts';
import { withSharedReads } from './shared-reads.ts';

const GET = 'GET /v1/a HTTP/1.1\r\nHost: a\r\n\r\n';
const post = (body: string) => `POST /v1/s HTTP/1.1\r\nHost: a\r\nContent-Length: ${body.length}\r\n\r\n${body}`;

type Handle = (request: WireRequest, answer: WireAnswer) => void;
const ok: Handle = ({ method, url, wholeBody }, answer) => {
  answer.writeHead(200, undefined, ['Content-Type', 'text/plain']);
  answer.end(`${method} ${url} ${wholeBody}`);
};

/** A server whose connections are closed when they are handed over, so that a client sees it. */
async function serve(onRequest: Handle = ok, more: Partial<WireServerOptions> = {}) {
  const handed: string[] = [];
  const wire = new WireServer({
    onRequest,
    isTaken: (target) => target.startsWith('/v1/'),
    handOver: (socket, unread) => {
      handed.push(unread.toString());
      socket.end();
    },
    keepAliveMs: 10_000,
    firstRequestMs: 10_000,
    untakenMs: 10_000,
    onSilent: (socket) => socket.end('silent'),
    ...more,
  });
  const server = createServer({ allowHalfOpen: true, noDelay: true }, (socket) =>
    wire.take(withSharedReads(socket)),
  ).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    wire,
    handed,
    open: () => openClient(port),
    [Symbol.asyncDispose]: async () => {
      wire[Symbol.dispose]();
      server.close();
      await once(server, 'close');
    },
  };
}

async function openClient(port: number) {
  const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true }).setNoDelay();
  let received = '';
  socket.setEncoding('latin1').on('data', (text) => (received += text));
  socket.on('error', () => {});
  await once(socket, 'connect');
  const until = async (end: RegExp | 'closed') => {
    while (!(end === 'closed' ? socket.readableEnded || socket.destroyed : end.test(received)))
      await Promise.race([once(socket, 'data'), once(socket, 'end'), once(socket, 'close')]);
    const all = received;
    received = '';
    return all.replace(/Date: [^\r]*\r\n/, '');
  };
  return { socket, until, [Symbol.dispose]: () => void socket.destroy() };
}

const KEPT = 'Connection: keep-alive\r\nKeep-Alive: timeout=10\r\n';
const chunked = (body: string) =>
  `HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n${KEPT}Transfer-Encoding: chunked\r\n\r\n${body.length.toString(16)}\r\n${body}\r\n0\r\n\r\n`;

test('requests of one connection are answered one after the other, whole or in single bytes', async () => {
  await using server = await serve();
  using client = await server.open();
  client.socket.write(GET);
  expect(await client.until(/0\r\n\r\n$/)).toBe(chunked('GET /v1/a '));
  for (const byte of post('SELECT 1')) {
    client.socket.write(byte);
    await new Promise((resolve) => setImmediate(resolve));
  }
  expect(await client.until(/\r\n0\r\n\r\n$/)).toBe(chunked('POST /v1/s SELECT 1'));
  expect(server.handed).toEqual([]);
});

test.each([
  ['a request without a body', GET],
  ['a statement', post('SELECT 1')],
])('%s is the same wherever it is split', async (_, bytes) => {
  await using server = await serve();
  const answers = new Set<string>();
  for (let at = 1; at < bytes.length; at++) {
    using client = await server.open();
    client.socket.write(bytes.slice(0, at));
    await new Promise((resolve) => setTimeout(resolve, 1));
    client.socket.write(bytes.slice(at));
    answers.add(await client.until(/\r\n0\r\n\r\n$/));
  }
  expect([...answers]).toEqual([chunked(bytes === GET ? 'GET /v1/a ' : 'POST /v1/s SELECT 1')]);
  expect(server.handed).toEqual([]);
});

test.each<[string, string]>([
  ['of a target that is not taken', 'GET /ui/ HTTP/1.1\r\nHost: a\r\n\r\n'],
  ['that is merely unusual', 'GET /v1/a HTTP/1.1\r\nHost: a\r\nUpgrade: x\r\n\r\n'],
  ['that is none', '\u0016\u0003\u0001'],
  ['whose body is longer than is kept', `POST /v1/s HTTP/1.1\r\nHost: a\r\nContent-Length: 20000\r\n\r\nSELECT`],
  ['whose head is longer than is kept', `GET /v1/a HTTP/1.1\r\nHost: a\r\nX: ${'x'.repeat(17_000)}`],
])('a connection with a request %s is handed over with its bytes', async (_, bytes) => {
  await using server = await serve();
  using client = await server.open();
  client.socket.write(GET);
  await client.until(/0\r\n\r\n$/);
  client.socket.write(bytes, 'latin1');
  expect(await client.until('closed')).toBe('');
  expect(Buffer.from(server.handed[0] ?? '').toString()).toBe(bytes);
  expect(server.wire.size).toBe(0);
});

test('what comes behind a request is handed over when its answer is over, and not before', async () => {
  const answers: WireAnswer[] = [];
  const asked = Promise.withResolvers<void>();
  await using server = await serve((_, answer) => {
    answers.push(answer);
    asked.resolve();
  });
  using client = await server.open();
  client.socket.write(GET + GET + post('x'));
  await asked.promise;
  expect([answers.length, server.handed]).toEqual([1, []]);
  answers[0]?.end('first');
  expect(await client.until('closed')).toContain('first');
  expect(server.handed).toEqual([GET + post('x')]);
});

test('a request that comes slowly is handed over, and a connection that brings none is told of', async () => {
  await using server = await serve(ok, { firstRequestMs: 100 });
  using slow = await server.open();
  using silent = await server.open();
  slow.socket.write('GET /v1/a HT');
  expect(await silent.until('closed')).toBe('silent');
  await slow.until('closed');
  expect(server.handed).toEqual(['GET /v1/a HT']);
}, 10_000);

test('a client that closes its side with its request gets the answer, and one that does so later has gone', async () => {
  const gone = Promise.withResolvers<boolean>();
  await using server = await serve((request, answer) => {
    if (request.method === 'POST') ok(request, answer);
    else answer.once('close', () => gone.resolve(!answer.writableFinished));
  });
  using together = await server.open();
  together.socket.end(post('SELECT 1'));
  expect(await together.until('closed')).toContain('POST /v1/s SELECT 1');
  using later = await server.open();
  later.socket.write(GET);
  await new Promise((resolve) => setTimeout(resolve, 100));
  later.socket.end();
  expect(await gone.promise).toBe(true);
});

test('a client that closes its side behind several requests gets all answers, in order, and then the end', async () => {
  await using server = await serve((request, answer) => {
    if (request.socket.readableEnded) ok(request, answer);
    else request.socket.once('end', () => ok(request, answer));
  });
  using client = await server.open();
  client.socket.end(`${GET}${post('SELECT 1')}${GET}GET /v1/half`);
  const bodies = (await client.until('closed')).matchAll(/(?<=\r\n)(?:GET|POST) [^\r]*/g);
  expect([...bodies].map(String)).toEqual(['GET /v1/a ', 'POST /v1/s SELECT 1', 'GET /v1/a ']);
  expect(server.handed).toEqual([]);
});

test('answers to HEAD and of 204 and 304 have no body, and one of a length that is told has no chunks', async () => {
  const kinds: [number, string[]][] = [
    [200, ['Content-Length', '5']],
    [204, []],
    [304, []],
    [200, ['Content-Length', '5']],
  ];
  await using server = await serve((_, answer) => {
    const [status, lines] = kinds.shift() ?? [500, []];
    answer.writeHead(status, undefined, lines).end('12345');
  });
  using client = await server.open();
  const ask = async (request: string, end: RegExp) => {
    client.socket.write(request);
    return (await client.until(end)).replace(KEPT, '');
  };
  expect(await ask(GET.replace('GET', 'HEAD'), /\r\n\r\n$/)).toBe('HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n');
  expect(await ask(GET, /\r\n\r\n$/)).toBe('HTTP/1.1 204 No Content\r\n\r\n');
  expect(await ask(GET, /\r\n\r\n$/)).toBe('HTTP/1.1 304 Not Modified\r\n\r\n');
  expect(await ask(GET, /12345$/)).toBe('HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n12345');
});

test('a header line that holds the end of a line is not written', async () => {
  const errors: unknown[] = [];
  await using server = await serve((_, answer) => {
    for (const [reason, lines] of [
      [undefined, ['X', 'a\r\nY: b']],
      [undefined, ['X\n', 'a']],
      ['OK\r\nX: y', []],
    ] as [string | undefined, string[]][])
      try {
        answer.writeHead(200, reason, lines);
      } catch (error) {
        errors.push(error);
      }
    answer.end('fine');
  });
  using client = await server.open();
  client.socket.write(GET);
  expect(await client.until(/0\r\n\r\n$/)).toMatch(/^HTTP\/1\.1 200 OK\r\nConnection/);
  expect(errors).toHaveLength(3);
});

test('after an announced stop the answer under way is the last of its connection, and tells so', async () => {
  const held = Promise.withResolvers<WireAnswer>();
  await using server = await serve((_, answer) => held.resolve(answer));
  using client = await server.open();
  client.socket.write(GET);
  const answer = await held.promise;
  server.wire.announceStop();
  answer.end('last');
  expect(await client.until('closed')).toContain('Connection: close');
});

test('long answers go at the pace of their client, and no more than the socket takes is written', async () => {
  const piece = Buffer.alloc(1_048_576);
  let written = 0;
  let most = 0;
  await using server = await serve((_, answer) => {
    const pump = () => {
      while (written < 64) {
        written += 1;
        const hasRoom = answer.write(piece);
        most = Math.max(most, (answer.socket as Socket).writableLength);
        if (!hasRoom) {
          answer.once('drain', pump);
          return;
        }
      }
      answer.end();
    };
    answer.writeHead(200, undefined, ['Content-Length', String(64 * piece.length)]);
    pump();
  });
  using client = await server.open();
  let length = 0;
  client.socket.removeAllListeners('data').on('data', (text: string) => (length += text.length));
  client.socket.write(GET);
  while (length < 64 * piece.length) await once(client.socket, 'data');
  expect(most).toBeLessThan(4 * piece.length);
}, 20_000);

test.each([
  ['in chunks', []],
  ['of a length', ['Content-Length', String(8_000_000)]],
])('bytes that are lent for an answer %s are its own until it drains', async (_, lines) => {
  const lent = Buffer.alloc(1_000_000);
  let waits = 0;
  await using server = await serve((_request, answer) => {
    let sent = 0;
    const go = () => {
      while (sent < 8) {
        lent.write('pqrstuvw'.charAt(sent).repeat(lent.length));
        sent += 1;
        if (answer.lend([lent.subarray(0, 3), lent.subarray(3)])) continue;
        waits += 1;
        return;
      }
      answer.end();
    };
    answer.writeHead(200, undefined, lines);
    answer.on('drain', go);
    go();
  });
  using client = await server.open();
  client.socket.write(GET.replace('\r\n\r\n', '\r\nConnection: close\r\n\r\n'));
  await once(client.socket, 'end');
  const text = await client.until('closed');
  const body = text.slice(text.indexOf('\r\n\r\n') + 2).replaceAll(/\r\n(?:[0-9a-f]+\r\n|(?=[p-w]))/g, '');
  expect(body.replaceAll(/(.)\1*/g, '$1')).toBe(lines.length === 0 ? 'pqrstuvw\r\n' : 'pqrstuvw');
  expect(body.length).toBeGreaterThanOrEqual(8_000_000);
  expect(waits).toBeGreaterThan(0);
});

test('an answer whose client leaves before it has taken it was not given', async () => {
  const given = Promise.withResolvers<boolean>();
  await using server = await serve((_, answer) => {
    answer.once('close', () => given.resolve(answer.writableFinished));
    answer.end(Buffer.alloc(50_000_000));
    setTimeout(() => answer.destroy(), 20);
  });
  using client = await server.open();
  client.socket.pause();
  client.socket.write(GET);
  expect(await given.promise).toBe(false);
});
