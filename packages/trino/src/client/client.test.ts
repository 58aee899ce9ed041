import { once } from 'node:events';
import { createServer } from 'node:http';
import { type AddressInfo, createServer as createRawServer } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { headerValue, type ScriptedTrino, startScriptedTrino } from '@trino-gateway/testing';
import { Agent } from 'undici';
import { runStatement, serverInfo, TrinoHttpError } from './client.ts';

let trino: ScriptedTrino;
const agent = new Agent();
const run = (statement: string, more: Partial<Parameters<typeof runStatement>[0]> = {}) =>
  runStatement({
    url: `${trino.url}/ignored`,
    user: 'probe',
    statement,
    timeLimitMs: 30_000,
    dispatcher: agent,
    ...more,
  });

beforeAll(async () => {
  trino = await startScriptedTrino({ processForwarded: false });
});
afterAll(async () => {
  await agent.destroy();
  await trino.stop();
});

test('an answer that is nested too deep is refused', async () => {
  const deep = `{"starting":false,"uptime":"1m","nodeVersion":{"version":"1"},"more":${'['.repeat(100_000)}${']'.repeat(100_000)}}`;
  const cluster = createServer((_request, response) => response.end(deep)).listen(0, '127.0.0.1');
  await once(cluster, 'listening');
  const { port } = cluster.address() as AddressInfo;
  try {
    const asked = serverInfo({
      url: `http://127.0.0.1:${port}`,
      user: 'probe',
      timeLimitMs: 10_000,
      dispatcher: agent,
    });
    await expect(asked).rejects.toThrow('Answer is not a JSON object');
  } finally {
    cluster.close();
    cluster.closeAllConnections();
  }
});

describe('a statement is run to its end', () => {
  test('rows of all pages, columns and state come back', async () => {
    const result = await run('SELECT * FROM tpch.tiny.orders', { maxRows: 7_501 });
    expect(result).toMatchObject({
      state: 'FINISHED',
      error: undefined,
      columns: [{ name: 'key', type: 'bigint' }, {}, {}],
    });
    expect(result.rows).toHaveLength(7_501);
    expect(result.queryId.endsWith(trino.suffix)).toBe(true);
  });

  test('an error of Trino is a result, not an exception', async () => {
    const { state, error } = await run('SELECT 1 / 0');
    expect({ state, error }).toEqual({
      state: 'FAILED',
      error: { message: 'Division by zero', errorCode: 8, errorName: 'DIVISION_BY_ZERO', errorType: 'USER_ERROR' },
    });
  });

  test('headers are sent, X-Forwarded ones never', async () => {
    await run("SELECT 'headers'", { password: 'secret', headers: { 'X-Trino-Source': 'gateway-health' } });
    const posted = trino.requests.find(({ body }) => body === "SELECT 'headers'");
    expect(headerValue(posted?.rawHeaders ?? [], 'x-trino-source')).toBe('gateway-health');
    expect(headerValue(posted?.rawHeaders ?? [], 'authorization')).toBe(
      `Basic ${Buffer.from('probe:secret').toString('base64')}`,
    );
    expect(trino.requests.flatMap(({ rawHeaders }) => rawHeaders).filter((name) => /^x-forwarded/i.test(name))).toEqual(
      [],
    );
  });
});

describe('a cluster that misbehaves costs a bounded time and says why', () => {
  test('a statement that takes too long is cancelled on the cluster', async () => {
    await expect(run('SELECT count(*) FROM tpch.sf100.lineitem', { timeLimitMs: 200 })).rejects.toMatchObject({
      name: 'TimeoutError',
    });
    expect(trino.queries.at(-1)).toMatchObject({ state: 'FAILED', error: { name: 'USER_CANCELED' } });
  });

  test('a caller that gives up cancels it too', async () => {
    const controller = new AbortController();
    const running = run('SELECT count(*) FROM tpch.sf1.lineitem', { signal: controller.signal });
    const rejected = expect(running).rejects.toThrow('enough');
    while (trino.queries.at(-1)?.statement !== 'SELECT count(*) FROM tpch.sf1.lineitem')
      await new Promise(setImmediate);
    controller.abort(new Error('enough'));
    await rejected;
    expect(trino.queries.at(-1)).toMatchObject({ state: 'FAILED', error: { name: 'USER_CANCELED' } });
  });

  test('silence ends with the time limit', async () => {
    trino.fault({ on: 'submit', action: { kind: 'silence' } });
    await expect(run('SELECT 1', { timeLimitMs: 100 })).rejects.toMatchObject({ name: 'TimeoutError' });
  });

  test.each([
    [{ kind: 'status', status: 503, body: 'Service\nUnavailable' }, 503, 'Service Unavailable'],
    [{ kind: 'status', status: 200, body: '<html>' }, 200, 'not a JSON object'],
    [{ kind: 'status', status: 200, body: '{}' }, 200, 'not a page'],
    [
      { kind: 'status', status: 200, body: '{"id":"x","stats":{"state":"QUEUED"},"nextUri":"http://h/admin"}' },
      200,
      'nextUri',
    ],
  ] as const)('answer %j', async (action, status, message) => {
    trino.fault({ on: 'submit', action });
    const failure: unknown = await run('SELECT 1').catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(TrinoHttpError);
    expect(failure).toMatchObject({ status, message: expect.stringContaining(message) });
  });

  test('a link to another host is followed on the cluster itself', async () => {
    await using elsewhere = await startScriptedTrino();
    const link = `${elsewhere.url}/v1/statement/queued/x/y/1`;
    trino.fault({
      on: 'submit',
      action: { kind: 'status', status: 200, body: `{"id":"x","stats":{"state":"QUEUED"},"nextUri":"${link}"}` },
    });
    await expect(run('SELECT 1')).rejects.toMatchObject({
      status: 404,
      message: 'Error 404 Not Found: Query not found',
    });
    expect(elsewhere.requests).toEqual([]);
  });
});

test('/v1/info tells whether the server is starting', async () => {
  const info = () => serverInfo({ url: trino.url, user: 'probe', timeLimitMs: 10_000, dispatcher: agent });
  expect(await info()).toMatchObject({ starting: false, coordinator: true, version: '476', coordinatorId: undefined });
  trino.fault({ on: 'info', action: { kind: 'status', status: 200, body: '{"uptime":"1s"}' } });
  await expect(info()).rejects.toThrow('does not say whether the server is starting');
});

test.each([
  ['"93wed"', '93wed'],
  ['"0ab89"', undefined],
  ['{"a":1}', undefined],
  [`"${'a'.repeat(1_000_000)}"`, undefined],
])('/v1/info names a coordinator only by a suffix that one could have drawn', async (told, coordinatorId) => {
  const body = `{"starting":false,"coordinator":true,"coordinatorId":${told}}`;
  trino.fault({ on: 'info', action: { kind: 'status', status: 200, body } });
  expect(await serverInfo({ url: trino.url, user: 'probe', timeLimitMs: 10_000, dispatcher: agent })).toMatchObject({
    coordinatorId,
  });
});

test.each([
  ['another protocol', 'HTTP/1.1 101 S\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n'],
  ['101 by itself', 'HTTP/1.1 101 S\r\n\r\n'],
  ['a status that is none', 'HTTP/1.1 000 x\r\nContent-Length: 2\r\n\r\n{}'],
  ['interim answers and no more', 'HTTP/1.1 103 E\r\n\r\n'.repeat(1_000)],
  ['a head that never ends', 'HTTP/1.1 200 OK\r\nX: '],
  ['nothing', ''],
])('whatever a cluster answers, a question about it ends in time and leaves no connection: %s', async (_, bytes) => {
  let open = 0;
  const server = createRawServer((socket) => {
    open += 1;
    socket.on('error', () => {});
    socket.once('close', () => {
      open -= 1;
      if (open === 0) server.emit('idle');
    });
    socket.once('data', () => socket.write(bytes));
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const idle = once(server, 'idle');
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  await expect(serverInfo({ url, user: 'u', timeLimitMs: 300, dispatcher: agent })).rejects.toThrow();
  await idle;
  server.close();
});
