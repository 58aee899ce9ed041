import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { expect, test } from '@jest/globals';
import { leaveBytes, takeBytes, withSharedReads } from './shared-reads.ts';

const turn = () => new Promise((resolve) => setImmediate(resolve));
const untilTrue = async (holds: () => boolean) => {
  while (!holds()) await turn();
};

async function serve(onConnection: (socket: Socket) => void) {
  const server = createServer({ allowHalfOpen: true }, (accepted) => {
    const socket = withSharedReads(accepted);
    socket.on('end', () => socket.end());
    onConnection(socket);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return { server, open: () => connect((server.address() as AddressInfo).port, '127.0.0.1').setNoDelay() };
}

test('what connections send in turn reaches the reader of each, and is no longer its own after the call', async () => {
  const got: string[] = [];
  const kept: Buffer[] = [];
  const { server, open } = await serve((socket) => {
    const at = got.push('') - 1;
    takeBytes(socket, (bytes) => {
      got[at] += bytes.toString();
      kept.push(bytes);
    });
  });
  const clients = [open(), open()];
  await untilTrue(() => got.length === 2);
  for (let n = 0; n < 20; n++) {
    clients[n % 2]?.write(`${n},`);
    await untilTrue(() => got.join('').includes(`${n},`));
  }
  expect(got.toSorted()).toEqual(['0,2,4,6,8,10,12,14,16,18,', '1,3,5,7,9,11,13,15,17,19,']);
  expect(new Set(kept.map(({ buffer }) => buffer)).size).toBe(1);
  for (const client of clients) client.destroy();
  server.close();
  await once(server, 'close');
});

test('a connection that is left to others is a stream like any other, with what came since', async () => {
  let accepted: Socket | undefined;
  const first: string[] = [];
  const { server, open } = await serve((socket) => {
    accepted = socket;
    const take = (bytes: Buffer) => {
      first.push(bytes.toString());
      leaveBytes(socket, take);
    };
    takeBytes(socket, take);
  });
  const client = open();
  client.write('for the reader');
  await untilTrue(() => first.length === 1);
  client.write('for the stream');
  await untilTrue(() => (accepted?.readableLength ?? 0) > 0);
  client.end('x'.repeat(200_000));
  let rest = '';
  for await (const bytes of accepted as Socket) rest += bytes;
  expect(first).toEqual(['for the reader']);
  expect(rest).toBe(`for the stream${'x'.repeat(200_000)}`);
  server.close();
  await once(server, 'close');
});

test('a paused connection is not read, and its server is closed when it is', async () => {
  let accepted: Socket | undefined;
  let length = 0;
  const { server, open } = await serve((socket) => {
    accepted = socket;
    takeBytes(socket, (bytes) => {
      length += bytes.length;
      socket.pause();
    });
  });
  const client = open();
  client.write(Buffer.alloc(300_000));
  await untilTrue(() => length > 0);
  const before = length;
  for (let n = 0; n < 20; n++) await turn();
  expect(length).toBe(before);
  while (length < 300_000) {
    accepted?.resume();
    await turn();
  }
  let isClosed = false;
  server.close(() => {
    isClosed = true;
  });
  for (let n = 0; n < 5; n++) await turn();
  expect(isClosed).toBe(false);
  accepted?.resume();
  client.destroy();
  await once(server, 'close');
});
