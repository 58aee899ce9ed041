import { once } from 'node:events';
import { connect } from 'node:net';
import { expect, test } from '@jest/globals';
import { until } from '@trino-gateway/testing/processes/until';
import { listenForClients } from './listener.ts';
import { createRequestOrder } from './request-order.ts';

const WRITES = 1_000_000;
const AT_ONCE = 2_000;

/** Polls, as many as have so many bytes; a statement now and then. */
function requests(bytes: number): Buffer {
  const poll = 'GET /v1/statement/executing/a/y/1 HTTP/1.1\r\nHost: gw\r\nX-Trino-User: alice\r\n\r\n';
  const statement = 'POST /v1/statement HTTP/1.1\r\nHost: gw\r\nContent-Length: 8\r\n\r\nSELECT 1';
  return Buffer.from((poll.repeat(9) + statement).repeat(Math.ceil(bytes / (poll.length * 9 + statement.length))));
}

test('a million writes of one byte each are as many requests as their bytes make, one after the other', async () => {
  const all = requests(WRITES);
  const count = all.toString('latin1').match(/HTTP\/1\.1/g)?.length ?? 0;
  let served = 0;
  await using listener = await listenForClients(
    { host: '127.0.0.1', port: 0 },
    (request, response) => {
      served += 1;
      request.resume();
      response.end('ok');
    },
    { fastPath: true, order: createRequestOrder(count) },
  );
  const socket = connect({ port: listener.port, host: '127.0.0.1', noDelay: true });
  await once(socket, 'connect');
  let received = '';
  socket.setEncoding('latin1').on('data', (text: string) => {
    received += text;
  });
  for (let at = 0; at < all.length; at++) {
    const hasRoom = socket.write(all.subarray(at, at + 1));
    if (!hasRoom) await once(socket, 'drain');
    else if (at % AT_ONCE === 0) await new Promise((resolve) => setImmediate(resolve));
  }
  const answers = () => received.match(/HTTP\/1\.1 200/g)?.length;
  // In chunks by our own reader, with a length by Node's, which has the connection from when requests are behind each other.
  const isWhole = () => answers() === count && /\r\n(?:0\r\n\r\n|\r\nok)$/.test(received);
  await until('all to be answered, each to its end', isWhole);
  expect(served).toBe(count);
  socket.destroy();
}, 300_000);
