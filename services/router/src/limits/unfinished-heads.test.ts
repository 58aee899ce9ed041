import { once } from 'node:events';
import net from 'node:net';
import { expect, test } from '@jest/globals';
import { until } from '@trino-gateway/testing/processes/until';
import { listenForClients, type OnRequest } from '../listeners/listener.ts';
import { createByteBudget } from './byte-budget.ts';
import { createUnfinishedHeads } from './unfinished-heads.ts';

const anyPort = { host: '127.0.0.1', port: 0 };
const start = 'GET / HTTP/1.1\r\nHost: gw\r\nX-Long: ';
const answer: OnRequest = (request, response) => {
  request.resume();
  request.on('end', () => response.end('fine'));
};

async function connect(port: number, text: string) {
  const socket = net.connect(port, '127.0.0.1');
  let received = '';
  socket.on('error', () => {});
  socket.on('data', (chunk) => {
    received += chunk;
  });
  await once(socket, 'connect');
  await new Promise((resolve) => socket.write(text, resolve));
  return { socket, received: () => received };
}

const headsOf = (bytes: number) => {
  const budget = createByteBudget(bytes, bytes);
  const heads = createUnfinishedHeads(budget);
  const checking = setInterval(heads.check, 5);
  return { budget, heads, [Symbol.dispose]: () => clearInterval(checking) };
};

test('an arriving head counts against the budget; a connection whose head does not fit is closed, and others are served', async () => {
  using watched = headsOf(1_000_000);
  const { budget, heads } = watched;
  await using listener = await listenForClients(anyPort, answer, { heads, graceMs: 100 });
  const first = await connect(listener.port, start + 'x'.repeat(100_000));
  await until('the bytes are counted', () => budget.taken() > 99_000);
  const long = await connect(listener.port, start + 'x'.repeat(1_500_000));
  await until('the connection is closed', () => long.socket.destroyed);
  expect(heads.refused()).toBe(1);
  await until('the bytes of the head are released', () => budget.taken() < 101_000);
  first.socket.write('\r\n\r\n');
  await until('the answer has come', () => first.received().includes('fine'));
  expect(budget.taken()).toBe(0);
  first.socket.destroy();
});

test.each([
  ['a long head that has ended', `${start}${'x'.repeat(90_000)}\r\n\r\n`, ''],
  [
    'a body',
    `POST / HTTP/1.1\r\nHost: gw\r\nContent-Length: 3000000\r\n\r\n${'x'.repeat(2_900_000)}`,
    'x'.repeat(100_000),
  ],
  [
    'a body of unknown length',
    `POST / HTTP/1.1\r\nHost: gw\r\nTransfer-Encoding: chunked\r\n\r\n2dc6c0\r\n${'x'.repeat(2_900_000)}`,
    `${'x'.repeat(100_000)}\r\n0\r\n\r\n`,
  ],
])('%s does not count, but the head that follows on the connection does', async (_, text, rest) => {
  using watched = headsOf(100_000);
  const { budget, heads } = watched;
  await using listener = await listenForClients(anyPort, answer, { heads, graceMs: 100 });
  const client = await connect(listener.port, text);
  client.socket.write(rest);
  await until('the answer has come', () => client.received().includes('fine'));
  expect([budget.taken(), heads.refused()]).toEqual([0, 0]);
  client.socket.write(start + 'x'.repeat(300_000));
  await until('the connection is closed', () => client.socket.destroyed);
  expect(heads.refused()).toBe(1);
  await until('the budget is free again', () => budget.taken() === 0);
});
