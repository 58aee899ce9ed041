import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { until } from '@trino-gateway/testing/processes/until';
import { type Answer, exchange } from '@trino-gateway/testing/trino-client/exchange';
import { runStatement } from '@trino-gateway/testing/trino-client/run-statement';
import { type ClientName, clientNames } from '../client-matrix/clients.ts';
import { runClientMatrix } from '../client-matrix/run-matrix.ts';
import { loginBrowser } from '../support/login/login-browser.ts';
import { type OAuth2Suite, startOAuth2Suite } from './oauth2-clusters.ts';
import { seenByTrino } from './real-clusters.ts';

// Two real clusters that ask for OAuth2, a real identity provider, two routers that get each request in turn, and TLS in front.
let bed: OAuth2Suite;

beforeAll(async () => {
  bed = await startOAuth2Suite();
}, 600_000);

afterAll(async () => {
  await bed?.[Symbol.asyncDispose]();
}, 60_000);

const send = (method: string, url: string, more: { token?: string; body?: string } = {}): Promise<Answer> =>
  exchange(new URL(url), {
    method,
    headers: {
      'x-trino-user': 'alice',
      ...(more.token === undefined ? {} : { authorization: `Bearer ${more.token}` }),
    },
    ...(more.body === undefined ? {} : { body: more.body }),
    signal: AbortSignal.timeout(60_000),
  });

type Asked = { token?: string; url?: string };

/** The links that a statement without a good token is answered. */
async function challenge({ url = bed.urls.both, ...more }: Asked = {}): Promise<{
  initiate: string | undefined;
  token: string;
}> {
  const answer = await send('POST', `${url}/v1/statement`, { body: 'SELECT 1', ...more });
  expect(answer.status).toBe(401);
  const line = answer.headers['www-authenticate'] ?? '';
  return {
    initiate: /x_redirect_server="([^"]*)"/.exec(line)?.[1],
    token: /x_token_server="([^"]*)"/.exec(line)?.[1] ?? '',
  };
}

/** As CLI and JDBC driver do: polls until there is a token or an error. */
async function pollFor(link: string): Promise<{ token?: string; error?: string; polls: number }> {
  let next = link;
  for (let polls = 1; ; polls += 1) {
    const answer = await send('GET', next);
    expect(answer.status).toBe(200);
    const said = JSON.parse(answer.body) as { nextUri?: string; token?: string; error?: string };
    if (said.nextUri === undefined) return { ...said, polls };
    next = said.nextUri;
  }
}

test('case 86: a client gets its token though each request reaches another router, and the browser shares nothing with it', async () => {
  const links = await challenge();
  // The first poll is held for ten seconds: it is there before the browser has begun.
  const polling = pollFor(links.token);
  const page = await loginBrowser().open(links.initiate ?? '');
  expect(page).toMatchObject({ status: 200, url: expect.stringContaining(`${bed.urls.both}/oauth2/callback?`) });
  expect(page.body).toContain('OAuth2');
  const { token = '' } = await polling;
  expect(token).not.toBe('');
  expect(bed.provider.sentTo.at(-1)).toContain(`${bed.urls.both}/oauth2/callback?code=`);
  expect((await send('DELETE', links.token)).status).toBe(200);
  const mark = 'one login for both';
  for (let times = 0; times < 4; times += 1) {
    const asked = { user: 'alice', headers: { authorization: `Bearer ${token}` } };
    const { rows } = await runStatement(bed.urls.both, `SELECT '${mark}', current_user`, asked);
    expect(rows).toEqual([[mark, 'alice']]);
  }
  for (const cluster of bed.clusters) expect((await seenByTrino(cluster, mark)).length).toBeGreaterThan(0);
});

test('case 86: twenty logins at once, at both clusters, all come to their end', async () => {
  const tokens = await Promise.all(
    Array.from({ length: 20 }, async () => {
      const links = await challenge();
      const polling = pollFor(links.token);
      await loginBrowser().open(links.initiate ?? '');
      return (await polling).token ?? '';
    }),
  );
  expect(new Set(tokens).size).toBe(20);
  expect(tokens).not.toContain('');
});

test('a login goes on while no gatewayserver is there, and after the routers have started anew', async () => {
  const links = await challenge();
  await bed.suite.gatewayserver.stop();
  try {
    for (const router of bed.suite.routers) {
      await router.stop();
      await router.start();
    }
    await loginBrowser().open(links.initiate ?? '');
    expect(await pollFor(links.token)).toEqual({ token: expect.stringMatching(/^ey/), polls: 1 });
  } finally {
    await bed.suite.gatewayserver.start();
  }
});

test('case 86: a token that is over is refreshed: the client gets the next one without a browser, from the cluster that made it', async () => {
  bed.provider.tokensLast(3);
  try {
    const links = await challenge();
    await loginBrowser().open(links.initiate ?? '');
    const { token = '' } = await pollFor(links.token);
    await until('the token to be over', async () => {
      const { status } = await send('HEAD', `${bed.urls.both}/v1/statement`, { token });
      return status === 401;
    });
    bed.provider.tokensLast(3_600);
    const refreshed = await challenge({ token });
    expect(refreshed.initiate).toBeUndefined();
    const { token: next = '', polls } = await pollFor(refreshed.token);
    expect(polls).toBe(1);
    const asked = { user: 'alice', headers: { authorization: `Bearer ${next}` } };
    expect((await runStatement(bed.urls.both, 'SELECT 1', asked)).rows).toEqual([[1]]);
  } finally {
    bed.provider.tokensLast(3_600);
  }
});

/** The token of a login at this address. */
async function logIn(url: string, callbackAt = url): Promise<string> {
  const links = await challenge({ url });
  const page = await loginBrowser().open(links.initiate ?? '');
  expect(page).toMatchObject({ status: 200, url: expect.stringContaining(`${callbackAt}/oauth2/callback?`) });
  return (await pollFor(links.token)).token ?? '';
}

type Page = { id: string; nextUri?: string; stats: { state: string }; data?: unknown[][]; error?: object };

/** Follows links as they are, up to a page that `isEnough`, or to the last. */
async function follow(answer: Answer, token: string, isEnough: (page: Page) => boolean = () => false): Promise<Page> {
  expect(answer.status).toBe(200);
  const page = JSON.parse(answer.body) as Page;
  if (isEnough(page) || page.nextUri === undefined) return page;
  const next = await follow(await send('GET', page.nextUri, { token }), token, isEnough);
  return next.data === undefined && page.data !== undefined ? { ...next, data: page.data } : next;
}

test('below a path the login, its callback and the web UI stay below it', async () => {
  const url = bed.urls.below;
  const token = await logIn(url);
  expect(bed.provider.sentTo.at(-1)).toContain(`${url}/oauth2/callback?`);
  const last = await follow(await send('POST', `${url}/v1/statement`, { body: 'SELECT current_user', token }), token);
  expect(last).toMatchObject({ data: [['alice']] });
  const browser = loginBrowser();
  expect(await browser.open(`${url}/ui/`)).toMatchObject({ status: 200, url: `${url}/ui/` });
  expect((await browser.ask(`${url}/ui/api/stats`)).status).toBe(200);
});

test('a login at a DIRECT cluster passes the cluster itself, as its pages do', async () => {
  const { token: link } = await challenge({ url: bed.urls.direct });
  expect(new URL(link).origin).toBe(bed.clusterUrl);
  const token = await logIn(bed.urls.direct, bed.clusterUrl);
  const first = await send('POST', `${bed.urls.direct}/v1/statement`, { body: 'SELECT current_user', token });
  expect(first.body).toContain(`"nextUri":"${bed.clusterUrl}/`);
  expect(await follow(first, token)).toMatchObject({ data: [['alice']] });
});

test('where no slot is free the challenge comes at once, and who has logged in waits for the slot', async () => {
  const url = `${bed.urls.limited}/v1/statement`;
  const token = await logIn(bed.urls.limited);
  const body = 'SELECT count(*) FROM tpch.sf1000.lineitem';
  const isRunning = ({ stats }: Page) => stats.state === 'RUNNING';
  const long = await follow(await send('POST', url, { body, token }), token, isRunning);
  const began = performance.now();
  expect(await logIn(bed.urls.limited)).not.toBe('');
  const waiting = await send('POST', url, { body: "SELECT 'waited'", token });
  const { id } = JSON.parse(waiting.body) as Page;
  const first = await follow(waiting, token, ({ nextUri = '' }) => /\/2$/.test(nextUri));
  expect(first).toMatchObject({ id, stats: { state: 'QUEUED' } });
  expect(performance.now() - began).toBeLessThan(60_000);
  expect((await send('DELETE', long.nextUri ?? '', { token })).status).toBe(204);
  const last = await follow(await send('GET', first.nextUri ?? '', { token }), token);
  expect(last).toMatchObject({ data: [['waited']] });
});

test('a login that is given up ends the polls with an error, and the browser is told', async () => {
  bed.provider.logInAs(undefined);
  try {
    const links = await challenge();
    const page = await loginBrowser().open(links.initiate ?? '');
    expect(page.body).toContain('denied');
    expect((await pollFor(links.token)).error).toMatch(/access_denied|denied/);
  } finally {
    bed.provider.logInAs('alice');
  }
});

describe('the web UI', () => {
  test('logs in at the provider, shows its pages and data, and logs out there', async () => {
    const browser = loginBrowser();
    expect(await browser.open(`${bed.urls.both}/ui/`)).toMatchObject({ status: 200, url: `${bed.urls.both}/ui/` });
    expect(browser.cookie(bed.urls.both, '__Secure-Trino-OAuth2-Token')).toBeDefined();
    const stats = await browser.ask(`${bed.urls.both}/ui/api/stats`);
    expect(JSON.parse(stats.body)).toMatchObject({ activeCoordinators: 1 });
    const left = await browser.ask(`${bed.urls.both}/ui/logout`);
    const back = new URL(left.headers.location ?? '').searchParams.get('post_logout_redirect_uri');
    expect(left.headers.location).toContain(bed.provider.issuer);
    expect(back).toBe(`${bed.urls.both}/ui/logout/logout.html`);
    expect((await browser.ask(back ?? '')).status).toBe(200);
    expect((await browser.ask(`${bed.urls.both}/ui/api/stats`)).status).toBe(401);
  });

  test('a browser that another tab has moved meanwhile comes back to the cluster it left', async () => {
    const browser = loginBrowser();
    const isAt = () => {
      const [payload = ''] = (browser.cookie(bed.urls.both, 'Trino-Gateway-UI') ?? '').split('.');
      return (JSON.parse(Buffer.from(payload, 'base64url').toString()) as [string, number])[0];
    };
    const left = await browser.ask(`${bed.urls.both}/ui/`);
    const [here, there] = isAt() === 'one' ? bed.clusters : [bed.clusters[1], bed.clusters[0]];
    const { id } = await runStatement(there.url, 'SELECT 1', { user: 'alice' });
    await browser.ask(`${bed.urls.both}/ui/assets/trino.css?${id}`);
    expect(isAt()).toBe(there.name);
    const returned = await browser.open(left.headers.location ?? '');
    expect(returned).toMatchObject({ status: 200, url: `${bed.urls.both}/ui/` });
    expect(isAt()).toBe(here.name);
  });
});

test('case 86: ids and states that nobody has are answered at once: no cluster holds them for ten seconds', async () => {
  const { token, initiate = '' } = await challenge();
  const began = performance.now();
  const bad = ['11111111-2222-3333-4444-555555555555', `${token.split('/').at(-1)?.split('.')[0]}`];
  for (const id of bad) expect((await send('GET', `${bed.urls.both}/oauth2/token/${id}`)).status).toBe(404);
  const swapped = `${initiate.slice(0, initiate.lastIndexOf('.'))}.${token.slice(token.lastIndexOf('.') + 1)}`;
  expect((await send('GET', swapped)).status).toBe(404);
  expect((await send('GET', `${bed.urls.both}/oauth2/callback?code=a&state=a.b.c`)).status).toBe(400);
  expect(performance.now() - began).toBeLessThan(5_000);
});

describe('every client of the matrix gets what a direct run gives', () => {
  // These have a way to log in without a browser of their own: they print the link that is to be opened.
  const thatLogIn: readonly ClientName[] = ['cli', 'jdbc', 'dbapi', 'sqlalchemy'];
  // The others know no challenge of OAuth2. Go and JS take a token from their caller, PyHive a function that adds it to each request,
  // and the bare protocol a header.
  const others = clientNames.filter((name) => !thatLogIn.includes(name));

  const run = async (client: ClientName, more: { logIn?: (link: string) => Promise<void>; token?: string }) => {
    const backends = bed.clusters.map(({ url }) => url);
    const options = { url: bed.urls.alone, user: 'alice', only: [client], backends, ...more };
    const results = await Array.fromAsync(runClientMatrix(options));
    process.stderr.write(`${client}: ${results.map(({ name, outcome }) => `${name} ${outcome}`).join(', ')}\n`);
    expect(results.filter(({ outcome }) => outcome === 'failed')).toEqual([]);
    expect(results.some(({ outcome, name }) => outcome === 'passed' || name === 'all')).toBe(true);
    return results;
  };

  test.each(thatLogIn)('case 86: %s, which logs in by itself', async (client) => {
    let logins = 0;
    const open = async (link: string) => {
      logins += 1;
      expect((await loginBrowser().open(link)).status).toBe(200);
    };
    const results = await run(client, { logIn: open });
    if (results.some(({ outcome }) => outcome === 'passed')) expect(logins).toBeGreaterThan(0);
  });

  test.each(others)('%s, with the token of a login', async (client) => {
    await run(client, { token: await logIn(bed.urls.alone) });
  });
});
