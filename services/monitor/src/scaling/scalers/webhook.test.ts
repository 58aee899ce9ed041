import { createHmac } from 'node:crypto';
import { createServer, type IncomingMessage, type RequestListener, type Server } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { create } from '@bufbuild/protobuf';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { Backend_WebhookSchema, Backend_Scaler_State as State } from '@trino-gateway/api/gateway';
import { loadConfig } from '@trino-gateway/config';
import { silentLogger as logger } from '@trino-gateway/runtime';
import { createCertificateAuthority } from '@trino-gateway/testing/tls/certificate-authority';
import { createKubernetes } from '../../kubernetes/kubernetes.ts';
import { createWebhookScaler } from './webhook.ts';

const KEY = 'a key that both sides know';
const never = new AbortController().signal;
let server: Server;
let asked: { request: IncomingMessage; body: string }[];
let answer: RequestListener;

beforeEach(async () => {
  asked = [];
  answer = (_, response) => void response.end('{"state": "RUNNING"}');
  server = createServer(async (request, response) => {
    asked.push({ request, body: (await request.toArray()).join('') });
    answer(request, response);
  });
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
});
afterEach(() => {
  server.closeAllConnections();
  server.close();
});

const scalerWith = (key: string | undefined) => {
  const { monitor } = loadConfig({ env: {}, readSecret: () => '' });
  return createWebhookScaler({ ...monitor, webhook_key: key }, { logger, kubernetes: createKubernetes({}, logger) });
};
const targetAt = (path = '/hook', scheme = 'http', port = (server.address() as AddressInfo).port) => ({
  backendId: 'one',
  isDeclared: false,
  settings: create(Backend_WebhookSchema, { url: `${scheme}://127.0.0.1:${port}${path}` }),
});

/** The recipe of docs/autoscaling.md, as a service follows it. */
function isGenuine({ request, body }: { request: IncomingMessage; body: string }, key: string): boolean {
  const time = String(request.headers['x-trino-gateway-timestamp']);
  const signed = `${time}\n${request.method}\n${request.url}\n${body}`;
  const expected = `sha256=${createHmac('sha256', key).update(signed).digest('hex')}`;
  return request.headers['x-trino-gateway-signature'] === expected && Math.abs(Date.now() / 1_000 - Number(time)) < 300;
}

test('start and stop are posted, the state is asked for, and each is signed', async () => {
  await using scaler = scalerWith(KEY) as ReturnType<typeof scalerWith> & AsyncDisposable;
  await scaler.start(targetAt(), never);
  await scaler.stop(targetAt(), never);
  expect(await scaler.state(targetAt('/hook?site=a'), never)).toBe(State.RUNNING);
  expect(asked.map(({ request, body }) => `${request.method} ${request.url} ${body}`)).toEqual([
    'POST /hook {"backend_id":"one","action":"start"}',
    'POST /hook {"backend_id":"one","action":"stop"}',
    'GET /hook?site=a&backend_id=one ',
  ]);
  expect(asked.map((one) => isGenuine(one, KEY))).toEqual([true, true, true]);
  expect(asked.map((one) => isGenuine(one, 'another'))).toEqual([false, false, false]);
});

test('without a key nothing is signed', async () => {
  await using scaler = scalerWith(undefined) as ReturnType<typeof scalerWith> & AsyncDisposable;
  await scaler.start(targetAt(), never);
  expect(Object.keys(asked[0]?.request.headers ?? {}).filter((name) => name.startsWith('x-'))).toEqual([]);
});

test.each<[string, RequestListener, string]>([
  [
    'says something else',
    (_, response) => void response.end('{"state": "UP\\u0007"}'),
    'GET: its state is "UP\\u0007": expected RUNNING, STOPPED, STARTING or STOPPING',
  ],
  [
    'says nothing',
    (_, response) => void response.end('null'),
    'GET: its state is not there: expected RUNNING, STOPPED, STARTING or STOPPING',
  ],
  ['is no JSON', (_, response) => void response.end('<html>'), 'GET: the answer is no JSON'],
  ['is an error', (_, response) => void response.writeHead(503).end('secret'), 'GET: HTTP 503'],
  ['leads elsewhere', (_, response) => void response.writeHead(302, { location: '/other' }).end(), 'GET: HTTP 302'],
  ['has no end', (_, response) => void response.end('x'.repeat(70_000)), 'GET: the answer is larger than 65536 bytes'],
])('an answer that %s is no state', async (_, given, expected) => {
  answer = given;
  await using scaler = scalerWith(KEY) as ReturnType<typeof scalerWith> & AsyncDisposable;
  await expect(scaler.state(targetAt(), never)).rejects.toThrow(new Error(expected));
  expect(asked).toHaveLength(1);
});

test('an https service whose certificate nobody vouches for gets no request', async () => {
  const { cert, key } = createCertificateAuthority().issue(['127.0.0.1']);
  let requests = 0;
  const tls = createTlsServer({ cert, key }, (_, response) => {
    requests += 1;
    response.end();
  });
  await new Promise<void>((resolve) => void tls.listen(0, '127.0.0.1', resolve));
  await using scaler = scalerWith(KEY) as ReturnType<typeof scalerWith> & AsyncDisposable;
  const { port } = tls.address() as AddressInfo;
  await expect(scaler.start(targetAt('/', 'https', port), never)).rejects.toThrow(
    'unable to verify the first certificate',
  );
  expect(requests).toBe(0);
  tls.close();
});
