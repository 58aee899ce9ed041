import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, test } from '@jest/globals';
import { Backend_ForwardedHeaders } from '@trino-gateway/api/gateway';
import { explain } from './explain.ts';

let server: Server | undefined;
afterEach(() => {
  server?.close();
  server?.closeAllConnections();
});

type Answer = (request: IncomingMessage, response: ServerResponse) => void;
type Seen = { method: string | undefined; path: string | undefined; headers: IncomingMessage['headers']; body: string };

/** A cluster that answers polls as a test says; `seen`: what it was asked. */
async function cluster(polled: Answer, posted: Answer = (_, response) => response.end(page({ nextUri: 1 }))) {
  const seen: Seen[] = [];
  server = createServer(async (request, response) => {
    let body = '';
    for await (const chunk of request) body += chunk;
    const { method, url: path, headers } = request;
    seen.push({ method, path, headers, body });
    if (method === 'DELETE') response.writeHead(204).end();
    else (method === 'POST' ? posted : polled)(request, response);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return { seen, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` };
}
const page = ({ nextUri, ...more }: { nextUri?: number } & Record<string, unknown> = {}) =>
  JSON.stringify({
    id: '20261121_080808_00130_93wed',
    ...(nextUri !== undefined && { nextUri: `http://elsewhere/v1/statement/queued/x/${nextUri}` }),
    stats: { state: 'RUNNING' },
    ...more,
  });
const plan = page({ columns: [{ name: 'Query Plan', type: 'varchar' }], data: [['{"0":{}}']] });
const ask = (url: string, more: Partial<Parameters<typeof explain>[0]> = {}) =>
  explain(
    {
      backend: { url, forwardedHeaders: Backend_ForwardedHeaders.AUTO },
      statement: 'SELECT 1',
      headers: { 'x-trino-user': 'alice', 'x-trino-session': ['a=1', 'b=2'] },
      signal: new AbortController().signal,
      timeLimitMs: 60_000,
      ...more,
    },
    async () => undefined,
  );

describe('a cluster is asked for a plan', () => {
  test('in the session of the client, under the source of the probes', async () => {
    const { url, seen } = await cluster((_, response) => response.end(plan));
    expect(await ask(url)).toEqual({ kind: 'plan', text: '{"0":{}}' });
    expect(seen[0]).toMatchObject({
      method: 'POST',
      path: '/v1/statement',
      body: 'EXPLAIN (FORMAT JSON) SELECT 1',
      headers: { 'x-trino-user': 'alice', 'x-trino-source': 'trino-gateway-monitor', 'x-trino-session': 'a=1, b=2' },
    });
    expect(seen[0]?.headers['x-forwarded-proto']).toBeUndefined();
  });

  test.each([
    [Backend_ForwardedHeaders.AUTO, 'https'],
    [Backend_ForwardedHeaders.OMIT, undefined],
  ])(
    'a cluster behind a TLS terminator hears that the password came safely, unless it is not to: %s',
    async (forwardedHeaders, proto) => {
      const { url, seen } = await cluster((_, response) => response.end(plan));
      await ask(url, { backend: { url, forwardedHeaders }, headers: { authorization: 'Basic eA==' } });
      expect(seen[0]?.headers['x-forwarded-proto']).toBe(proto);
    },
  );

  test("an error of Trino's is an answer, without its message", async () => {
    const error = { message: "line 1: 'secret'", errorCode: 46, errorName: 'TABLE_NOT_FOUND', errorType: 'USER_ERROR' };
    const { url } = await cluster((_, response) => response.end(page({ error })));
    expect(await ask(url)).toEqual({ kind: 'error', errorName: 'TABLE_NOT_FOUND', errorType: 'USER_ERROR' });
  });
});

describe('an answer that is none costs a bounded time and says why', () => {
  const endless: Answer = (request, response) => {
    const token = Number(request.url?.split('/').at(-1));
    response.end(page({ nextUri: token + 1, data: [['x']] }));
  };
  test.each<[string, Answer, string]>([
    ['HTML', (_, response) => response.end('<html>'), 'Answer is not a JSON object'],
    ['a redirect', (_, response) => response.writeHead(302, { location: 'http://evil/' }).end(), 'HTTP 302'],
    ['a refusal', (_, response) => response.writeHead(401).end('Unauthorized'), 'Unauthorized'],
    [
      '10 MB',
      (_, response) => response.end(page({ data: [['x'.repeat(10_000_000)]] })),
      'Answer is larger than 2000000 bytes',
    ],
    [
      'half a page',
      (_, response) => response.writeHead(200, { 'content-length': 500 }).write('{"id":', () => response.destroy()),
      '',
    ],
    ['deep JSON', (_, response) => response.end(`{"id":${'['.repeat(100_000)}`), 'Answer is not a JSON object'],
    ['pages without end', endless, 'Answer has more than 200 pages'],
    ['no plan', (_, response) => response.end(page({ data: [] })), 'the answer has no plan'],
    ['a plan that is a number', (_, response) => response.end(page({ data: [[1]] })), 'the answer has no plan'],
    [
      'a link to elsewhere',
      (_, response) => response.end(page().replace('"stats"', '"nextUri":"http://h/admin","stats"')),
      'nextUri',
    ],
  ])('%s', async (_, polled, message) => {
    const { url } = await cluster(polled);
    await expect(ask(url)).rejects.toThrow(message);
  });

  test('whoever does not wait any more ends it at the cluster, too', async () => {
    const stop = new AbortController();
    const { url, seen } = await cluster(() => stop.abort(new Error('too late')));
    await expect(ask(url, { signal: stop.signal })).rejects.toThrow('too late');
    expect(seen.map(({ method, path }) => `${method} ${path}`)).toEqual([
      'POST /v1/statement',
      'GET /v1/statement/queued/x/1',
      'DELETE /v1/statement/queued/x/1',
    ]);
  });

  test('a cluster that never answers is left', async () => {
    const { url } = await cluster(
      () => {},
      () => {},
    );
    await expect(ask(url, { timeLimitMs: 50 })).rejects.toMatchObject({ name: 'TimeoutError' });
  });
});
