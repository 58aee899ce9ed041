import { once } from 'node:events';
import { connect } from 'node:net';
import { expect, test } from '@jest/globals';
import { listenHttp } from '../index.ts';

test('a client that has gone is noticed in time, though its connection said no more than that of a half-closed one', async () => {
  const arrived = Promise.withResolvers<void>();
  const gone = Promise.withResolvers<void>();
  await using listener = await listenHttp({ host: '127.0.0.1', port: 0 }, (_request, response) => {
    response.once('close', gone.resolve);
    arrived.resolve();
  });
  const socket = connect({ port: listener.port, host: '127.0.0.1' });
  socket.write('GET / HTTP/1.1\r\nHost: a\r\n\r\n');
  await arrived.promise;
  socket.destroy();
  await once(socket, 'close');
  const began = performance.now();
  await gone.promise;
  expect(performance.now() - began).toBeLessThan(10_000);
}, 30_000);
