import { describe, expect, test } from '@jest/globals';
import { Backend_Forwarding, Backend_ForwardedHeaders as Setting } from '@trino-gateway/api/gateway';
import { ask, post, type Reply } from '../support/client.ts';
import { type OAuth2Cluster, PROVIDER, startOAuth2Cluster } from '../support/oauth2-cluster.ts';
import { deadUrl } from '../support/stub-cluster.ts';
import { startTestbed, type Testbed, type TestbedOptions } from '../support/testbed.ts';

/** The two links of a challenge. */
function linksOf(reply: Reply): { initiate: string; token: string } {
  const line = reply.headers['www-authenticate'] ?? '';
  const [, initiate = ''] = /x_redirect_server="([^"]*)"/.exec(line) ?? [];
  const [, token = ''] = /x_token_server="([^"]*)"/.exec(line) ?? [];
  return { initiate, token };
}

/** Two clusters behind two routers that share nothing but the key; statements go to the second. */
async function startBed(options: TestbedOptions = {}) {
  await using started = new AsyncDisposableStack();
  const first = started.use(await startOAuth2Cluster());
  const second = started.use(await startOAuth2Cluster());
  const clusters = { first, second };
  const route = ({ excludedBackendIds }: { excludedBackendIds: string[] }) =>
    ({ decision: { backendId: 'second', groupId: 'g' }, backend: backendOf(second), excludedBackendIds }) as never;
  const backendOf = ({ url }: OAuth2Cluster) => ({ id: 'second', url, forwardedHeaders: Setting.AUTO });
  const one = started.use(await startTestbed({ clusters, route, ...options }));
  const two = started.use(await startTestbed({ clusters, ...options }));
  const owned = started.move();
  return { first, second, one, two, [Symbol.asyncDispose]: () => owned.disposeAsync() };
}

const at = (link: string, router: Testbed) => router.url + new URL(link).pathname + new URL(link).search;

/** As an identity provider does: sends the browser back with a code and the state it was given. */
const back = (location: string, router: Testbed, said = 'code=c0de%2F1&iss=x') => {
  const state = new URL(location).searchParams.get('state') ?? '';
  return `${router.url}/oauth2/callback?${said}&state=${encodeURIComponent(state)}`;
};

test('a client gets its token through one router though its browser logs in through another', async () => {
  await using bed = await startBed();
  const challenged = await post(bed.one.url, 'SELECT 1');
  expect(challenged).toMatchObject({ status: 401, text: 'Unauthorized' });
  const { initiate, token } = linksOf(challenged);
  expect([new URL(initiate).origin, new URL(token).origin]).toEqual([bed.one.url, bed.one.url]);

  const pending = JSON.parse((await ask(token)).text) as { nextUri: string };
  expect(pending).toEqual({ nextUri: token });

  const started = await ask(at(initiate, bed.two));
  expect(started.status).toBe(303);
  expect(started.headers.location).toMatch(`${PROVIDER}?redirect_uri=${encodeURIComponent(bed.two.url)}`);
  expect(started.headers['set-cookie']).toEqual(['__Secure-Trino-Nonce=n;Path=/oauth2']);
  const ended = await ask(back(started.headers.location ?? '', bed.one));
  expect(ended).toMatchObject({ status: 200, text: 'logged in' });

  const polled = await ask(at(pending.nextUri, bed.two));
  expect(JSON.parse(polled.text)).toEqual({ token: 'token of c0de/1' });
  const id = /\/oauth2\/token\/([^.]*)/.exec(token)?.[1];
  expect((await ask(token, { method: 'DELETE' })).status).toBe(200);
  expect(bed.second.tokens.size).toBe(0);
  expect(bed.first.asked()).toEqual([]);
  expect(bed.second.asked().filter((line) => line.includes('token/'))).toEqual([
    `GET /oauth2/token/${id}`,
    expect.stringMatching(/^GET \/oauth2\/token\/initiate\/[0-9a-f]{64}$/),
    `GET /oauth2/token/${id}`,
    `DELETE /oauth2/token/${id}`,
  ]);
});

test('the cluster gets back the state that it gave, and all else as the provider said it', async () => {
  await using bed = await startBed();
  const { initiate } = linksOf(await post(bed.one.url, 'SELECT 1'));
  const location = (await ask(initiate)).headers.location ?? '';
  await ask(back(location, bed.two, 'error=access_denied&error_description=no%20%2B+way'));
  const line = bed.second.requests.at(-1)?.url ?? '';
  const [, state = ''] =
    /^\/oauth2\/callback\?error=access_denied&error_description=no%20%2B\+way&state=(.*)$/.exec(line) ?? [];
  expect(state.split('.')).toHaveLength(3);
  expect(new URL(location).searchParams.get('state')).toMatch(new RegExp(`^${state.replaceAll('.', '\\.')}\\.`));
});

describe('every challenge of a cluster leads back to it', () => {
  test.each<[string, { method?: string; path: string }]>([
    ['HEAD /v1/statement', { method: 'HEAD', path: '/v1/statement' }],
    ['/v1/query/ID', { path: '/v1/query/20261121_080808_00130_93wed' }],
    ['/v1/info', { path: '/v1/info' }],
  ])('that to %s, too', async (_, { path, ...asked }) => {
    await using bed = await startBed();
    const owner = bed.one.ownership.candidates().find(({ url }) => url === bed.second.url);
    if (owner !== undefined) bed.one.ownership.learn('20261121_080808_00130_93wed', owner);
    const { token } = linksOf(await ask(bed.one.url + path, asked));
    await ask(at(token, bed.two));
    expect(bed.second.asked()).toHaveLength(1);
  });

  test.each<[string, Parameters<typeof startOAuth2Cluster>[0], Setting]>([
    ['ignores X-Forwarded-*', { isDeaf: true }, Setting.AUTO],
    ['ignores them, and is said to take them', { isDeaf: true }, Setting.SEND],
    ['refuses them', { isRejecting: true }, Setting.AUTO],
    ['is told nothing', { isDeaf: true }, Setting.OMIT],
  ])('of one that %s the links name the outside address', async (_, options, forwardedHeaders) => {
    await using cluster = await startOAuth2Cluster(options);
    await using router = await startTestbed({ clusters: { cluster }, forwardedHeaders });
    const { initiate, token } = linksOf(await post(router.url, 'SELECT 1'));
    expect([new URL(initiate).origin, new URL(token).origin]).toEqual([router.url, router.url]);
    const { nextUri } = JSON.parse((await ask(token)).text) as { nextUri: string };
    expect(nextUri).toBe(token);
  });

  test('of a DIRECT cluster they name the cluster: no link of its logins passes here', async () => {
    await using cluster = await startOAuth2Cluster();
    const backend = { forwarding: Backend_Forwarding.DIRECT, externalUrl: 'https://trino.example:8443' };
    await using router = await startTestbed({ clusters: { cluster }, backend });
    for (const reply of [
      await post(router.url, 'SELECT 1'),
      await ask(`${router.url}/v1/statement`, { method: 'HEAD' }),
    ])
      expect(linksOf(reply)).toEqual({
        initiate: expect.stringMatching(/^https:\/\/trino\.example:8443\/oauth2\/token\/initiate\/[0-9a-f]{64}$/),
        token: expect.stringMatching(/^https:\/\/trino\.example:8443\/oauth2\/token\/[0-9a-f-]{36}$/),
      });
  });
});

describe('a browser at the web UI', () => {
  test('comes back from the provider to the cluster it left, and stays there up to its logout', async () => {
    await using bed = await startBed();
    const left = await ask(`${bed.one.url}/ui/`);
    expect(left.status).toBe(303);
    // In another tab it has moved to the first cluster meanwhile.
    const returned = await ask(back(left.headers.location ?? '', bed.two));
    expect(returned.headers.location).toBe(`${bed.two.url}/ui/`);
    const cookies = returned.headers['set-cookie'] ?? [];
    expect(cookies.map((line) => line.split('=', 1)[0])).toEqual(['__Secure-Trino-OAuth2-Token', 'Trino-Gateway-UI']);
    const headers = ['Cookie', cookies.map((line) => line.split(';', 1)[0]).join('; ')];
    for (const path of ['/ui/', '/ui/logout', '/ui/logout/logout.html'])
      expect((await ask(bed.two.url + path, { headers })).status).toBe(200);
    expect(bed.first.asked()).toEqual([]);
    expect(bed.second.asked().slice(-3)).toEqual(['GET /ui/', 'GET /ui/logout', 'GET /ui/logout/logout.html']);
  });

  test('behind a path prefix is sent back below it, though Trino leaves the prefix out for its web UI', async () => {
    await using cluster = await startOAuth2Cluster();
    const externalUrl = 'https://gw.example/sql/trino';
    await using router = await startTestbed({ clusters: { cluster }, client: { externalUrl } });
    const { location = '' } = (await ask(`${router.url}/ui/`)).headers;
    expect(new URL(location).searchParams.get('redirect_uri')).toBe(`${externalUrl}/oauth2/callback`);
    const returned = await ask(back(location, router));
    expect(returned.headers.location).toBe(`${externalUrl}/ui/`);
  });

  test.each([
    ['a provider that sends it to another address', { isDeaf: true }],
    ['its own pages', { isOpen: true }],
  ])('keeps a redirect to %s', async (_, options) => {
    await using cluster = await startOAuth2Cluster(options);
    await using router = await startTestbed({ clusters: { cluster } });
    const path = 'isOpen' in options ? '/ui/old' : '/ui/';
    const { location } = (await ask(router.url + path)).headers;
    expect(location).toBe(
      (await ask(cluster.url + path, { headers: ['Host', new URL(router.url).host] })).headers.location,
    );
  });

  test('gets no cookie of the gateway for the login of a client', async () => {
    await using bed = await startBed();
    const { initiate } = linksOf(await post(bed.one.url, 'SELECT 1'));
    const started = await ask(initiate);
    const ended = await ask(back(started.headers.location ?? '', bed.one));
    const lines = [...(started.headers['set-cookie'] ?? []), ...(ended.headers['set-cookie'] ?? [])];
    expect(lines.join()).not.toContain('Trino-Gateway-UI');
  });
});

describe('a cluster in trouble', () => {
  test('that takes no connection is asked again for a while, then the client is told to try again', async () => {
    await using bed = await startBed();
    const { token } = linksOf(await post(bed.one.url, 'SELECT 1'));
    await bed.second[Symbol.asyncDispose]();
    expect(await ask(token)).toMatchObject({ status: 503, headers: { 'retry-after': '1' } });
  });

  test('that breaks off its answer is 503: the token can be asked for again', async () => {
    await using cluster = await startOAuth2Cluster({ breaksOff: true });
    await using router = await startTestbed({ clusters: { cluster } });
    const { token } = linksOf(await post(router.url, 'SELECT 1'));
    expect((await ask(token)).status).toBe(503);
  });

  test('that has got another address keeps the logins of its old one', async () => {
    await using old = await startOAuth2Cluster();
    await using router = await startTestbed({ clusters: { trino: old } });
    const { token } = linksOf(await post(router.url, 'SELECT 1'));
    await using moved = await startTestbed({ clusters: { trino: { url: await deadUrl() } } });
    expect((await ask(at(token, moved))).status).toBe(404);
    moved.ownership.learn('20261121_080808_00130_93wed', { backendId: 'trino', url: old.url, forwardedHeaders: 1 });
    expect((await ask(at(token, moved))).status).toBe(200);
  });
});
