import { describe, expect, test } from '@jest/globals';
import { headerValue, headerValues, type ScriptedTrino, startScriptedTrino } from '@trino-gateway/testing';
import { GatewayUnavailableError } from '../../src/control-plane/retry-unreachable.ts';
import { uiCookieName } from '../../src/http/gateway-cookie.ts';
import { ask, type Reply, run } from '../support/client.ts';
import { deadUrl, startStub } from '../support/stub-cluster.ts';
import { startTestbed } from '../support/testbed.ts';

/** A browser: keeps cookies by name, and follows redirects to the router only. */
function browser(origin: string) {
  const jar = new Map<string, string>();
  const go = async (path: string, more: { method?: string; body?: string; referer?: string } = {}): Promise<Reply> => {
    const cookies = [...jar].map(([name, value]) => `${name}=${value}`).join('; ');
    const reply = await ask(origin + path, {
      method: more.method ?? 'GET',
      ...(more.body === undefined ? {} : { body: more.body }),
      headers: [
        ...(cookies === '' ? [] : ['Cookie', cookies]),
        ...(more.body === undefined ? [] : ['Content-Type', 'application/x-www-form-urlencoded']),
        ...(more.referer === undefined ? [] : ['Referer', origin + more.referer]),
      ],
    });
    for (const line of reply.headers['set-cookie'] ?? []) {
      const [pair = ''] = line.split(';');
      const name = pair.slice(0, pair.indexOf('='));
      if (/Max-Age=0\b/.test(line)) jar.delete(name);
      else jar.set(name, pair.slice(pair.indexOf('=') + 1));
    }
    return reply;
  };
  const logIn = async () => await go('/ui/login', { method: 'POST', body: 'username=alice&password=&redirectPath=' });
  return { jar, go, logIn };
}

/** Two clusters; a router that sends one query here, the next there; a query of the second. */
async function twoClusters(config: Parameters<typeof startTestbed>[0] = {}) {
  const first = await startScriptedTrino();
  const second = await startScriptedTrino();
  const router = await startTestbed({ clusters: { first, second }, ...config });
  await using elsewhere = await startTestbed({ clusters: { second } });
  const { last } = await run(elsewhere.url, 'SELECT 1');
  const owner = router.ownership.candidates().find(({ url }) => url === second.url);
  if (owner !== undefined) router.ownership.learn(last.id, owner);
  return {
    first,
    second,
    router,
    id: last.id,
    [Symbol.asyncDispose]: async () => {
      await router[Symbol.asyncDispose]();
      await first.stop();
      await second.stop();
    },
  };
}

const uiRequests = (trino: ScriptedTrino) => trino.requests.filter(({ path }) => path.startsWith('/ui'));

describe('a browser stays with one cluster', () => {
  test('from its first page, through the login of the cluster, to all that its pages load', async () => {
    await using bed = await twoClusters();
    const { go, logIn, jar } = browser(bed.router.url);
    const entry = await go('/ui/');
    expect(entry).toMatchObject({ status: 303, headers: { location: `${bed.router.url}/ui/login.html` } });
    expect((await go('/ui/login.html')).status).toBe(200);
    expect((await logIn()).headers.location).toBe(`${bed.router.url}/ui/`);
    expect((await go('/ui/')).status).toBe(200);
    expect((await go('/ui/api/stats')).status).toBe(200);
    expect(bed.router.settled).toHaveLength(bed.router.routes.length);
    expect(uiRequests(bed.second)).toEqual([]);
    expect([...jar.keys()].sort()).toEqual([uiCookieName, 'Trino-UI-Token'].sort());
    const cookies = bed.first.requests.flatMap(({ rawHeaders }) => headerValues(rawHeaders, 'cookie'));
    expect(cookies.length).toBeGreaterThan(0);
    expect(cookies.join()).not.toContain(uiCookieName);
    expect(headerValue(bed.first.requests.at(-1)?.rawHeaders ?? [], 'cookie')).toMatch(/^Trino-UI-Token=/);
  });

  test('and moves to the cluster of the query it asks for, login page included', async () => {
    await using bed = await twoClusters();
    const { go, logIn } = browser(bed.router.url);
    await go('/ui/');
    await logIn();
    const asked = await go(`/ui/query.html?${bed.id}`);
    expect(asked).toMatchObject({ status: 303 }); // the login at the other cluster counts nothing here
    await go('/ui/login.html?/ui/query.html');
    await logIn();
    expect((await go(`/ui/query.html?${bed.id}`)).status).toBe(200);
    expect(JSON.parse((await go(`/ui/api/query/${bed.id}`)).text)).toMatchObject({ queryId: bed.id });
    expect((await go('/ui/api/stats')).status).toBe(200);
    expect(uiRequests(bed.second).map(({ path }) => path)).toEqual([
      `/ui/query.html?${bed.id}`,
      '/ui/login.html?/ui/query.html',
      '/ui/login',
      `/ui/query.html?${bed.id}`,
      `/ui/api/query/${bed.id}`,
      '/ui/api/stats',
    ]);
  });

  test('the page of a query loads from its cluster, even when another tab has moved the browser', async () => {
    await using bed = await twoClusters();
    const { go, jar } = browser(bed.router.url);
    await go('/ui/');
    const kept = jar.get(uiCookieName);
    await go('/ui/assets/logo.png', { referer: `/ui/query.html?${bed.id}` });
    expect(uiRequests(bed.second)).toHaveLength(1);
    expect(jar.get(uiCookieName)).toBe(kept);
  });

  test.each<[string, (value: string) => string]>([
    ['tampered with', (value) => value.replace(/^./, (first) => (first === 'W' ? 'X' : 'W'))],
    ['cut short', (value) => value.slice(0, 20)],
    ['empty', () => ''],
  ])('unless its cookie was %s: then it is given a new one', async (_, change) => {
    await using bed = await twoClusters();
    const { go, jar } = browser(bed.router.url);
    await go(`/ui/query.html?${bed.id}`);
    jar.set(uiCookieName, change(jar.get(uiCookieName) ?? ''));
    await go('/ui/');
    expect(uiRequests(bed.first)).toHaveLength(1);
    await go('/ui/');
    expect(uiRequests(bed.first)).toHaveLength(2);
  });

  test('unless its cluster is no longer a backend, or is another router’s with another key', async () => {
    await using bed = await twoClusters();
    const { go, jar } = browser(bed.router.url);
    await go(`/ui/query.html?${bed.id}`);
    await using later = await startTestbed({ clusters: { first: bed.first } });
    const cookie = ['Cookie', `${uiCookieName}=${jar.get(uiCookieName)}`];
    expect((await ask(`${later.url}/ui/`, { headers: cookie })).status).toBe(303);
    await using stranger = await startTestbed({
      clusters: { first: bed.first, second: bed.second },
      signingKey: new Uint8Array(32).fill(5),
    });
    await ask(`${stranger.url}/ui/`, { headers: cookie });
    expect(uiRequests(bed.first)).toHaveLength(2);
  });

  test('on every replica: the cookie of one router counts at the next', async () => {
    await using bed = await twoClusters();
    const { go, jar } = browser(bed.router.url);
    await go(`/ui/query.html?${bed.id}`);
    await using replica = await startTestbed({ clusters: { first: bed.first, second: bed.second } });
    await ask(`${replica.url}/ui/`, { headers: ['Cookie', `${uiCookieName}=${jar.get(uiCookieName)}`] });
    expect(uiRequests(bed.second)).toHaveLength(2);
  });

  test('with a cookie that is for https only when the client came by https', async () => {
    await using trino = await startScriptedTrino();
    await using router = await startTestbed({ clusters: { trino }, client: { externalUrl: 'https://gw.example' } });
    const lines = (await ask(`${router.url}/ui/`)).headers['set-cookie'] ?? [];
    expect(lines).toHaveLength(1);
    expect(lines[0]).toMatch(/; Path=\/; Max-Age=86400; HttpOnly; SameSite=Lax; Secure$/);
  });
});

describe('a cluster that does not answer', () => {
  test('is 502, and the cookie is cleared: the next request goes to another cluster', async () => {
    await using first = await startScriptedTrino();
    await using second = await startScriptedTrino();
    await using router = await startTestbed({ clusters: { first, second } });
    const { go, jar } = browser(router.url);
    await go('/ui/');
    await first.kill();
    expect((await go('/ui/')).status).toBe(502);
    expect(jar.has(uiCookieName)).toBe(false);
    expect((await go('/ui/')).status).toBe(303);
    expect(uiRequests(second)).toHaveLength(1);
  });

  test('sets no cookie for a browser that had none', async () => {
    await using router = await startTestbed({ clusters: { dead: { url: await deadUrl() } } });
    const reply = await ask(`${router.url}/ui/`);
    expect(reply.status).toBe(502);
    expect(reply.headers['set-cookie']).toBeUndefined();
  });
});

test('without any cluster the UI is 503, and an unknown query 404', async () => {
  await using none = await startTestbed();
  expect((await ask(`${none.url}/ui/`)).status).toBe(503);
  await using bed = await twoClusters();
  const reply = await ask(`${bed.router.url}/ui/query.html?20261121_080808_00130_zzzzz`);
  expect(reply.status).toBe(404);
  expect(reply.text).toContain('20261121_080808_00130_zzzzz');
});

test('/ and /ui lead to /ui/, as in Trino', async () => {
  await using trino = await startScriptedTrino();
  await using router = await startTestbed({ clusters: { trino } });
  for (const path of ['/', '/ui'])
    expect(await ask(router.url + path)).toMatchObject({ status: 303, headers: { location: `${router.url}/ui/` } });
});

describe('router.ui REDIRECT sends browsers to the clusters themselves', () => {
  test('to the external address of the cluster of the query, or of the one chosen', async () => {
    const backend = { externalUrl: 'https://trino.example' };
    await using bed = await twoClusters({ config: { ui: 'REDIRECT' }, backend });
    for (const path of ['/ui/', `/ui/query.html?${bed.id}`, '/']) {
      const reply = await ask(bed.router.url + path);
      expect(reply).toMatchObject({ status: 307, headers: { location: `https://trino.example${path}` } });
      expect(reply.headers['set-cookie']).toBeUndefined();
    }
    expect(uiRequests(bed.first)).toEqual([]);
    expect(uiRequests(bed.second)).toEqual([]);
  });

  test('also while there is no decision, as after a restart without a gatewayserver', async () => {
    const backend = { externalUrl: 'https://trino.example' };
    const route = () => {
      throw new GatewayUnavailableError('no answer');
    };
    await using bed = await twoClusters({ config: { ui: 'REDIRECT' }, backend, route });
    const path = `/ui/query.html?${bed.id}`;
    expect((await ask(bed.router.url + path)).headers.location).toBe(`https://trino.example${path}`);
    expect((await ask(`${bed.router.url}/ui/`)).status).toBe(503);
  });

  test('to the url of the backend where it has no external address', async () => {
    await using bed = await twoClusters({ config: { ui: 'REDIRECT' } });
    expect((await ask(`${bed.router.url}/ui/`)).headers.location).toBe(`${bed.first.url}/ui/`);
    expect((await ask(`${bed.router.url}/ui/query.html?${bed.id}`)).headers.location).toBe(
      `${bed.second.url}/ui/query.html?${bed.id}`,
    );
  });
});

test('router.ui OFF serves none', async () => {
  await using stub = await startStub((_, response) => response.end());
  await using router = await startTestbed({ clusters: { stub }, config: { ui: 'OFF' } });
  for (const path of ['/', '/ui/', '/ui/api/stats'])
    expect(await ask(router.url + path)).toMatchObject({ status: 404, text: expect.stringContaining('router.ui') });
  expect(stub.requests).toEqual([]);
});
