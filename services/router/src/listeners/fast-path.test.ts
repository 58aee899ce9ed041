import { connect } from 'node:net';
import { expect, test } from '@jest/globals';
import { until } from '@trino-gateway/testing/processes/until';
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
