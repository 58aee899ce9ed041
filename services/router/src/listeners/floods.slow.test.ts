import { once } from 'node:events';
import http2 from 'node:http2';
import net from 'node:net';
import tls from 'node:tls';
import { afterEach, expect, test } from '@jest/globals';
import { silentLogger } from '@trino-gateway/runtime';
import { until } from '@trino-gateway/testing/processes/until';
import { createCertificateAuthority } from '@trino-gateway/testing/tls/certificate-authority';
import type { CarriedAnswer } from '../http/carrier.ts';
import { createByteBudget } from '../limits/byte-budget.ts';
import { createConnectionLimit } from '../limits/connection-limit.ts';
import { createUnfinishedHeads } from '../limits/unfinished-heads.ts';
import { listenForClients, type OnRequest } from './listener.ts';

const started: AsyncDisposable[] = [];
afterEach(async () => {
  for (const one of started.splice(0).reverse()) await one[Symbol.asyncDispose]();
});

async function serve(handle: OnRequest, options: Parameters<typeof listenForClients>[2] = {}) {
  const connections = createConnectionLimit(5_000, silentLogger);
  const listener = await listenForClients({ host: '127.0.0.1', port: 0 }, handle, {
    connections,
    graceMs: 300,
    ...options,
  });
  started.push(listener);
  return Object.assign(listener, { connections });
}

/** A frame (RFC 9113, 4.1). */
function frame(type: number, flags: number, stream: number, payload = Buffer.alloc(0)): Buffer {
  const head = Buffer.alloc(9);
  head.writeUIntBE(payload.length, 0, 3);
  head.writeUInt8(type, 3);
  head.writeUInt8(flags, 4);
  head.writeUInt32BE(stream, 5);
  return Buffer.concat([head, payload]);
}

const [HEADERS, RST_STREAM, SETTINGS, PING, CONTINUATION] = [1, 3, 4, 6, 9];
const [ACK, END_STREAM, END_HEADERS] = [1, 1, 4];
const start = Buffer.concat([Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'), frame(SETTINGS, 0, 0)]);
/** `GET http://localhost/` (RFC 7541, static table and a literal). */
const get = Buffer.concat([Buffer.from([0x82, 0x86, 0x84, 0x41, 9]), Buffer.from('localhost')]);
/** A header line that is not indexed, as long as that. */
function line(length: number): Buffer {
  const name = Buffer.from('x-long');
  const size = length - 127;
  const digits = [0x7f];
  for (let left = size; ; left = Math.floor(left / 128)) {
    if (left < 128) {
      digits.push(left);
      break;
    }
    digits.push((left % 128) + 128);
  }
  return Buffer.concat([Buffer.from([0, name.length]), name, Buffer.from(digits), Buffer.alloc(length, 'x')]);
}

/** A client that says what it likes. */
function raw(port: number) {
  const socket = net.connect(port, '127.0.0.1');
  socket.on('error', () => {});
  const received: Buffer[] = [];
  socket.on('data', (chunk) => {
    // Its limits count once its settings are acknowledged.
    if (received.length === 0) socket.write(frame(SETTINGS, ACK, 0));
    received.push(chunk);
  });
  started.push({ [Symbol.asyncDispose]: async () => void socket.destroy() });
  socket.write(start);
  const closed = new Promise<void>((resolve) => socket.once('close', () => resolve()));
  return { socket, closed, received: () => Buffer.concat(received) };
}

test('a head of two megabytes in large frames is accepted', async () => {
  const lengths: number[] = [];
  const { port } = await serve((request, response) => {
    lengths.push(request.rawHeaders.join('').length);
    response.writeHead(200, undefined, []).end();
  });
  const client = raw(port);
  await until('its settings', () => client.received().length > 0);
  const lines = Buffer.concat([get, ...Array.from({ length: 16 }, () => line(60_000))]);
  const more = Buffer.concat(Array.from({ length: 16 }, () => line(60_000)));
  client.socket.write(Buffer.concat([frame(HEADERS, END_STREAM, 1, lines), frame(CONTINUATION, END_HEADERS, 1, more)]));
  await until('the request', () => lengths.length === 1);
  expect(lengths[0]).toBeGreaterThan(1_920_000);
});

test.each<[string, (client: ReturnType<typeof raw>) => void]>([
  [
    'resets what it asked for at once',
    ({ socket }) => {
      for (let n = 0; n < 3_000; n++) {
        const stream = n * 2 + 1;
        socket.write(
          Buffer.concat([
            frame(HEADERS, END_STREAM | END_HEADERS, stream, get),
            frame(RST_STREAM, 0, stream, Buffer.from([0, 0, 0, 8])),
          ]),
        );
      }
    },
  ],
  [
    'sends a head without an end',
    ({ socket }) => {
      socket.write(frame(HEADERS, END_STREAM, 1, get));
      for (let n = 0; n < 100; n++) socket.write(frame(CONTINUATION, 0, 1, Buffer.concat([line(200)])));
    },
  ],
  [
    'pings and never reads',
    ({ socket }) => {
      socket.pause();
      const pings = Buffer.concat(Array.from({ length: 1_000 }, () => frame(PING, 0, 0, Buffer.alloc(8))));
      const send = () => {
        while (!socket.destroyed && socket.write(pings));
      };
      socket.on('drain', send);
      send();
    },
  ],
  [
    'changes its settings without an end and never reads',
    ({ socket }) => {
      socket.pause();
      const settings = Buffer.concat(Array.from({ length: 1_000 }, () => frame(SETTINGS, 0, 0)));
      const send = () => {
        while (!socket.destroyed && socket.write(settings));
      };
      socket.on('drain', send);
      send();
    },
  ],
])('a client that %s loses its connection, and others are served', async (_, flood) => {
  let requests = 0;
  const { port, url, connections } = await serve((_request, response) => {
    requests += 1;
    setTimeout(() => response.writeHead(200, undefined, []).end('x'), 5);
  });
  const client = raw(port);
  flood(client);
  expect(await (await fetch(url)).text()).toBe('x');
  client.socket.resume();
  await client.closed;
  await until('it to be gone', () => connections.open() <= 1);
  // What one read brings is begun.
  expect(requests).toBeLessThan(2_500);
});

test('heads that are still arriving share the budget of bytes, and a body or an answer is none', async () => {
  const budget = createByteBudget(1_000_000, 1_000_000);
  const heads = createUnfinishedHeads(budget);
  const checking = setInterval(heads.check, 10);
  started.push({ [Symbol.asyncDispose]: async () => clearInterval(checking) });
  const answers: CarriedAnswer[] = [];
  const { port } = await serve(
    (request, response) => {
      if (request.method === 'POST')
        request.on('data', () => {}).once('end', () => response.writeHead(200, undefined, []).end('x'));
      else answers.push(response);
    },
    { heads },
  );
  const session = http2.connect(`http://127.0.0.1:${port}`);
  started.push({ [Symbol.asyncDispose]: async () => session.destroy() });
  const long = session.request({ ':method': 'POST' });
  long.end(Buffer.alloc(5_000_000));
  await once(long, 'response');
  expect([heads.refused(), budget.taken()]).toEqual([0, 0]);

  const clients = Array.from({ length: 3 }, () => raw(port));
  await until('the connections', () => clients.every(({ received }) => received().length > 0));
  for (const { socket } of clients) {
    // Each holds a request open, and begins another one that never ends.
    socket.write(frame(HEADERS, END_STREAM | END_HEADERS, 1, get));
    socket.write(frame(HEADERS, END_STREAM, 3, Buffer.concat([get, ...Array.from({ length: 8 }, () => line(60_000))])));
  }
  await until('one to be closed', () => heads.refused() === 1);
  await Promise.race(clients.map(({ closed }) => closed));
  expect(answers.length).toBe(3);
  expect(budget.taken()).toBeLessThanOrEqual(1_000_000);
  for (const { socket } of clients) socket.destroy();
  await until('all bytes to be given back', () => budget.taken() === 0);
});

test('thousands of handshakes leave nothing behind, and clients without TLS are served meanwhile', async () => {
  const authority = createCertificateAuthority();
  const issued = authority.issue(['127.0.0.1']);
  const certificate = { secure: (server: tls.Server) => server.setSecureContext({ ...issued }) };
  const ok: OnRequest = (_, response) => void response.end('x');
  const secure = await serve(ok, { certificate });
  const plain = await serve(ok);
  const most = 2_000;
  let [begun, slowest] = [0, 0];
  const shake = async () => {
    while (begun < most) {
      begun += 1;
      const socket = tls.connect({ port: secure.port, host: '127.0.0.1', ca: authority.cert });
      socket.on('error', () => {});
      // Every third goes away in the middle of it.
      if (begun % 3 === 0) setTimeout(() => socket.destroy(), 1);
      else socket.once('secureConnect', () => socket.destroy());
      await new Promise((resolve) => socket.once('close', resolve));
    }
  };
  const shaking = Promise.all(Array.from({ length: 200 }, shake));
  let isOver = false;
  void shaking.then(() => {
    isOver = true;
  });
  while (!isOver) {
    const from = performance.now();
    expect(await (await fetch(plain.url)).text()).toBe('x');
    slowest = Math.max(slowest, performance.now() - from);
  }
  await until('all to be closed', () => secure.connections.open() === 0);
  // In this process the clients handshake, too.
  expect(slowest).toBeLessThan(5_000);
});
