import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { type ScriptedTrino, startScriptedTrino } from '@trino-gateway/testing';
import { until } from '@trino-gateway/testing/processes/until';
import { type Suite, startSuite } from '@trino-gateway/testing/suite/suite';
import { runQuery } from '@trino-gateway/testing/trino-client/run-query';

// What happens at the edge of the gateway: who is let in, and which way pages and browsers take. The first listener is
// open, the second one demands delegated authentication.
const PASSWORD = 'open-sesame-4711';
const PROVIDER_KEY = 'provider-key-4711';
const basic = (user: string, password: string) =>
  `Basic ${Buffer.from(`${user}:${password}`, 'latin1').toString('base64')}`;

let provider: Server;
let trino: ScriptedTrino;
let direct: ScriptedTrino;
let suite: Suite;

beforeAll(async () => {
  provider = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const { email, token } = JSON.parse(Buffer.concat(chunks).toString()) as { email: string; token: string };
      const ok = email === 'alice' && token === PASSWORD && request.headers['x-auth-key'] === PROVIDER_KEY;
      response.end(JSON.stringify({ ok }));
    });
  }).listen(0, '127.0.0.1');
  await once(provider, 'listening');
  trino = await startScriptedTrino();
  direct = await startScriptedTrino();
  suite = await startSuite({
    listeners: 2,
    gatewayserver: { DEFAULT_GROUP: 'open', LOG_LEVEL: 'debug' },
    monitor: { LOG_LEVEL: 'debug' },
    router: {
      AUTH_PROVIDER_URL: `http://127.0.0.1:${(provider.address() as AddressInfo).port}/check`,
      AUTH_PROVIDER_KEY: PROVIDER_KEY,
      LOG_LEVEL: 'debug',
    },
  });
  await suite.addBackends({ trino: trino.url });
  await suite.addBackends({ direct: direct.url }, { forwarding: 'DIRECT' });
  await suite.addGroup('open', ['trino']);
  await suite.addGroup('direct', ['direct']);
  await suite.call('PolicyService/PutPolicy', {
    policy: { id: 'guarded', listeningPort: suite.router.ports[1], groupId: 'open', authDelegated: true },
  });
  await suite.call('PolicyService/PutPolicy', {
    policy: { id: 'tagged', clientTags: { anyOf: ['direct'] }, groupId: 'direct', requestSource: 'tagged' },
  });
}, 240_000);

afterAll(async () => {
  await suite?.[Symbol.asyncDispose]();
  await Promise.all([trino?.stop(), direct?.stop()]);
  provider?.close();
});

const guarded = () => suite.router.urls[1] ?? '';

test('where a policy demands it, only users the provider knows get in, and clusters see no password', async () => {
  const authorization = basic('alice', PASSWORD);
  const { rows } = await runQuery(guarded(), 'SELECT 11', { user: 'alice', headers: { authorization } });
  expect(rows).toEqual([[11]]);
  const submission = trino.requests.find(({ body }) => body === 'SELECT 11');
  expect(JSON.stringify(submission?.rawHeaders)).not.toMatch(/authorization/i);
  const refusals: [Record<string, string>, RegExp][] = [
    [{}, /^HTTP 401: Unauthorized$/],
    [{ authorization: basic('alice', 'guess') }, /^HTTP 401: Access Denied/],
    [{ authorization, 'x-trino-user': 'root' }, /^HTTP 403: Access Denied: User alice cannot impersonate user root$/],
  ];
  for (const [headers, message] of refusals)
    await expect(runQuery(guarded(), 'SELECT 12', { user: 'alice', headers })).rejects.toThrow(message);
  expect(trino.requests.filter(({ body }) => body === 'SELECT 12')).toEqual([]);
  // Its cluster is behind that entry point alone: the default group opens no other, a policy for that other one does.
  await expect(runQuery(suite.router.url, 'SELECT 12', { user: 'alice' })).rejects.toThrow(/^HTTP 401/);
  expect(trino.requests.filter(({ body }) => body === 'SELECT 12')).toEqual([]);
  const plain = { id: 'plain', listeningPort: suite.router.ports[0], groupId: 'open' };
  await suite.call('PolicyService/PutPolicy', { policy: plain });
  expect((await runQuery(suite.router.url, 'SELECT 13', { user: 'alice' })).rows).toEqual([[13]]);
  await suite.call('PolicyService/DeletePolicy', { id: 'plain' });
});

test('of a DIRECT cluster only the submission passes the router; history has its row', async () => {
  const pages: string[] = [];
  const { id, rows } = await runQuery(suite.router.url, 'SELECT 14', {
    headers: { 'x-trino-client-tags': 'direct' },
    onPage: ({ nextUri }) => {
      if (nextUri !== undefined) pages.push(new URL(nextUri).origin);
    },
  });
  expect(rows).toEqual([[14]]);
  expect(new Set(pages)).toEqual(new Set([direct.url]));
  expect(direct.queries.find(({ statement }) => statement === 'SELECT 14')?.source).toBe('tagged');
  await until('the row to be stored', async () => {
    const query = await suite
      .call<{ backendId?: string; text?: string }>('QueryService/GetQuery', { id })
      .catch(() => undefined);
    return query?.backendId === 'direct' && query.text === 'SELECT 14';
  });
});

test('a backend that is made PROXY again is so for the next query', async () => {
  const put = (forwarding: string) =>
    suite.call('BackendService/PutBackend', { backend: { id: 'direct', url: direct.url, forwarding } });
  const firstLink = async () => {
    const links: string[] = [];
    await runQuery(suite.router.url, 'SELECT 15', {
      headers: { 'x-trino-client-tags': 'direct' },
      onPage: ({ nextUri }) => {
        if (nextUri !== undefined) links.push(new URL(nextUri).origin);
      },
    });
    return links[0];
  };
  await put('PROXY');
  try {
    expect(await firstLink()).toBe(suite.router.url);
  } finally {
    await put('DIRECT');
  }
  expect(await firstLink()).toBe(direct.url);
});

test('a browser stays with the cluster it logged in to', async () => {
  const cookies = new Map<string, string>();
  const go = async (path: string, init: RequestInit = {}) => {
    const cookie = [...cookies].map(([name, value]) => `${name}=${value}`).join('; ');
    const answer = await fetch(suite.router.url + path, { redirect: 'manual', ...init, headers: { cookie } });
    for (const line of answer.headers.getSetCookie()) {
      const [name = '', value = ''] = (line.split(';')[0] ?? '').split(/=(.*)/s);
      cookies.set(name, value);
    }
    await answer.text();
    return answer;
  };
  const { id } = await runQuery(suite.router.url, 'SELECT 16', { headers: { 'x-trino-client-tags': 'direct' } });
  expect((await go(`/ui/query.html?${id}`)).status).toBe(303);
  const form = new URLSearchParams({ username: 'alice', password: '', redirectPath: '' });
  expect((await go('/ui/login', { method: 'POST', body: form })).status).toBe(303);
  expect((await go('/ui/')).status).toBe(200);
  expect((await go('/ui/api/stats')).status).toBe(200);
  expect(direct.requests.some(({ path }) => path === '/ui/api/stats')).toBe(true);
  expect(trino.requests.some(({ path }) => path.startsWith('/ui'))).toBe(false);
});

test('no process has written a secret', () => {
  const all = [suite.gatewayserver, suite.monitor, suite.router].map((process) => process.output()).join('\n');
  expect(all).toContain('ready');
  for (const secret of [PASSWORD, PROVIDER_KEY, basic('alice', PASSWORD).slice(6), basic('alice', 'guess').slice(6)])
    expect(all).not.toContain(secret);
});
