import { mkdtemp, rm, utimes, writeFile } from 'node:fs/promises';
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { silentLogger } from '@trino-gateway/runtime';
import { createKubernetes, type Kubernetes } from './kubernetes.ts';
import { createResources, objectPath } from './resources.ts';
import { createRights } from './rights.ts';

const never = new AbortController().signal;
let folder: string;
let server: Server;
let kubernetes: Kubernetes;
let lines: string[];
let asked: string[];
let answer: RequestListener;

const kubeconfigFor = (url: string, token = 'first') =>
  JSON.stringify({
    clusters: [{ name: 'c', cluster: { server: url, 'insecure-skip-tls-verify': true } }],
    users: [{ name: 'u', user: { token } }],
    contexts: [{ name: 'x', context: { cluster: 'c', user: 'u' } }],
    'current-context': 'x',
  });
const url = () => `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
const get = (path = '/api/v1', timeLimitMs?: number) =>
  kubernetes.call({ method: 'GET', path, signal: never, ...(timeLimitMs !== undefined && { timeLimitMs }) });
const problemOf = (work: Promise<unknown>) =>
  work.then(
    () => 'none',
    (error: Error) => error.message,
  );
const status =
  (code: number, message: string, headers: Record<string, string> = {}): RequestListener =>
  (_, response) =>
    void response.writeHead(code, headers).end(JSON.stringify({ kind: 'Status', message }));

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'kubernetes-'));
  asked = [];
  lines = [];
  server = createServer((request, response) => {
    asked.push(`${request.method} ${request.url} ${request.headers.authorization}`);
    answer(request, response);
  });
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
  await writeFile(join(folder, 'config'), kubeconfigFor(url()));
  const tell = (message: string) => void lines.push(message);
  kubernetes = createKubernetes({ kubeconfig: join(folder, 'config') }, { ...silentLogger, warn: tell, info: tell });
  answer = (_, response) => void response.end('{"items": []}');
});
afterEach(async () => {
  await kubernetes[Symbol.asyncDispose]();
  server.closeAllConnections();
  server.close();
  await rm(folder, { recursive: true });
});

test('a call carries the token of the kubeconfig, and that of a changed one', async () => {
  expect((await get()).body).toEqual({ items: [] });
  await writeFile(join(folder, 'config'), kubeconfigFor(url(), 'second'));
  await utimes(join(folder, 'config'), 1, 1);
  await get();
  expect(asked).toEqual(['GET /api/v1 Bearer first', 'GET /api/v1 Bearer second']);
});

test.each([
  [
    403,
    'trinoclusters "a" is forbidden: User "m" cannot patch',
    'GET /api/v1: HTTP 403: trinoclusters "a" is forbidden: User "m" cannot patch',
  ],
  [404, 'not found', 'GET /api/v1: HTTP 404: not found'],
])('HTTP %i is an answer in the words of the API server, and no outage', async (code, message, expected) => {
  answer = status(code, message);
  expect(await problemOf(get())).toBe(expected);
  expect(asked).toHaveLength(1);
  expect(lines).toEqual([]);
});

test('HTTP 500, a refused connection and a hang are an outage that is told once, and its end', async () => {
  answer = status(500, 'etcd is away');
  expect(await problemOf(get())).toBe('GET /api/v1: HTTP 500: etcd is away');
  answer = () => {};
  expect(await problemOf(get('/api/v1', 50))).toBe('GET /api/v1: no answer within 50 ms');
  answer = (request) => request.socket.destroy();
  expect(await problemOf(get())).toMatch(/^GET \/api\/v1: other side closed/);
  expect(lines).toEqual(['the Kubernetes API server cannot be asked: nothing is changed there']);
  answer = (_, response) => void response.end('{}');
  await get();
  expect(lines[1]).toBe('the Kubernetes API server answers again');
});

test('a conflict is tried once more, one that is busy when it says, and one that is busy for long not at all', async () => {
  answer = status(409, 'conflict');
  expect(await problemOf(get())).toBe('GET /api/v1: HTTP 409: conflict');
  expect(asked).toHaveLength(2);
  answer = (request, response) => {
    answer = (_, next) => void next.end('{}');
    status(429, 'busy', { 'retry-after': '0' })(request, response as never);
  };
  await get();
  expect(asked).toHaveLength(4);
  answer = status(429, 'busy', { 'retry-after': '600' });
  expect(await problemOf(get())).toBe('GET /api/v1: HTTP 429: busy');
  expect(asked).toHaveLength(5);
});

test('an answer that is no JSON, or has no end, is a problem of that call', async () => {
  answer = (_, response) => void response.end('<html>');
  expect(await problemOf(get())).toBe('the answer is no JSON: is that an API server?');
  const large = Buffer.alloc(1_000_000, 'x');
  answer = (_, response) => {
    const more = () => {
      while (!response.destroyed && response.write(large));
    };
    response.on('drain', more);
    more();
  };
  expect(await problemOf(get())).toBe('the answer is larger than 32000000 bytes');
});

test.each([
  ['a file that is not there', undefined, /^monitor\.kubeconfig: .*\/other cannot be read \(ENOENT\)$/],
  ['a file that is none', 'token: secret', /^monitor\.kubeconfig: its current context names no cluster/],
  ['YAML that is broken', 'users: [secret', /^monitor\.kubeconfig: .*\/other is no kubeconfig with clusters/],
  [
    'a context without a cluster',
    kubeconfigFor('secret'),
    /^monitor\.kubeconfig: its current context names no cluster/,
  ],
])('%s is a problem that names the key and no secret', async (_, text, expected) => {
  const path = join(folder, 'other');
  if (text !== undefined) await writeFile(path, text);
  await using other = createKubernetes({ kubeconfig: path }, silentLogger);
  const problem = await problemOf(other.call({ method: 'GET', path: '/', signal: never }));
  expect(problem).toMatch(expected);
  expect(problem).not.toContain('secret');
});

test('a watch gives one object a line, however they are cut', async () => {
  answer = (_, response) => {
    response.write('{"type":"ADD');
    setImmediate(() => response.end('ED"}\n{"type":"DELETED"}\n'));
  };
  const events: unknown[] = [];
  for await (const event of kubernetes.watch({ path: '/api/v1/services', query: { watch: 'true' }, signal: never }))
    events.push(event);
  expect(events).toEqual([{ type: 'ADDED' }, { type: 'DELETED' }]);
});

test('a kind is found by asking once, and one that is not there is asked about again', async () => {
  answer = (_, response) =>
    void response.end(
      JSON.stringify({
        resources: [
          { name: 'fleets/scale', kind: 'Scale' },
          { name: 'fleets', kind: 'Fleet', namespaced: true },
        ],
      }),
    );
  const resources = createResources(kubernetes);
  const fleet = await resources.find('example.com/v1', 'Fleet', never);
  expect(fleet).toEqual({
    apiVersion: 'example.com/v1',
    plural: 'fleets',
    isNamespaced: true,
    subresources: ['scale'],
  });
  await resources.find('example.com/v1', 'Fleet', never);
  expect(asked).toEqual(['GET /apis/example.com/v1 Bearer first']);
  expect(await problemOf(resources.find('example.com/v1', 'Ship', never))).toBe(
    'the API server has no kind Ship in example.com/v1',
  );
  expect(objectPath(fleet, { namespace: 'n', name: '../a', subresource: 'scale' })).toBe(
    '/apis/example.com/v1/namespaces/n/fleets/..%2Fa/scale',
  );
});

test('a right that is not granted is named, and one that is granted is asked about once', async () => {
  let body = '';
  answer = (request, response) => {
    body = '';
    request.on('data', (chunk) => {
      body += chunk;
    });
    request.on('end', () => response.end(JSON.stringify({ status: { allowed: body.includes('"get"') } })));
  };
  const rights = createRights(kubernetes);
  const check = (verbs: ('get' | 'patch')[]) =>
    problemOf(
      rights.check(
        {
          verbs,
          resource: { apiVersion: 'apps/v1', plural: 'deployments' },
          subresource: 'scale',
          namespace: 'n',
          name: 'a',
        },
        never,
      ),
    );
  expect(await check(['get'])).toBe('none');
  expect(await check(['get'])).toBe('none');
  expect(asked).toHaveLength(1);
  expect(await check(['get', 'patch'])).toBe(
    'the API server does not grant patch on deployments.apps/scale named a in namespace n',
  );
  answer = status(404, 'no such resource');
  expect(await check(['patch'])).toBe('none');
});
