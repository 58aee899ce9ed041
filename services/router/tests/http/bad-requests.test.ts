import { connect } from 'node:net';
import { describe, expect, test } from '@jest/globals';
import { startScriptedTrino } from '@trino-gateway/testing';
import { ask, post, run, user } from '../support/client.ts';
import { startStub } from '../support/stub-cluster.ts';
import { startTestbed } from '../support/testbed.ts';

/** Sends bytes and reads until the other side closes. */
function raw(port: number, bytes: string | Buffer): Promise<string> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    const chunks: Buffer[] = [];
    socket.on('error', () => {});
    socket.on('data', (chunk) => chunks.push(chunk));
    socket.on('close', () => resolve(Buffer.concat(chunks).toString()));
    socket.write(bytes);
  });
}

describe('requests that could be read in two ways', () => {
  const path = '/v1/statement/executing/20261121_080808_00130_93wed/ya/1';
  test.each(['DELETE', 'GET', 'HEAD', 'OPTIONS'])(
    '%s with a chunked body is refused and its connection closed',
    async (method) => {
      await using stub = await startStub((_request, response) => response.end());
      await using router = await startTestbed({ clusters: { stub } });
      const smuggled = 'GET /v1/info HTTP/1.1\r\nHost: a\r\n\r\n';
      const text = await raw(
        router.port,
        `${method} ${path} HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n${smuggled.length.toString(16)}\r\n${smuggled}\r\n0\r\n\r\n`,
      );
      expect(text).toMatch(/^HTTP\/1\.1 400 /);
      expect(text.match(/HTTP\/1\.1/g)).toHaveLength(1);
      expect(text).toMatch(/connection: close/i);
      expect(stub.requests).toEqual([]);
    },
  );

  test('both a length and chunks', async () => {
    await using stub = await startStub((_request, response) => response.end());
    await using router = await startTestbed({ clusters: { stub } });
    const text = await raw(
      router.port,
      'POST /v1/statement HTTP/1.1\r\nHost: a\r\nContent-Length: 8\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
    );
    expect(text).toMatch(/^HTTP\/1\.1 400 /);
    expect(stub.requests).toEqual([]);
  });

  test.each(['POST /v1/statement', 'GET /v1/query/x', `GET ${path}`])(
    'two lines with credentials: %s is 400, and reaches no cluster',
    async (line) => {
      await using stub = await startStub((_request, response) => response.end());
      await using router = await startTestbed({ clusters: { stub } });
      const twice = 'Authorization: Basic YTo=\r\nauthorization: Basic YjpiOg==\r\n';
      const head = `Host: a\r\nConnection: close\r\nX-Trino-User: a\r\nContent-Length: 0\r\n${twice}`;
      expect(await raw(router.port, `${line} HTTP/1.1\r\n${head}\r\n`)).toMatch(/^HTTP\/1\.1 400 /);
      expect(router.routes).toEqual([]);
      expect(stub.requests).toEqual([]);
    },
  );

  test('a GET with a body does not make a second request of it', async () => {
    await using trino = await startScriptedTrino();
    await using router = await startTestbed({ clusters: { trino } });
    const hidden = 'DELETE /v1/query/x HTTP/1.1\r\nHost: a\r\n\r\n';
    await ask(`${router.url}${path}`, { body: hidden });
    await ask(`${router.url}/ui/query.html?x`, { body: hidden });
    expect(trino.requests.map(({ method }) => method)).toEqual(['GET', 'GET']);
  });

  test('chunks of one byte make a statement', async () => {
    await using trino = await startScriptedTrino();
    await using router = await startTestbed({ clusters: { trino } });
    const chunks = [...'SELECT 1'].map((letter) => `1\r\n${letter}\r\n`).join('');
    const text = await raw(
      router.port,
      `POST /v1/statement HTTP/1.1\r\nHost: a\r\nConnection: close\r\nX-Trino-User: u\r\nTransfer-Encoding: chunked\r\n\r\n${chunks}0\r\n\r\n`,
    );
    expect(text).toMatch(/^HTTP\/1\.1 200 /);
    expect(trino.requests[0]?.body).toBe('SELECT 1');
  });
});

describe('a Host that could be read in two ways, or in none', () => {
  const head = (target: string, lines: readonly string[], version = '1.1') =>
    `GET ${target} HTTP/${version}\r\n${lines.map((line) => `${line}\r\n`).join('')}Connection: close\r\n\r\n`;

  test.each<[string, string, ...string[]]>([
    ['two lines', '/v1/info', 'Host: gw', 'Host: gw'],
    ['two lines that differ', '/v1/info', 'Host: gw', 'host: other'],
    ['nothing in it', '/v1/info', 'Host:'],
    ['a space', '/v1/info', 'Host: a b'],
    ['a list', '/v1/info', 'Host: a, b'],
    ['a user', '/v1/info', 'Host: user@gw'],
    ['a scheme', '/v1/info', 'Host: http://gw'],
    ['a path', '/v1/info', 'Host: gw/x'],
    ['a port that is none', '/v1/info', 'Host: gw:70000'],
    ['a port in words', '/v1/info', 'Host: gw:http'],
    ['an empty label', '/v1/info', 'Host: gw..example'],
    ['only a dot', '/v1/info', 'Host: .'],
    ['a bracket too few', '/v1/info', 'Host: [::1'],
    ['brackets around a name', '/v1/info', 'Host: [gw]'],
    ['a zone', '/v1/info', 'Host: [fe80::1%25eth0]'],
    ['bytes that are no ASCII', '/v1/info', 'Host: b\u00fccher'],
    ['another host than an absolute target', 'http://gw/v1/info', 'Host: other'],
    ['another port than an absolute target', 'http://gw/v1/info', 'Host: gw:8080'],
    ['a target with a user', 'http://user@gw/v1/info', 'Host: gw'],
  ])('%s is 400, and reaches no cluster', async (_, target, ...lines) => {
    await using trino = await startScriptedTrino();
    await using router = await startTestbed({ clusters: { trino } });
    expect(await raw(router.port, `${head(target, lines)}`)).toMatch(/^HTTP\/1\.1 400 /);
    expect(router.routes).toEqual([]);
    expect(trino.requests).toEqual([]);
  });

  test.each<[string, string]>([
    ['/v1/info', 'gw.example'],
    ['/v1/info', 'GW.Example:8080'],
    ['/v1/info', 'gw.example:'],
    ['/v1/info', 'gw.example.'],
    ['http://gw.example/v1/info', 'GW.example.:80'],
    ['https://gw.example/v1/info', 'gw.example:443'],
  ])('GET %s with the Host %s is routed as gw.example', async (target, host) => {
    await using trino = await startScriptedTrino();
    await using router = await startTestbed({ clusters: { trino } });
    const text = await raw(router.port, `GET ${target} HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`);
    expect(text).toMatch(/^HTTP\/1\.1 200 /);
    expect(router.routes.map((route) => route.host)).toEqual(['gw.example']);
  });

  test('only HTTP/1.0 may leave it out, and has asked for the address it came to', async () => {
    await using trino = await startScriptedTrino();
    await using router = await startTestbed({ clusters: { trino } });
    expect(await raw(router.port, 'GET /v1/info HTTP/1.0\r\n\r\n')).toMatch(/^HTTP\/1\.1 200 /);
    expect(router.routes.map((route) => route.host)).toEqual(['127.0.0.1']);
    expect(await raw(router.port, head('http://gw/v1/info', [], '1.0'))).toMatch(/^HTTP\/1\.1 400 /);
    expect(await raw(router.port, head('/v1/info', ['Host: a b'], '1.0'))).toMatch(/^HTTP\/1\.1 400 /);
  });
});

test('an oversized or malformed head is 431 or 400, the connection closed, others unharmed', async () => {
  await using trino = await startScriptedTrino();
  await using router = await startTestbed({ clusters: { trino } });
  const other = run(router.url, 'SELECT * FROM tpch.tiny.orders');
  expect(
    await raw(router.port, `GET /v1/info HTTP/1.1\r\nHost: a\r\nX-Trino-Session: ${'x'.repeat(2_200_000)}\r\n\r\n`),
  ).toMatch(/^HTTP\/1\.1 431 /);
  expect(await raw(router.port, 'GARBAGE\r\n\r\n')).toMatch(/^HTTP\/1\.1 400 /);
  expect(await raw(router.port, 'GET /v1/info HTTP/1.1\r\nHost: a\r\nBad Header: x\r\n\r\n')).toMatch(
    /^HTTP\/1\.1 400 /,
  );
  expect(await raw(router.port, 'GET /v1/info HTTP/1.1\r\n\r\n')).toMatch(/^HTTP\/1\.1 400 /);
  expect((await other).rows).toHaveLength(15_000);
});

test('headers of both families are refused as Trino does', async () => {
  await using router = await startTestbed();
  expect(await post(router.url, 'SELECT 1', ['X-Trino-User', 'a', 'X-Presto-User', 'a'])).toMatchObject({
    status: 400,
    text: 'Error 400 Bad Request: Both Trino and Presto headers detected',
  });
});

test("what the gateway does not serve is 404 in Trino's words, however it is spelled, and reaches no cluster", async () => {
  await using trino = await startScriptedTrino();
  await using router = await startTestbed({ clusters: { trino } });
  for (const path of [
    '/v1/task/x',
    '/v1/memory',
    '/v1/announcement',
    '/v1/thread',
    '/metrics',
    '/v1/jmx/mbean',
    '/V1/info',
    '/v1/info/shutdown',
    '/oauth2/token/x',
    '/nothing',
  ])
    expect(await ask(router.url + path)).toMatchObject({
      status: 404,
      text: expect.stringMatching(/^Error 404 Not Found: /),
    });
  for (const target of [
    '/v1/%2e%2e/task',
    '/v1/statement/../task',
    '/v1//task',
    '/v1/info;x=y',
    '/v1/query/..%2f..%2finfo',
    'http://169.254.169.254/latest/',
    '//evil/v1/info',
    '/v1/info%00',
  ]) {
    const text = await raw(router.port, `GET ${target} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n`);
    expect(text).toMatch(/^HTTP\/1\.1 40[04] /);
  }
  expect(trino.requests).toEqual([]);
});

test('an absolute target with the name of the router works, as presto-client sends it', async () => {
  await using trino = await startScriptedTrino();
  await using router = await startTestbed({ clusters: { trino } });
  const text = await raw(
    router.port,
    `GET ${router.url}/v1/info HTTP/1.1\r\nHost: 127.0.0.1:${router.port}\r\nConnection: close\r\n\r\n`,
  );
  expect(text).toMatch(/^HTTP\/1\.1 200 /);
});

test('wrong methods are 405 and say which are right', async () => {
  await using router = await startTestbed();
  const id = '20261121_080808_00130_93wed';
  const cases = [
    ['GET', '/v1/statement', /HEAD.*POST/],
    ['PUT', `/v1/statement/queued/${id}/y/1`, /DELETE.*GET/],
    ['POST', '/v1/info', /GET/],
    ['GET', `/v1/query/${id}/killed`, /PUT/],
  ] as const;
  for (const [method, path, allow] of cases) {
    const reply = await ask(router.url + path, { method, headers: user });
    expect(reply.status).toBe(405);
    expect(reply.headers.allow).toMatch(allow);
  }
});
