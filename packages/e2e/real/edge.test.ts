import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { type Suite, startSuite } from '@trino-gateway/testing/suite/suite';
import { openQuery } from '@trino-gateway/testing/trino-client/open-query';
import { runQuery } from '@trino-gateway/testing/trino-client/run-query';
import { seenByTrino } from './real-clusters.ts';
import { type SharedCluster, sharedCluster } from './shared-clusters.ts';

// The edge of the gateway against real Trino: two clusters that ask for no password, one that trusts X-Forwarded-* and one
// that answers 406 to them. Listeners: 0 proxied, 1 and 2 DIRECT, 3 with delegated authentication, 4 proxied to the second.
const PASSWORD = 'open-sesame';
const credentials = `Basic ${Buffer.from(`alice:${PASSWORD}`).toString('base64')}`;
let provider: Server;
let clusters: Record<'accepting' | 'rejecting', SharedCluster>;
let suite: Suite;

beforeAll(async () => {
  clusters = { accepting: await sharedCluster('accepting'), rejecting: await sharedCluster('rejecting') };
  provider = createServer((request, response) => {
    let body = '';
    request.setEncoding('utf8').on('data', (part: string) => {
      body += part;
    });
    request.on('end', () => response.end(JSON.stringify({ ok: body.includes(`"token":"${PASSWORD}"`) })));
  }).listen(0, '127.0.0.1');
  await once(provider, 'listening');
  suite = await startSuite({
    listeners: 5,
    router: { AUTH_PROVIDER_URL: `http://127.0.0.1:${(provider.address() as AddressInfo).port}` },
  });
  const { accepting, rejecting } = clusters;
  await suite.addBackends({ proxied: accepting.url });
  await suite.addBackends({ accepting: accepting.url, rejecting: rejecting.url }, { forwarding: 'DIRECT' });
  for (const [index, id] of (['proxied', 'accepting', 'rejecting'] as const).entries()) {
    await suite.addGroup(id, [id]);
    const policy = { id, listeningPort: suite.router.ports[index], groupId: id };
    await suite.call('PolicyService/PutPolicy', { policy });
  }
  await suite.addBackends({ refusing: rejecting.url });
  await suite.addGroup('refusing', ['refusing']);
  const second = { id: 'refusing', listeningPort: suite.router.ports[4], groupId: 'refusing' };
  await suite.call('PolicyService/PutPolicy', { policy: second });
  const policy = { id: 'guarded', listeningPort: suite.router.ports[3], groupId: 'proxied', authDelegated: true };
  await suite.call('PolicyService/PutPolicy', { policy });
}, 600_000);

afterAll(async () => {
  await suite?.[Symbol.asyncDispose]();
  provider?.close();
}, 60_000);

const listener = (index: number) => suite.router.urls[index] ?? '';

describe('delegated authentication', () => {
  test('case 87: lets in whom the provider knows, though the cluster refuses every password', async () => {
    const asking = { method: 'POST', body: 'SELECT 1', headers: { authorization: credentials } };
    const bare = await fetch(`${clusters.accepting.url}/v1/statement`, asking);
    expect([bare.status, await bare.text()]).toEqual([401, 'Password not allowed for insecure authentication']);
    const { rows } = await runQuery(listener(3), 'SELECT current_user', {
      user: 'alice',
      headers: { authorization: credentials },
    });
    expect(rows).toEqual([['alice']]);
  });

  test('case 87: takes the user from the credentials when the client names none', async () => {
    const statement = "SELECT 'guarded without a user'";
    const answer = await fetch(`${listener(3)}/v1/statement`, {
      method: 'POST',
      body: statement,
      headers: { authorization: credentials },
    });
    let page = (await answer.json()) as { nextUri?: string; error?: unknown };
    while (page.nextUri !== undefined) page = (await (await fetch(page.nextUri)).json()) as typeof page;
    expect(page.error).toBeUndefined();
    expect(await seenByTrino(clusters.accepting, statement)).toMatchObject([{ user: 'alice', state: 'FINISHED' }]);
  });

  test('case 87: lets nobody be somebody else, whatever its headers say', async () => {
    const headers = { authorization: credentials };
    const as = (more: Record<string, string>) =>
      runQuery(listener(3), 'SELECT current_user', { user: 'alice', headers: { ...headers, ...more } });
    await expect(as({ 'x-trino-user': 'root' })).rejects.toThrow(/^HTTP 403/);
    const forged = await as({ 'x-trino-original-user': 'root' }).catch((error: Error) => error.message);
    if (typeof forged === 'string') expect(forged).toMatch(/^HTTP 403/);
    else {
      expect(forged.rows).toEqual([['alice']]);
      const answer = await fetch(`${clusters.accepting.url}/v1/query/${forged.id}`, {
        headers: { 'x-trino-user': 'e' },
      });
      expect(((await answer.json()) as { session: object }).session).toMatchObject({
        user: 'alice',
        principal: 'alice',
      });
    }
  });

  test('guards its cluster at an entry point that no policy opens for it, whatever the request', async () => {
    const headers = { authorization: credentials };
    const { id } = await runQuery(listener(3), 'SELECT 21', { user: 'alice', headers });
    const kill = { method: 'POST', body: `CALL system.runtime.kill_query('${id}')` };
    const prepared = `p=${encodeURIComponent(kill.body)}`;
    const requests: [string, RequestInit][] = [
      ['/v1/statement', kill],
      ['/v1/statement', { method: 'POST', body: 'EXECUTE p', headers: { 'x-trino-prepared-statement': prepared } }],
      [`/v1/query/${id}`, {}],
      [`/v1/query/${id}`, { method: 'DELETE' }],
      [`/ui/query.html?${id}`, {}],
    ];
    for (const [path, asking] of requests) {
      const entryPoint = listener(2);
      const stranger = { ...asking, headers: { 'x-trino-user': 'alice', ...asking.headers } };
      expect((await fetch(entryPoint + path, { ...stranger, redirect: 'manual' })).status).toBe(401);
      const known = { ...asking, headers: { ...headers, ...asking.headers } };
      expect((await fetch(entryPoint + path, { ...known, redirect: 'manual' })).status).not.toBe(401);
      // Its own policies open that cluster for the first listener.
      expect((await fetch(listener(0) + path, { ...stranger, redirect: 'manual' })).status).not.toBe(401);
    }
  });
});

describe('DIRECT', () => {
  test.each([
    ['accepting', 1],
    ['rejecting', 2],
  ] as const)('the links of a cluster that is %s X-Forwarded-* name the cluster', async (kind, index) => {
    const links = new Set<string>();
    const { rows } = await runQuery(listener(index), 'SELECT count(*) FROM tpch.tiny.orders', {
      onPage: ({ nextUri, infoUri }) => {
        for (const link of [nextUri, infoUri]) if (link !== undefined) links.add(new URL(link).origin);
      },
    });
    expect(rows).toEqual([[15_000]]);
    expect(links).toEqual(new Set([clusters[kind].url]));
  });
});

describe('the web UI of 476', () => {
  /** A browser that keeps cookies and follows redirects as long as they lead to the router. */
  function browser(origin: string, more: Record<string, string> = {}) {
    const jar = new Map<string, string>();
    const go = async (path: string, init: RequestInit = {}): Promise<{ status: number; url: string; text: string }> => {
      const cookie = [...jar].map(([name, value]) => `${name}=${value}`).join('; ');
      const answer = await fetch(origin + path, { redirect: 'manual', ...init, headers: { cookie, ...more } });
      for (const line of answer.headers.getSetCookie()) {
        const [name = '', value = ''] = (line.split(';')[0] ?? '').split(/=(.*)/s);
        jar.set(name, value);
      }
      const location = answer.headers.get('location');
      const text = await answer.text();
      if (location === null) return { status: answer.status, url: path, text };
      expect(new URL(location).origin).toBe(origin);
      return await go(location.slice(origin.length));
    };
    return { jar, go };
  }

  test('case 95: logs in, shows its pages and their data, and stays with its cluster', async () => {
    const { go, jar } = browser(listener(0));
    expect(await go('/')).toMatchObject({ status: 200, url: '/ui/login.html' });
    const form = new URLSearchParams({ username: 'alice', password: '', redirectPath: '' });
    expect(await go('/ui/login', { method: 'POST', body: form })).toMatchObject({ status: 200, url: '/ui/' });
    expect([...jar.keys()].sort()).toEqual(['Trino-Gateway-UI', 'Trino-UI-Token']);
    expect(JSON.parse((await go('/ui/api/stats')).text)).toMatchObject({ activeCoordinators: 1 });
    const { id } = await runQuery(listener(0), 'SELECT 1');
    expect(await go(`/ui/query.html?${id}`)).toMatchObject({ status: 200, url: `/ui/query.html?${id}` });
    expect(JSON.parse((await go(`/ui/api/query/${id}`)).text)).toMatchObject({ queryId: id });
    expect(
      (JSON.parse((await go('/ui/api/query')).text) as { queryId: string }[]).map(({ queryId }) => queryId),
    ).toContain(id);
    const running = await openQuery(listener(0), 'SELECT * FROM tpch.tiny.lineitem', { 'x-trino-user': 'alice' });
    while (running.page.data === undefined) await running.poll();
    const kill = { method: 'PUT', body: 'by a button' };
    expect((await go(`/ui/api/query/${running.page.id}/killed`, kill)).status).toBe(202);
    expect((await running.finish()).error?.errorName).toBe('ADMINISTRATIVELY_KILLED');
  });

  test('case 96: the page of a query that its client was told opens there, at either cluster', async () => {
    const form = new URLSearchParams({ username: 'alice', password: '', redirectPath: '' });
    for (const [at, cluster] of [[0, clusters.accepting] as const, [4, clusters.rejecting] as const]) {
      const { go } = browser(listener(at));
      let link = '';
      const { id } = await runQuery(listener(at), 'SELECT 96', {
        onPage: ({ infoUri }) => {
          link = infoUri;
        },
      });
      expect(new URL(link).origin).toBe(listener(at));
      const path = link.slice(listener(at).length);
      await go(path);
      await go('/ui/login', { method: 'POST', body: form });
      expect((await go(path)).status).toBe(200);
      expect(JSON.parse((await go(`/ui/api/query/${id}`)).text)).toMatchObject({ queryId: id });
      const known = await fetch(`${cluster.url}/v1/query/${id}?pruned=true`, {
        headers: { 'x-trino-user': 'e2e-looks' },
      });
      expect(known.status).toBe(200);
    }
  });

  test('behind delegated authentication demands it, and keeps the login of the cluster', async () => {
    expect(await browser(listener(3)).go('/ui/')).toMatchObject({ status: 401, text: 'Unauthorized' });
    const { go } = browser(listener(3), { authorization: credentials });
    expect(await go('/ui/')).toMatchObject({ status: 200, url: '/ui/login.html' });
    const form = new URLSearchParams({ username: 'alice', password: '', redirectPath: '' });
    expect(await go('/ui/login', { method: 'POST', body: form })).toMatchObject({ status: 200, url: '/ui/' });
    expect(JSON.parse((await go('/ui/api/stats')).text)).toMatchObject({ activeCoordinators: 1 });
  });

  test('case 95, 96: of a query on another cluster asks for a login there, and then shows it', async () => {
    const { go } = browser(listener(0));
    const form = new URLSearchParams({ username: 'alice', password: '', redirectPath: '' });
    await go('/ui/');
    await go('/ui/login', { method: 'POST', body: form });
    const { id } = await runQuery(listener(2), 'SELECT 1');
    const login = `/ui/login.html?/ui/query.html?${id}`;
    expect(await go(`/ui/query.html?${id}`)).toMatchObject({ status: 200, url: login });
    await go('/ui/login', { method: 'POST', body: form });
    expect(await go(`/ui/query.html?${id}`)).toMatchObject({ status: 200, url: `/ui/query.html?${id}` });
    expect(JSON.parse((await go(`/ui/api/query/${id}`)).text)).toMatchObject({ queryId: id });
  });
});
