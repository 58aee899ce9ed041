import http from 'node:http';
import http2 from 'node:http2';
import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';
import { startTestGatewayserver, type TestGatewayserver } from '../support/gatewayserver-fixture.ts';

jest.setTimeout(120_000); // a busy machine starts a server slowly

type Headers = Record<string, string>;
type Request = { method?: string; path?: string; headers?: Headers; body?: string };

const CONNECT = '/trinogateway.v1.BackendService';
const JSON_TYPE = { 'content-type': 'application/json' };
const DISABLE = '/api/v1/backends/b0:disable';
const EVENT = '{"metadata":{"queryId":"20261121_080808_00001_abcde","queryState":"QUEUED"}}';

/** Sends exactly these headers, which fetch would not, and answers the status. */
function send(url: string, { method = 'GET', path = '/', headers = {}, body = '' }: Request): Promise<number> {
  return new Promise((resolve, reject) => {
    const request = http.request(new URL(url), { method, path, headers, agent: false }, (answer) =>
      resolve(answer.resume().statusCode ?? 0),
    );
    request.on('error', reject).end(body);
  });
}

async function sendH2(url: string, headers: http2.OutgoingHttpHeaders, body = ''): Promise<number> {
  const session = http2.connect(url);
  const stream = session.request(headers);
  const status = new Promise<number>((resolve, reject) => {
    stream.on('response', (answer) => resolve(Number(answer[':status']))).on('error', reject);
  });
  stream.resume().end(body);
  try {
    return await status;
  } finally {
    session.destroy();
  }
}

let server: TestGatewayserver;
const enabled = async () => (await server.ok('BackendService/GetBackend', { id: 'b0' })).enabled;

describe('without a token', () => {
  beforeAll(async () => {
    server = await startTestGatewayserver();
    await server.ok('BackendService/PutBackend', { backend: { id: 'b0', url: 'http://b0' } });
  });
  afterAll(async () => {
    await server[Symbol.asyncDispose]();
  });
  const port = () => new URL(server.url).port;

  /** Every kind of thing that the port serves, with all that it needs of its own. */
  const REQUESTS: [string, Request][] = [
    ['a REST read', { path: '/api/v1/backends' }],
    ['a REST put', { method: 'PUT', path: '/api/v1/backends/b1', headers: JSON_TYPE, body: '{"url":"http://b1"}' }],
    ['a REST delete', { method: 'DELETE', path: '/api/v1/backends/b1' }],
    ['a REST switch', { method: 'POST', path: '/api/v1/backends/b0:enable', headers: JSON_TYPE }],
    ['a Connect call', { method: 'POST', path: `${CONNECT}/ListBackends`, headers: JSON_TYPE, body: '{}' }],
    ['a Connect read by GET', { path: `${CONNECT}/ListBackends?encoding=json&message=%7B%7D` }],
    [
      'a gRPC-web call',
      {
        method: 'POST',
        path: `${CONNECT}/ListBackends`,
        headers: { 'content-type': 'application/grpc-web+proto' },
        body: '\0\0\0\0\0',
      },
    ],
    ['health', { method: 'POST', path: '/grpc.health.v1.Health/Check', headers: JSON_TYPE, body: '{}' }],
    ['an event of a cluster', { method: 'POST', path: '/v1/trino/events', headers: JSON_TYPE, body: EVENT }],
    ['the OpenAPI document', { path: '/admin/openapi.json' }],
    ['the API page', { path: '/admin/swaggerui/' }],
  ];
  const tried = async (request: Request, headers: Headers): Promise<number> => {
    await server.ok('BackendService/PutBackend', { backend: { id: 'b1', url: 'http://b1' } });
    return send(server.url, { ...request, headers: { ...request.headers, ...headers } });
  };

  describe.each(REQUESTS)('%s', (_name, request) => {
    test.each(['localhost', 'LocalHost.:8000', '127.0.0.1', '127.1.2.3:1', '[::1]:8000', 'gateway.localhost:8000'])(
      'is served under %s, a name of this machine',
      async (host) => {
        expect(await tried(request, { host })).toBe(200);
      },
    );

    test.each([
      'attacker.example',
      '192.0.2.7:8000',
      'localhost.attacker.example',
      '0.0.0.0:8000',
      '127.0.0.1.nip.example',
    ])('is refused under %s, a name that another site may have', async (host) => {
      expect(await tried(request, { host })).toBe(403);
    });

    test('is refused to pages of other origins', async () => {
      const host = `localhost:${port()}`;
      for (const origin of ['https://attacker.example', 'http://localhost:3000', `http://127.0.0.1:${port()}`, 'null'])
        expect([origin, await tried(request, { host, origin })]).toEqual([origin, 403]);
      for (const site of ['cross-site', 'same-site'])
        expect([site, await tried(request, { host, 'sec-fetch-site': site })]).toEqual([site, 403]);
    });

    test('is served to its own pages', async () => {
      const host = `localhost:${port()}`;
      const own = { host, origin: `http://${host}`, 'sec-fetch-site': 'same-origin', 'sec-fetch-mode': 'cors' };
      expect(await tried(request, own)).toBe(200);
      expect(await tried(request, { host, 'sec-fetch-site': 'none' })).toBe(200);
    });
  });

  test('a call that a form could send changes nothing, whatever the form says', async () => {
    const types = [undefined, 'text/plain', 'application/x-www-form-urlencoded', 'multipart/form-data; boundary=x'];
    for (const type of [...types, 'text/plain; application/json'])
      expect([
        type,
        await send(server.url, { method: 'POST', path: DISABLE, headers: type ? { 'content-type': type } : {} }),
      ]).toEqual([type, 415]);
    expect(await enabled()).toBe(true);
  });

  test.each([
    ['content-type', 'application/json'],
    ['content-type', 'application/json; charset=utf-8'],
    ['x-requested-with', 'curl'],
    ['connect-protocol-version', '1'],
    ['authorization', 'Bearer whatever'],
  ])('a call without a body is accepted with %s: %s, which no form has', async (name, value) => {
    expect(await send(server.url, { method: 'POST', path: DISABLE, headers: { [name]: value } })).toBe(200);
    expect(await enabled()).toBe(false);
    await server.ok('BackendService/EnableBackend', { id: 'b0' });
  });

  test('a call without a body is accepted from the API page', async () => {
    const host = `localhost:${port()}`;
    const own = { host, origin: `http://${host}`, 'sec-fetch-site': 'same-origin' };
    expect(await send(server.url, { method: 'POST', path: DISABLE, headers: own })).toBe(200);
    expect(await enabled()).toBe(false);
    await server.ok('BackendService/EnableBackend', { id: 'b0' });
  });

  test('no call that changes something accepts what a form can send', async () => {
    for (const type of ['text/plain', 'application/x-www-form-urlencoded', 'multipart/form-data; boundary=x'])
      for (const path of [`${CONNECT}/DisableBackend`, '/v1/trino/events'])
        expect([
          path,
          await send(server.url, { method: 'POST', path, headers: { 'content-type': type }, body: '{"id":"b0"}' }),
        ]).toEqual([path, 415]);
    expect(await enabled()).toBe(true);
  });

  test('no preflight is allowed', async () => {
    const asked = { 'access-control-request-method': 'POST', 'access-control-request-headers': 'content-type' };
    for (const origin of ['https://attacker.example', server.url]) {
      const answer = await fetch(server.url + DISABLE, { method: 'OPTIONS', headers: { origin, ...asked } });
      expect([...answer.headers.keys()].filter((name) => name.startsWith('access-control-'))).toEqual([]);
    }
  });

  test('a link of another site may lead to the page, and changes nothing', async () => {
    const link = { 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'navigate' };
    expect(await send(server.url, { path: '/admin/swaggerui/', headers: link })).toBe(200);
    expect(await send(server.url, { method: 'POST', path: DISABLE, headers: { ...JSON_TYPE, ...link } })).toBe(403);
    expect(await enabled()).toBe(true);
  });

  test('every header in which a request names its host counts', async () => {
    const path = 'http://attacker.example/api/v1/backends';
    expect(await send(server.url, { path, headers: { host: 'localhost' } })).toBe(403);
    expect(await send(server.url, { path: '/api/v1/backends', headers: { host: 'local host' } })).toBe(400);
    const call = { ':method': 'POST', ':path': `${CONNECT}/ListBackends`, 'content-type': 'application/grpc' };
    expect(await sendH2(server.url, { ...call, ':authority': 'localhost:1' }, '\0\0\0\0\0')).toBe(200);
    expect(await sendH2(server.url, { ...call, ':authority': 'attacker.example' }, '\0\0\0\0\0')).toBe(403);
    expect(await sendH2(server.url, { ...call, ':authority': 'localhost', host: 'attacker.example' })).toBe(403);
  });

  test('a refusal says why, and what to do', async () => {
    const refusal = async (init: RequestInit) => (await (await fetch(server.url + DISABLE, init)).json()) as object;
    expect(await refusal({ method: 'POST', headers: { origin: 'https://attacker.example' } })).toEqual({
      code: 'permission_denied',
      message: expect.stringMatching(/^origin: expected .*gatewayserver\.admin_token is not set/),
    });
    expect(await refusal({ method: 'POST' })).toEqual({
      code: 'invalid_argument',
      message: expect.stringMatching(/^content-type: expected application\/json, .*admin_token is not set/),
    });
  });
});

test('with allow_open any name is served, and pages of other origins are still refused', async () => {
  await using open = await startTestGatewayserver({ allow_open: 'true' });
  const get = (headers: Headers) => send(open.url, { path: '/api/v1/backends', headers });
  expect(await get({ host: 'gateway.example' })).toBe(200);
  expect(await get({ host: 'gateway.example', origin: 'http://gateway.example:80' })).toBe(200);
  expect(await get({ host: 'gateway.example', origin: 'https://attacker.example' })).toBe(403);
  expect(await send(open.url, { method: 'POST', path: DISABLE, headers: { host: 'gateway.example' } })).toBe(415);
});

test('with a token, the token alone counts', async () => {
  await using guarded = await startTestGatewayserver({ admin_token: 'admin-secret', open_reads: 'true' });
  await guarded.post(
    'BackendService/PutBackend',
    { backend: { id: 'b0', url: 'http://b0' } },
    { 'x-auth-key': 'admin-secret' },
  );
  const token = { 'x-auth-key': 'admin-secret', host: 'gateway.example', origin: 'https://console.example' };
  expect(await send(guarded.url, { method: 'POST', path: DISABLE, headers: token })).toBe(200);
  expect(await send(guarded.url, { method: 'POST', path: DISABLE, headers: { host: 'localhost' } })).toBe(401);
  expect(await send(guarded.url, { path: '/api/v1/backends', headers: { host: 'gateway.example' } })).toBe(200);
});
