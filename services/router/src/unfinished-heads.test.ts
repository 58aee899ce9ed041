import { once } from 'node:events';
import net from 'node:net';
import { expect, test } from '@jest/globals';
import { until } from '../tests/fake-gatewayserver.ts';
import { listenForClients, type OnRequest } from './client-listener.ts';
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

test('heads that arrive without end are closed, the longest first, and others are served', async () => {
  using heads = createUnfinishedHeads(1_000_000);
  await using listener = await listenForClients(anyPort, answer, { heads, graceMs: 100 });
  const short = await connect(listener.port, start + 'x'.repeat(100_000));
  const long = await connect(listener.port, start + 'x'.repeat(1_500_000));
  await once(long.socket, 'close');
  expect(heads.refused()).toBe(1);
  short.socket.write('\r\n\r\n');
  await until(() => short.received().includes('fine'));
  short.socket.destroy();
});

test.each([
  ['a long head that has ended', `${start}${'x'.repeat(900_000)}\r\n\r\n`],
  ['a body', `POST / HTTP/1.1\r\nHost: gw\r\nContent-Length: 3000000\r\n\r\n${'x'.repeat(2_900_000)}`],
  [
    'a body of unknown length',
    `POST / HTTP/1.1\r\nHost: gw\r\nTransfer-Encoding: chunked\r\n\r\n2dc6c0\r\n${'x'.repeat(2_900_000)}`,
  ],
])('%s is none of them, but the head that follows on the connection is', async (_, text) => {
  using heads = createUnfinishedHeads(100_000);
  await using listener = await listenForClients(anyPort, answer, { heads, graceMs: 100 });
  const client = await connect(listener.port, text);
  const other = await connect(listener.port, start + 'x'.repeat(150_000));
  await once(other.socket, 'close'); // it was looked at
  expect(client.socket.destroyed).toBe(false);
  if (text.startsWith('POST')) client.socket.write('x'.repeat(100_000));
  if (text.includes('chunked')) client.socket.write('\r\n0\r\n\r\n');
  await until(() => client.received().includes('fine'));
  client.socket.write(start + 'x'.repeat(300_000));
  await once(client.socket, 'close');
  expect(heads.refused()).toBe(2);
});
