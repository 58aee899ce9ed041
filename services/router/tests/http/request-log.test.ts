import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, test } from '@jest/globals';
import { silentLogger } from '@trino-gateway/runtime';
import { until } from '@trino-gateway/testing/processes/until';
import { createClientView } from '../../src/http/client-address.ts';
import { createRequestLog, type RequestLogOptions } from '../../src/http/request-log.ts';
import { answerError, answerText, HttpError } from '../../src/http/responses.ts';
import { ask } from '../support/client.ts';

/** A server that answers as the test says, and what is logged of its requests. */
async function start(options: Partial<RequestLogOptions>, handle: (response: http.ServerResponse) => unknown) {
  const lines: [string, Record<string, unknown>][] = [];
  const { watch } = createRequestLog({
    share: 0,
    mostPerSecond: 1_000,
    clientView: createClientView({ trustedProxies: [] }),
    logger: { ...silentLogger, info: (message, fields = {}) => void lines.push([message, fields]) },
    random: () => 0.5,
    ...options,
  });
  const server = http.createServer((_, response) => {
    watch(response, 8080);
    handle(response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return { url, lines, [Symbol.asyncDispose]: async () => void server.close().closeAllConnections() };
}

test.each([
  [0, 0],
  [0.5, 0],
  [0.51, 1],
  [1, 1],
])('of a share of %d requests at that chance %d are logged', async (share, count) => {
  await using log = await start({ share }, (response) => answerText(response, 200, 'x'));
  await ask(`${log.url}/v1/info?x=1`, { headers: ['X-Trino-User', 'ann'] });
  await new Promise(setImmediate);
  await until('the line', () => log.lines.length === count);
  if (count === 0) return;
  expect(log.lines[0]).toEqual([
    'a request was answered',
    {
      method: 'GET',
      path: '/v1/info',
      user: 'ann',
      client: '127.0.0.1',
      listener: 8080,
      http: '1.1',
      status: 200,
      ms: expect.any(Number),
    },
  ]);
});

test.each<[string, (response: http.ServerResponse) => unknown, number | undefined]>([
  ['an error of a cluster, passed on', (response) => answerText(response, 503, 'busy'), undefined],
  ['a link that leads nowhere', (response) => answerError(response, 404), undefined],
  ['a refusal', (response) => answerError(response, 503, "no room for 'x'"), 503],
  ['a refusal that was thrown', (response) => new HttpError(403, 'no').answer(response), 403],
])('without the access log only what the router itself refuses is logged: %s', async (_what, handle, status) => {
  await using log = await start({}, handle);
  await ask(log.url, { headers: ['Authorization', `Basic ${Buffer.from('bob:secret').toString('base64')}`] });
  await ask(log.url);
  await until('the lines', () => log.lines.length === (status === undefined ? 0 : 2));
  if (status === undefined) return;
  expect(log.lines[0]).toEqual(['a request was refused', expect.objectContaining({ status, user: 'bob', path: '/' })]);
  expect(JSON.stringify(log.lines)).not.toMatch(/secret|'x'/);
});

test('a client that hangs up has no status', async () => {
  const hangUp = new AbortController();
  await using log = await start({ share: 1 }, () => hangUp.abort());
  await ask(log.url, { signal: hangUp.signal }).catch(() => undefined);
  await until('the line', () => log.lines.length === 1);
  expect(log.lines[0]).toEqual(['a client hung up', expect.not.objectContaining({ status: expect.anything() })]);
});

test('a user name of a megabyte, and a flood, cost a bounded log', async () => {
  await using log = await start({ share: 1, mostPerSecond: 5 }, (response) => answerText(response, 200, ''));
  for (let n = 0; n < 20; n++) await ask(log.url, { headers: ['X-Trino-User', 'a'.repeat(10_000)] });
  await until('the lines', () => log.lines.length >= 5);
  expect(log.lines.length).toBeLessThan(20);
  expect(JSON.stringify(log.lines[0]).length).toBeLessThan(500);
});
