import { once } from 'node:events';
import http, { type ServerResponse } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { expect, test } from '@jest/globals';
import { until } from '@trino-gateway/testing/processes/until';
import { giveUpUntaken } from './untaken-answers.ts';

test('an answer whose client takes nothing is given up after its time, one that is written or taken is not', async () => {
  const underWay = new Set<ServerResponse>();
  const gone: string[] = [];
  const server = http.createServer(({ url = '' }, response) => {
    underWay.add(response);
    response.once('close', () => {
      underWay.delete(response);
      if (!response.writableFinished) gone.push(url);
    });
    if (url === '/begun') response.write('x');
    else response.end(Buffer.alloc(url === '/frozen' ? 50_000_000 : 10));
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  using _ = giveUpUntaken(underWay, { afterMs: 100, everyMs: 10 });
  const sockets = ['/begun', '/taken', '/frozen'].map((path) => {
    const socket = connect((server.address() as AddressInfo).port, '127.0.0.1').on('error', () => {});
    socket.write(`GET ${path} HTTP/1.1\r\nHost: x\r\n\r\n`);
    return path === '/frozen' ? socket.pause() : socket.resume();
  });
  try {
    await until('the frozen one to be given up', () => gone.length > 0);
    expect([gone, underWay.size]).toEqual([['/frozen'], 1]);
  } finally {
    for (const socket of sockets) socket.destroy();
    server.close().closeAllConnections();
  }
});
