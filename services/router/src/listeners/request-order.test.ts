import { once } from 'node:events';
import net from 'node:net';
import { expect, test } from '@jest/globals';
import { until } from '@trino-gateway/testing/processes/until';
import type { CarriedAnswer } from '../http/carrier.ts';
import { listenForClients, type OnRequest } from './listener.ts';
import { createRequestOrder } from './request-order.ts';

const anyPort = { host: '127.0.0.1', port: 0 };
const get = (path: string | number, more = '') => `GET /${path} HTTP/1.1\r\nHost: gw\r\n${more}\r\n`;
const numbers = (count: number) => Array.from({ length: count }, (_, n) => n);

type Client = { socket: net.Socket; received(): string };

async function connect(port: number): Promise<Client> {
  const socket = net.connect(port, '127.0.0.1');
  let text = '';
  socket.on('data', (chunk) => {
    text += chunk;
  });
  socket.on('error', () => {});
  await once(socket, 'connect');
  return { socket, received: () => text };
}

/** Answers each request with its path, and knows how many were under way at once. */
function echo() {
  const seen: string[] = [];
  let underWay = 0;
  let most = 0;
  const handle: OnRequest = (request, response) => {
    seen.push(request.url ?? '');
    underWay += 1;
    most = Math.max(most, underWay);
    let bytes = 0;
    request.on('data', (chunk: Buffer) => {
      bytes += chunk.length;
    });
    request.on('end', () =>
      setImmediate(() => {
        underWay -= 1;
        response.end(`[${request.url} ${bytes}]`);
      }),
    );
  };
  return { handle, seen, most: () => most };
}

/** Keeps every answer. */
function holding() {
  const held: CarriedAnswer[] = [];
  const handle: OnRequest = (_request, response) => void held.push(response);
  return { handle, held };
}

test('three thousand requests in one chunk are handled one after the other and answered in order', async () => {
  const { handle, seen, most } = echo();
  const order = createRequestOrder(5_000);
  await using listener = await listenForClients(anyPort, handle, { order });
  const client = await connect(listener.port);
  const paths = numbers(3_000);
  client.socket.write(paths.map((n) => get(n)).join('') + get('last', 'Connection: close\r\n'));
  await once(client.socket, 'close');
  const answers = client.received().match(/\[[^\]]*\]/g);
  expect(answers).toEqual([...paths.map((n) => `[/${n} 0]`), '[/last 0]']);
  expect(seen).toHaveLength(3_001);
  expect(most()).toBe(1);
  expect([order.waiting(), order.refused()]).toEqual([0, 0]);
});

test('waiting statements keep their bodies, also those that arrive later', async () => {
  const { handle, most } = echo();
  await using listener = await listenForClients(anyPort, handle);
  const client = await connect(listener.port);
  const head = (path: string, length: number) =>
    `POST /${path} HTTP/1.1\r\nHost: gw\r\nContent-Length: ${length}\r\n\r\n`;
  const small = numbers(40).map((n) => `${head(`s${n}`, 3)}abc`);
  client.socket.write(`${get('first')}${small.join('')}${head('large', 3_000_000)}`);
  client.socket.write('x'.repeat(3_000_000));
  client.socket.write(get('last', 'Connection: close\r\n'));
  await once(client.socket, 'close');
  const expected = ['[/first 0]', ...numbers(40).map((n) => `[/s${n} 3]`), '[/large 3000000]', '[/last 0]'];
  expect(client.received().match(/\[[^\]]*\]/g)).toEqual(expected);
  expect(most()).toBe(1);
});

test('a connection with many waiting requests is not read until they are answered', async () => {
  const { handle, held } = holding();
  const order = createRequestOrder(100_000);
  await using listener = await listenForClients(anyPort, handle, { order, graceMs: 100 });
  const client = await connect(listener.port);
  const flood = get('x').repeat(2_000);
  let taken = 0;
  const more = () => client.socket.write(flood, () => void taken++);
  for (let times = 0; times < 300; times++) more(); // 10 MB, more than the buffers of a connection hold
  await until('the requests wait', () => order.waiting() > 16);
  const waiting = order.waiting();
  expect(waiting).toBeLessThan(5_000);
  expect(held).toHaveLength(1);
  held[0]?.end();
  await until('the requests are held', () => held.length === 2);
  expect(order.waiting()).toBe(waiting - 1);
  expect(taken).toBeLessThan(300);
  client.socket.destroy();
});

test.each([10, 900])('a hang-up drops the waiting requests of its connection: one of %d is handled', async (sent) => {
  const { handle, held } = holding();
  const order = createRequestOrder(1_000);
  await using listener = await listenForClients(anyPort, handle, { order, graceMs: 100 });
  const client = await connect(listener.port);
  client.socket.write(get('x').repeat(sent));
  await until('the requests wait', () => order.waiting() === sent - 1);
  client.socket.destroy();
  await until('no request waits', () => order.waiting() === 0);
  expect(held).toHaveLength(1);
  expect(held[0]?.destroyed).toBe(true);
});

test('at the limit of waiting requests a connection that sends more is closed, and others are served', async () => {
  const { handle, held } = holding();
  const order = createRequestOrder(50);
  await using listener = await listenForClients(anyPort, handle, { order, graceMs: 100 });
  const other = await connect(listener.port);
  other.socket.write(get('a'));
  await until('the requests are held', () => held.length === 1);
  const client = await connect(listener.port);
  client.socket.write(get('x').repeat(2_000));
  await once(client.socket, 'close');
  await until('no request waits', () => order.waiting() === 0);
  expect(order.refused()).toBe(1);
  held[0]?.end('fine');
  await until('the answer has come', () => other.received().includes('fine'));
  other.socket.destroy();
});

const answerOf = (text: string) => text.match(/HTTP\/1\.1 \d+|\[[^\]]*\]/g);

test.each([
  ['a request that closes', get('a', 'Connection: close\r\n') + get('b'), ['HTTP/1.1 200', '[/a 0]']],
  ['one that would upgrade', get('a', 'Connection: Upgrade\r\nUpgrade: x\r\n') + get('b'), ['HTTP/1.1 200', '[/a 0]']],
])('what comes behind %s is not served', async (_, sent, answers) => {
  const { handle, seen } = echo();
  await using listener = await listenForClients(anyPort, handle);
  const client = await connect(listener.port);
  client.socket.write(sent);
  await once(client.socket, 'close');
  expect(answerOf(client.received())).toEqual(answers);
  expect(seen).toEqual(['/a']);
});

test('what comes behind an answer that closes is not served', async () => {
  const { handle, seen } = echo();
  await using listener = await listenForClients(anyPort, (request, response, port) => {
    response.shouldKeepAlive = false;
    handle(request, response, port);
  });
  const client = await connect(listener.port);
  client.socket.write(get('a') + get('b'));
  await once(client.socket, 'close');
  expect(answerOf(client.received())).toEqual(['HTTP/1.1 200', '[/a 0]']);
  expect(seen).toEqual(['/a']);
});

test.each([
  ['no request', 'X Y\r\n\r\n'],
  ['a request whose body is none', 'POST /c HTTP/1.1\r\nHost: gw\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n'],
  ['a tunnel', 'CONNECT a:1 HTTP/1.1\r\nHost: a:1\r\n\r\n'],
])('%s is refused behind the answers to what came before', async (_, bad) => {
  const { handle, seen } = echo();
  await using listener = await listenForClients(anyPort, handle);
  const client = await connect(listener.port);
  client.socket.write(get('a') + get('b') + bad);
  await once(client.socket, 'close');
  const answers = answerOf(client.received());
  expect(answers?.slice(0, 4)).toEqual(['HTTP/1.1 200', '[/a 0]', 'HTTP/1.1 200', '[/b 0]']);
  expect(answers?.slice(4)).toEqual([expect.stringMatching(/^HTTP\/1\.1 40[05]$/)]);
  expect(seen).toEqual(['/a', '/b']);
});
