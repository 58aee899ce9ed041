import { createSecretKey } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { authenticationCheck, type DelegatedAuthentication } from '@trino-gateway/api/authentication';
import { type ScriptedTrino, startScriptedTrino } from '@trino-gateway/testing';
import { GatewayUnavailableError } from '../../src/control-plane/retry-unreachable.ts';
import { createLoginOwners, type LoginPart } from '../../src/stickiness/login-owners.ts';
import { type Ask, ask, pageOf, post, type Reply, run, user } from '../support/client.ts';
import { basic, type FakeAuthProvider, startAuthProvider } from '../support/fake-auth-provider.ts';
import { isWaiting, posted, rest, startQueueBed } from '../support/queue-bed.ts';
import { headersOf, linkAt, runSpooled, spoolingUser } from '../support/spooled-result.ts';
import { startTestbed, type Testbed } from '../support/testbed.ts';

// A cluster that a policy with delegated authentication leads to, asked for at every entry point and by every kind of request.

const entryPoints = {
  'the entry point of that policy': 'secure.example',
  'an entry point that no policy knows': 'other.example',
  'an entry point that a policy opens for another cluster': 'free.example',
  'an entry point that a policy opens for this cluster': 'open.example',
} as const;
type EntryPointName = keyof typeof entryPoints;

const clients: Record<string, readonly string[]> = {
  'without credentials': ['X-Trino-User', 'alice'],
  'with a wrong password': basic('alice', 'guess'),
  'with the right password': basic('alice'),
  'with the password of another than it names': [...basic('bob'), 'X-Trino-User', 'alice'],
};

/** What a request may name: ids of the guarded cluster, a cookie that keeps a browser there, and links of a login. */
type Found = {
  queryId: string;
  transactionId: string;
  cookie: string;
  ofLogin: (part: LoginPart) => string;
};
type MakeRequest = (found: Found) => Ask & { path: string };

const statement = (body: string, headers: readonly string[] = []) => ({
  path: '/v1/statement',
  method: 'POST',
  body,
  headers,
});
const hidden = (id: string) =>
  `p=${encodeURIComponent(`CALL system.runtime.kill_query('${id}')`)},q=${encodeURIComponent('SELECT 1')}`;

/** Unknown links are remembered for a while: each time another one. */
let drawn = 0;
const nextUnknownId = () => `20261121_080808_${String(++drawn).padStart(5, '0')}_yyyyy`;

const requests: Record<string, MakeRequest> = {
  'a new statement': () => statement('SELECT 1'),
  'a statement of a transaction that is open there': ({ transactionId }) =>
    statement('SELECT 1', ['X-Trino-Transaction-Id', transactionId]),
  'COMMIT of that transaction': ({ transactionId }) => statement('COMMIT', ['X-Trino-Transaction-Id', transactionId]),
  kill_query: ({ queryId }) => statement(`CALL system.runtime.kill_query('${queryId}')`),
  'kill_query of an id with an unknown coordinator': () =>
    statement("CALL system.runtime.kill_query('20261121_080808_00130_xxxxx')"),
  'kill_query in a prepared statement': ({ queryId }) =>
    statement('EXECUTE p', ['X-Trino-Prepared-Statement', hidden(queryId)]),
  'HEAD /v1/statement': () => ({ path: '/v1/statement', method: 'HEAD' }),
  'GET /v1/query/ID': ({ queryId }) => ({ path: `/v1/query/${queryId}` }),
  'HEAD /v1/query/ID': ({ queryId }) => ({ path: `/v1/query/${queryId}`, method: 'HEAD' }),
  'DELETE /v1/query/ID': ({ queryId }) => ({ path: `/v1/query/${queryId}`, method: 'DELETE' }),
  'PUT /v1/query/ID/killed': ({ queryId }) => ({ path: `/v1/query/${queryId}/killed`, method: 'PUT', body: 'x' }),
  'PUT /v1/query/ID/preempted': ({ queryId }) => ({ path: `/v1/query/${queryId}/preempted`, method: 'PUT', body: 'x' }),
  'GET /v1/query/ID with an unknown coordinator': () => ({ path: `/v1/query/${nextUnknownId()}` }),
  'GET /v1/info': () => ({ path: '/v1/info' }),
  'GET /v1/info/state': () => ({ path: '/v1/info/state' }),
  'GET /v1/status': () => ({ path: '/v1/status' }),
  'GET /ui/': () => ({ path: '/ui/' }),
  'the web UI with the cookie of somebody who was let in': ({ cookie }) => ({
    path: '/ui/',
    headers: ['Cookie', cookie],
  }),
  'the page of a query': ({ queryId }) => ({ path: `/ui/query.html?${queryId}` }),
  'the UI’s view of a query': ({ queryId }) => ({ path: `/ui/api/query/${queryId}` }),
  'what the page of a query loads': ({ queryId }) => ({
    path: '/ui/assets/app.js',
    headers: ['Referer', `http://other.example/ui/query.html?${queryId}`],
  }),
  'the link that begins a login': ({ ofLogin }) => ({ path: `/oauth2/token/initiate/${ofLogin('initiate')}` }),
  'the poll for the token of a login': ({ ofLogin }) => ({ path: `/oauth2/token/${ofLogin('token')}` }),
  'the end of such polls': ({ ofLogin }) => ({ path: `/oauth2/token/${ofLogin('token')}`, method: 'DELETE' }),
  'the return from an identity provider': ({ ofLogin }) => ({
    path: `/oauth2/callback?code=1&state=${ofLogin('state')}`,
  }),
  'a link of a spooled segment that the gateway has not made': () => ({
    path: `/v1/spooled/download/${nextUnknownId()}`,
  }),
  'the login of the web UI': ({ cookie }) => ({
    path: '/ui/login',
    method: 'POST',
    body: 'username=alice&password=x',
    headers: ['Content-Type', 'application/x-www-form-urlencoded', 'Cookie', cookie],
  }),
};

/** What leads to no particular cluster: where another one than the guarded may be meant, it is not reached at that entry point. */
const byDecision = new Set([
  'a new statement',
  'HEAD /v1/statement',
  'GET /v1/info',
  'GET /v1/info/state',
  'GET /v1/status',
  'GET /ui/',
]);
/** No lease can be had meanwhile: only a transaction goes on without one. */
const needDecision = new Set(['kill_query', 'kill_query in a prepared statement']);

describe.each([
  ['while the gatewayserver answers', true],
  ['while it does not', false],
])('%s', (_situation, answers) => {
  let guarded: ScriptedTrino;
  let free: ScriptedTrino;
  let provider: FakeAuthProvider;
  let router: Testbed;
  let found: Found;
  let isAway = false;

  const rules = (): DelegatedAuthentication => ({
    ports: [],
    hosts: ['secure.example'],
    clusters: [
      { url: guarded.url, backendIds: ['guarded'], groupIds: ['g'], openPorts: [], openHosts: ['open.example'] },
    ],
  });
  const decided = (entryPoint: { listeningPort: number; host: string }, boundBackendId: string) => {
    const backendId = entryPoint.host === 'free.example' ? 'free' : 'guarded';
    const { url } = backendId === 'free' ? free : guarded;
    const cluster = boundBackendId === '' ? { backendId, url } : { backendId: boundBackendId, url: guarded.url };
    return {
      authDelegated: authenticationCheck(rules()).forCluster(entryPoint, cluster),
      decision: { backendId, groupId: 'g', decidedBy: 'default_group' },
      backend: { id: backendId, url, forwardedHeaders: 1 },
    };
  };

  beforeAll(async () => {
    guarded = await startScriptedTrino({ spooling: {} });
    free = await startScriptedTrino();
    provider = await startAuthProvider();
    const signingKey = new Uint8Array(32).fill(3);
    const logins = createLoginOwners({ signingKey: () => createSecretKey(signingKey), candidates: () => [] });
    router = await startTestbed({
      clusters: { guarded, free },
      signingKey,
      config: { auth_provider_url: provider.url, submit_time_limit: 2_000 },
      authentication: rules,
      route: ({ listeningPort, host, boundBackendId }) => {
        if (isAway) throw new GatewayUnavailableError('no answer');
        return decided({ listeningPort, host }, boundBackendId) as never;
      },
    });
    const admitted = ['Host', 'secure.example', ...basic('alice')];
    const begun = await begin(router, [...admitted, 'X-Trino-Transaction-Id', 'NONE']);
    const page = await ask(`${router.url}/ui/`, { headers: admitted });
    const cookie = (page.headers['set-cookie'] ?? []).find((line) => line.startsWith('Trino-Gateway-UI'));
    const ofLogin: Found['ofLogin'] = (part) => logins.mark(part, 'anid', guarded);
    found = { ...begun, cookie: cookie?.split(';', 1)[0] ?? '', ofLogin };
    expect(found).toMatchObject({ transactionId: expect.stringMatching(/-/), cookie: expect.stringMatching(/=/) });
    isAway = !answers;
  });
  afterAll(async () => {
    await router[Symbol.asyncDispose]();
    await provider[Symbol.asyncDispose]();
    await Promise.all([guarded.stop(), free.stop()]);
  });

  const send = async (makeRequest: MakeRequest, headers: readonly string[]): Promise<Reply> => {
    const { path, headers: own = [], ...asked } = makeRequest(found);
    return await ask(router.url + path, { ...asked, headers: [...headers, ...own] });
  };

  describe.each(Object.keys(entryPoints) as EntryPointName[])('by %s', (entryPointName) => {
    const host = entryPoints[entryPointName];
    const isOpen = host === 'open.example';
    describe.each(Object.keys(clients))('a client %s', (clientName) => {
      const mayReach = isOpen || clientName === 'with the right password';
      test.each(Object.keys(requests))(
        `${mayReach ? 'is let through with' : 'does not reach the cluster with'} %s`,
        async (name) => {
          const makeRequest = requests[name] as MakeRequest;
          const before = guarded.requests.length;
          const reply = await send(makeRequest, ['Host', host, ...(clients[clientName] ?? [])]);
          const reached = guarded.requests.length > before;
          if (!mayReach) expect(reached).toBe(false);
          // The provider was asked, or what the client says of itself does not fit: it is told as Trino tells it.
          const elsewhere = (host === 'free.example' || !answers) && byDecision.has(name);
          if (!mayReach && !elsewhere) expect([401, 403]).toContain(reply.status);
          if (mayReach && !elsewhere) expect(reached).toBe(answers || !needDecision.has(name));
        },
      );
    });
  });

  test('the link of a running query is enough, at any entry point', async () => {
    const headers = ['Host', 'other.example'];
    const link = new URL(pageOf(await post(guarded.url, 'SELECT 1', ['X-Trino-User', 'alice'])).nextUri ?? '');
    expect((await ask(router.url + link.pathname, { headers })).status).toBe(200);
  });

  test('so is that of a spooled segment, and no other', async () => {
    if (isAway) return;
    const headers = ['Host', 'other.example'];
    const statement = 'SELECT * FROM tpch.tiny.orders';
    const { segments } = await runSpooled([router.url], statement, [...basic('alice'), ...spoolingUser, ...headers]);
    const [one] = segments;
    expect(one).toBeDefined();
    if (one === undefined) return;
    const link = linkAt(router.url, one.uri);
    expect((await ask(link, { headers: [...headers, ...headersOf(one)] })).status).toBe(200);
    const before = guarded.requests.length;
    const unnamed = link.replace(/\/v1\/coordinator\/[^/]+/, '');
    expect((await ask(unnamed, { headers: [...headers, ...headersOf(one)] })).status).toBe(401);
    const made = link.replace(/(\/v1\/coordinator\/\w+\.)[^/]+/, `$1${'A'.repeat(16)}`);
    expect((await ask(made, { headers: [...headers, ...headersOf(one)] })).status).toBe(404);
    expect(guarded.requests).toHaveLength(before);
  });
});

async function begin(router: Testbed, headers: readonly string[]): Promise<Pick<Found, 'queryId' | 'transactionId'>> {
  const first = await post(router.url, 'START TRANSACTION', headers);
  const link = new URL(pageOf(first).nextUri ?? '');
  let reply = await ask(router.url + link.pathname + link.search, { headers: ['Host', 'secure.example'] });
  for (let next = pageOf(reply).nextUri; next !== undefined; next = pageOf(reply).nextUri) {
    const { pathname, search } = new URL(next);
    reply = await ask(router.url + pathname + search, { headers: ['Host', 'secure.example'] });
  }
  return {
    queryId: pageOf(first).id,
    transactionId: String(reply.headers['x-trino-started-transaction-id']),
  };
}

test('an address that no backend has any more asks for credentials while any policy does: it may have been guarded', async () => {
  await using trino = await startScriptedTrino();
  await using free = await startScriptedTrino();
  const rules: DelegatedAuthentication = { ports: [], hosts: [], clusters: [] };
  await using router = await startTestbed({ clusters: { free }, authentication: () => rules });
  const { id } = pageOf(await post(trino.url, 'SELECT 1'));
  router.ownership.learn(id, { backendId: 'deleted', url: trino.url, forwardedHeaders: 1 });
  expect((await ask(`${router.url}/v1/query/${id}`, { headers: ['X-Trino-User', 'alice'] })).status).not.toBe(401);
  rules.clusters.push({ url: 'http://guarded', backendIds: ['g'], groupIds: [], openPorts: [], openHosts: [] });
  expect((await ask(`${router.url}/v1/query/${id}`, { headers: ['X-Trino-User', 'alice'] })).status).toBe(401);
  expect((await run(router.url, 'SELECT 1')).rows).toEqual([[1]]);
});

describe('a statement that waits for a cluster which a policy has guarded since', () => {
  const nowGuarded = (url: string): DelegatedAuthentication => ({
    ports: [],
    hosts: [],
    clusters: [{ url, backendIds: ['trino'], groupIds: ['g'], openPorts: [], openHosts: [] }],
  });

  test('is not shown, cancelled or killed by its id without a password', async () => {
    let isGuarded = false;
    await using provider = await startAuthProvider();
    const free = { ports: [], hosts: [], clusters: [] };
    await using bed = await startQueueBed({
      router: {
        config: { auth_provider_url: provider.url },
        authentication: () => (isGuarded ? nowGuarded(bed.trino.url) : free),
      },
    });
    const { id, nextUri = '' } = pageOf(await post(bed.router.url, 'SELECT 1'));
    isGuarded = true;
    const asked: Ask[] = [{ method: 'GET' }, { method: 'DELETE' }];
    for (const one of asked)
      expect((await ask(`${bed.router.url}/v1/query/${id}`, { ...one, headers: user })).status).toBe(401);
    const kill = await post(bed.router.url, `CALL system.runtime.kill_query('${id}', 'no')`);
    expect(kill.status).toBe(401);
    expect((await ask(`${bed.router.url}/ui/query.html?${id}`)).status).toBe(401);
    expect(isWaiting(await ask(nextUri))).toBe(true);
    expect((await ask(`${bed.router.url}/v1/query/${id}`, { headers: basic('alice') })).status).toBe(200);
  });

  test('fails when it is offered a slot, since its user was never checked; the cluster does not see it', async () => {
    let isGuarded = false;
    const free = { ports: [], hosts: [], clusters: [] };
    await using bed = await startQueueBed({
      router: { authentication: () => (isGuarded ? nowGuarded(bed.trino.url) : free) },
    });
    const first = await post(bed.router.url, 'SELECT 1');
    isGuarded = true;
    bed.free();
    expect((await rest(first)).last.error).toMatchObject({ errorName: 'PERMISSION_DENIED' });
    expect(posted(bed.trino)).toEqual([]);
  });
});
