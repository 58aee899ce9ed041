import http2 from 'node:http2';
import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';
import { PATH_FIELD } from '@trino-gateway/api/http-routes';
import { VERSION } from '@trino-gateway/runtime/version';
import { CALLS, nameOf, PUBLIC_RPCS, ROUTES, restCall, storeObjects } from '../support/contract-calls.ts';
import { startTestGatewayserver, type TestGatewayserver } from '../support/gatewayserver-fixture.ts';
import { deviation } from '../support/openapi-answers.ts';

jest.setTimeout(120_000); // a busy machine starts a server slowly

const ADMIN = { 'x-auth-key': 'admin-secret' };

let server: TestGatewayserver;
beforeAll(async () => {
  server = await startTestGatewayserver({ admin_token: 'admin-secret', read_token: 'read-secret' });
});
afterAll(async () => {
  await server[Symbol.asyncDispose]();
});

async function rest(method: string, path: string, body?: unknown, headers: Record<string, string> = ADMIN) {
  const answer = await fetch(server.url + path, {
    method,
    headers: { ...(body !== undefined && { 'content-type': 'application/json' }), ...headers },
    ...(body !== undefined && { body: typeof body === 'string' ? body : JSON.stringify(body) }),
  });
  const text = await answer.text();
  return { status: answer.status, headers: answer.headers, text, body: text === '' ? undefined : JSON.parse(text) };
}

test('the version is that of the suite', async () => {
  expect((await rest('GET', '/api/v1/version')).body).toEqual({ version: VERSION });
});

test('the tables name every public call', () => {
  expect(Object.keys(CALLS).toSorted()).toEqual(PUBLIC_RPCS.map(nameOf).toSorted());
});

test('the secrets of a probe are written, and never read, by REST', async () => {
  const probe = { user: 'u', token: 'hunter2' };
  const put = await rest('PUT', '/api/v1/backends/tokens', { url: 'https://s', probe });
  expect(put.body.probe).toEqual({ kind: 'SQL', user: 'u', token: '********' });
  for (const path of ['/api/v1/backends/tokens', '/api/v1/backends'])
    expect((await rest('GET', path)).text).not.toContain('hunter2');
});

test('the token file of a probe is no secret: it is read as it was written; only one login is taken', async () => {
  const probe = { tokenFile: '/run/tokens/blue' };
  const put = await rest('PUT', '/api/v1/backends/token-file', { url: 'https://s', probe });
  expect(put.body.probe).toEqual({ kind: 'SQL', ...probe });
  expect((await rest('GET', '/api/v1/backends/token-file')).body.probe).toEqual(put.body.probe);
  for (const wrong of [{ token: '********' }, { user: 'u', password: 'p' }, { tokenFile: 'tokens/blue' }]) {
    const { status, text } = await rest('PUT', '/api/v1/backends/bad', {
      url: 'https://s',
      probe: { ...probe, ...wrong },
    });
    expect([status, text.includes('backend.probe.token_file')]).toEqual([400, true]);
  }
});

test.each([
  ['{"token": 5141}', '5141'],
  ['{"token": ["hunter2"]}', 'hunter2'],
  ['{"token": "Bearer hunter2"}', 'hunter2'],
  ['{"token": "hunter2\\r\\nX-Evil: 1"}', 'hunter2'],
  ['{"user": "u", "password": "hunter2", "token": "hunter3"}', 'hunter'],
  ['{"kind": "hunter2", "token": "hunter3"}', 'hunter3'],
  [`{"token": "${'hunter2'.repeat(20_000)}"}`, 'hunter2'],
])('a bad probe is refused, and its secret is not in the answer: %#', async (probe, secret) => {
  const { status, text } = await rest('PUT', '/api/v1/backends/bad', `{"url": "https://s", "probe": ${probe}}`);
  expect([status, text.length < 1_000, text.includes(secret)]).toEqual([400, true, false]);
});

describe('every call as REST and as Connect', () => {
  test.each(ROUTES.map((route) => [nameOf(route.rpc), route] as const))('%s', async (name, route) => {
    const { rpc, template, verb } = route;
    const request = CALLS[name]?.request ?? {};
    await storeObjects(server, ADMIN);
    const call = restCall(route, request);
    const asRest = await rest(call.method, call.path, call.body);
    await storeObjects(server, ADMIN);
    const asConnect = await server.post(name, request, ADMIN);
    expect([asRest.status, asConnect.status]).toEqual([200, 200]);
    const timeless = (body: unknown) =>
      JSON.stringify(body)
        .replaceAll(/[\d-]{10}T[\d:.]+Z/g, 'time')
        .replaceAll(/"longestWaitMs":\d+/g, '"longestWaitMs":1')
        .replaceAll(/"present":(\d+|true),/g, '');
    expect(timeless(asRest.body)).toBe(timeless(asConnect.body));
    const documented = template.replaceAll(PATH_FIELD, (_, field: string) => `{${field.split('.').at(-1)}}`);
    expect(deviation(documented, verb, 200, asRest.body)).toBe('');
    expect(deviation(`/${rpc.parent.typeName}/${rpc.name}`, 'POST', 200, asConnect.body)).toBe('');
  });
});

describe('a request', () => {
  beforeAll(() => storeObjects(server, ADMIN));

  test('may name query parameters as JSON or as the contract does', async () => {
    const one = await rest('GET', '/api/v1/backends?pageSize=1');
    expect(one.body.backends).toHaveLength(1);
    const next = await rest('GET', `/api/v1/backends?page_size=1&page_token=${one.body.nextPageToken}`);
    expect(next.body).toMatchObject({ backends: [{ id: 'loose' }] });
  });

  test('by HEAD is answered as by GET, without the body', async () => {
    const [get, head] = [await rest('GET', '/api/v1/backends/b'), await rest('HEAD', '/api/v1/backends/b')];
    expect([head.status, head.text]).toEqual([200, '']);
    expect(head.headers.get('content-length')).toBe(String(get.text.length));
    expect(head.headers.get('content-type')).toBe('application/json');
    expect((await rest('HEAD', '/api/v1/backends/gone')).status).toBe(404);
  });

  test('may come over HTTP/2 without TLS', async () => {
    const session = http2.connect(server.url);
    try {
      const stream = session.request({
        ':method': 'PUT',
        ':path': '/api/v1/groups/two',
        'content-type': 'application/json; charset=utf-8',
        authorization: 'Bearer admin-secret',
      });
      stream.end(JSON.stringify({ backendIds: ['b'] }));
      const status = new Promise((resolve) => stream.once('response', (headers) => resolve(headers[':status'])));
      let text = '';
      for await (const chunk of stream.setEncoding('utf8')) text += chunk;
      expect([await status, JSON.parse(text)]).toEqual([200, expect.objectContaining({ id: 'two' })]);
    } finally {
      session.close();
    }
  });

  test('may encode the id in its path, and may repeat it in its body but not contradict it', async () => {
    const url = 'http://b';
    expect((await rest('PUT', '/api/v1/backends/%62', { url })).body.id).toBe('b');
    expect((await rest('PUT', '/api/v1/backends/b', { url, id: 'b' })).status).toBe(200);
    const other = await rest('PUT', '/api/v1/backends/b', { url, id: 'c' });
    expect([other.status, other.body.message]).toEqual([
      400,
      'backend.id: expected nothing or "b" as in the path, got "c"',
    ]);
    const mark = await rest('POST', '/api/v1/backends/b:markHealthy', { id: 'c' });
    expect([mark.status, mark.body.message]).toEqual([400, 'id: expected nothing or "b" as in the path, got "c"']);
  });

  test('needs no body where every field may be absent', async () => {
    expect((await rest('POST', '/api/v1/backends/b:markHealthy')).status).toBe(200);
    expect((await rest('POST', '/api/v1/backends/b:enable', {})).status).toBe(200);
  });

  test('is answered so that no cache stores it', async () => {
    expect((await rest('GET', '/api/v1/backends/b')).headers.get('cache-control')).toBe('no-store');
  });

  test('with a malformed Host is refused, and the process goes on', async () => {
    for (const path of ['/api/v1/backends', '/trinogateway.v1.BackendService/ListBackends']) {
      const { port } = new URL(server.url);
      expect(await rawAnswer(Number(port), `GET ${path} HTTP/1.1\r\nHost: a b\r\nConnection: close\r\n\r\n`)).toMatch(
        /^HTTP\/1\.1 400 /,
      );
    }
    expect((await rest('GET', '/api/v1/backends/b')).status).toBe(200);
  });
});

describe('a request that is not REST', () => {
  test.each([
    ['GET', '/api/v1', 404],
    ['GET', '/api/v1/backends/', 404],
    ['GET', '/api/v1/nothing', 404],
    ['GET', '/api/v2/backends', 404],
    ['POST', '/api/v1/backends/b:explode', 404],
    ['GET', '/api/v1/backends/b:enable', 405],
    ['POST', '/api/v1/backends', 405],
    ['GET', '/api/v1/backends/%zz', 400],
    ['GET', '/api/v1/backends/a%2Fb', 400],
    ['GET', '/api/v1/backends/%00', 400],
  ])('%s %s is answered %i', async (method, path, status) => {
    const answer = await rest(method, path);
    expect([answer.status, Object.keys(answer.body)]).toEqual([status, ['code', 'message']]);
  });

  test('a wrong method is answered with the allowed ones', async () => {
    expect((await rest('POST', '/api/v1/backends/b')).headers.get('allow')).toBe('PUT, GET, HEAD, DELETE');
  });

  test.each(['', '{', '[]', 'null', '"text"', '\ufeff{}', `${'['.repeat(100_000)}`])('the body %.20j', async (text) => {
    const { status, body } = await rest('PUT', '/api/v1/backends/b', text);
    expect([status, body.code]).toEqual([400, 'invalid_argument']);
  });

  test('JSON that is nested too deep is refused', async () => {
    const deep = `{"labels": ${'['.repeat(200_000)}${']'.repeat(200_000)}}`;
    expect((await rest('PUT', '/api/v1/backends/b', deep)).status).toBe(400);
    expect((await server.post('BackendService/PutBackend', `{"backend": ${deep}}`, ADMIN)).status).toBe(400);
  });

  test('a body that is too large is refused; without a token it is not even read', async () => {
    const large = `{"url": "${'x'.repeat(17 * 1024 * 1024)}"}`;
    const { status, body } = await rest('PUT', '/api/v1/backends/b', large);
    expect([status, body.code]).toEqual([413, 'resource_exhausted']);
    expect((await rest('PUT', '/api/v1/backends/b', '{', {})).status).toBe(401);
  });
});

async function rawAnswer(port: number, request: string): Promise<string> {
  const { connect } = await import('node:net');
  const socket = connect(port, '127.0.0.1').setEncoding('utf8');
  socket.end(request);
  let text = '';
  for await (const chunk of socket) text += chunk;
  return text;
}
