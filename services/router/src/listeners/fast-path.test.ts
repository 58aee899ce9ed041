import { once } from 'node:events';
import { type AddressInfo, connect, createServer } from 'node:net';
import { expect, test } from '@jest/globals';
import { until } from '@trino-gateway/testing/processes/until';
import type { CarriedAnswer } from '../http/carrier.ts';
import { giveUpUntaken } from '../limits/untaken-answers.ts';
import { createFastPath } from './fast-path.ts';
import { listenForClients } from './listener.ts';
import { createRequestOrder } from './request-order.ts';

const get = (target: string, more = '') => `GET ${target} HTTP/1.1\r\nHost: gw\r\nX-Trino-User: alice\r\n${more}\r\n`;

test('thousands of requests that are sent ahead are answered in their order, though another reader takes over', async () => {
  const targets = Array.from(
    { length: 3_000 },
    (_, at) => `/v1/statement/executing/20261121_080808_00130_93wed/y/${at}`,
  );
  const asked: string[] = [];
  await using listener = await listenForClients(
    { host: '127.0.0.1', port: 0 },
    (request, response) => {
      asked.push(request.url ?? '');
      setImmediate(() => response.end(`[${request.url?.split('/').at(-1)}]`));
    },
    { fastPath: true, order: createRequestOrder(targets.length) },
  );
  const socket = connect({ port: listener.port, host: '127.0.0.1' });
  let received = '';
  socket.setEncoding('latin1').on('data', (text) => {
    received += text;
  });
  socket.write(targets.map((target) => get(target)).join(''));
  await until('all to be answered', () => received.endsWith('[2999]'), 20_000);
  expect(asked).toEqual(targets);
  expect([...received.matchAll(/\[(\d+)\]/g)].map(([, at]) => Number(at))).toEqual(targets.map((_, at) => at));
}, 30_000);

test('requests of other protocols, forms and targets are served on the same port', async () => {
  await using listener = await listenForClients(
    { host: '127.0.0.1', port: 0 },
    (request, response) => void response.end(`${request.httpVersion} ${request.url}`),
    { fastPath: true },
  );
  const ask = async (bytes: string) => {
    const socket = connect({ port: listener.port, host: '127.0.0.1' });
    let received = '';
    socket.setEncoding('latin1').on('data', (text) => {
      received += text;
    });
    socket.write(bytes, 'latin1');
    await until('an answer', () => /\r\n\r\n[\s\S]+/.test(received));
    return `${received.slice(9, 12)} ${received.split('\r\n\r\n')[1]?.split('\r\n')[0]}`;
  };
  expect(await ask(get('/v1/info'))).toMatch(/^200/);
  expect(await ask(get('/ui/'))).toMatch(/^200/);
  expect(await ask(get('/v1/info', 'Upgrade: x\r\nConnection: upgrade\r\n'))).toMatch(/^200/);
  expect(await ask('GET /v1/info HTTP/1.0\r\n\r\n')).toBe('200 1.0 /v1/info');
  expect(await ask('GET /v1/info HTTP/1.1\r\n\r\n')).toMatch(/^400/);
  expect(await ask('\u0016\u0003\u0001\u0000')).toBe(
    '400 Error 400 Bad Request: A TLS handshake was sent to a port for plain HTTP',
  );
});

test('a client that stops reading its answer is given up after its time, and one that reads is not', async () => {
  const underWay = new Set<CarriedAnswer>();
  const gone: string[] = [];
  using fast = createFastPath({
    serve: ({ url = '' }, answer) => {
      underWay.add(answer);
      answer.once('close', () => {
        underWay.delete(answer);
        if (!answer.writableFinished) gone.push(url);
      });
      answer.end(Buffer.alloc(url === '/v1/frozen' ? 50_000_000 : 10));
    },
    careful: (taken) => taken.destroy(),
    keepAliveMs: 60_000,
    firstRequestMs: 60_000,
  });
  await using server = createServer((socket) => fast.take(socket)).listen(0, '127.0.0.1');
  await once(server, 'listening');
  using _ = giveUpUntaken(underWay, { afterMs: 100, everyMs: 10 });
  const { port } = server.address() as AddressInfo;
  const [frozen, reads] = ['/v1/frozen', '/v1/read'].map((target) => {
    const socket = connect({ port, host: '127.0.0.1' }).on('error', () => {});
    socket.write(get(target));
    return target === '/v1/frozen' ? socket.pause() : socket.resume();
  });
  await until('the frozen one to be given up', () => gone.length > 0);
  await until('the other one to have its answer', () => (reads?.bytesRead ?? 0) > 0);
  expect([gone, underWay.size]).toEqual([['/v1/frozen'], 0]);
  frozen?.destroy();
  reads?.destroy();
});
