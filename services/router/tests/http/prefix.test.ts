import { describe, expect, test } from '@jest/globals';
import { Backend_ForwardedHeaders as Setting } from '@trino-gateway/api/gateway';
import { headerValue, startScriptedTrino } from '@trino-gateway/testing';
import { type Page, pageOf, type Reply, ask as request, user } from '../support/client.ts';
import { startQueueBed } from '../support/queue-bed.ts';
import { firstPage, startStub } from '../support/stub-cluster.ts';
import { startTestbed, type TestbedOptions } from '../support/testbed.ts';

// Below a path of an outer proxy: every link and cookie has the prefix, whatever takes it off, and whatever the cluster is told.
const OUTSIDE = 'https://gw.example:8443/trino';

type Proxy = { client: TestbedOptions['client']; headers: readonly string[]; strips: boolean };

const told = ['X-Forwarded-Proto', 'https', 'X-Forwarded-Host', 'gw.example:8443'];
const proxies: Record<string, Proxy> = {
  'takes it off and says so': {
    client: { trustedProxies: ['127.0.0.1'] },
    headers: [...told, 'X-Forwarded-Prefix', '/trino'],
    strips: true,
  },
  'says so and leaves it': {
    client: { trustedProxies: ['127.0.0.1'] },
    headers: [...told, 'X-Forwarded-Prefix', '/trino/'],
    strips: false,
  },
  'leaves it, with external_url': { client: { externalUrl: OUTSIDE }, headers: [], strips: false },
  'takes it off, with external_url': { client: { externalUrl: OUTSIDE }, headers: [], strips: true },
};

/** Asks for a link as a client outside does. */
function outsideOf(url: string, { headers, strips }: Proxy) {
  return (
    link: string,
    { method = 'GET', body, more = [] }: { method?: string; body?: string; more?: string[] } = {},
  ) => {
    const { pathname, search, origin } = new URL(link, OUTSIDE);
    expect([origin, pathname.split('/')[1]]).toEqual(['https://gw.example:8443', 'trino']);
    const path = (strips ? pathname.replace(/^\/trino/, '') : pathname) + search;
    return request(url + path, {
      method,
      headers: [...user, ...headers, ...more],
      ...(body === undefined ? {} : { body }),
    });
  };
}

const linksOf = ({ nextUri, infoUri, partialCancelUri }: Page) =>
  [nextUri, infoUri, partialCancelUri].filter((link) => link !== undefined);
const cookiesOf = ({ rawHeaders }: Reply) =>
  rawHeaders.filter((_, at) => /^set-cookie$/i.test(rawHeaders[at - 1] ?? ''));

async function runTo(ask: ReturnType<typeof outsideOf>, first: Reply, statement: string) {
  const pages = [pageOf(first)];
  for (let link = pages[0]?.nextUri; link !== undefined; link = pages.at(-1)?.nextUri)
    pages.push(pageOf(await ask(link)));
  const links = pages.flatMap(linksOf);
  expect([statement, links.filter((link) => !link.startsWith(`${OUTSIDE}/`))]).toEqual([statement, []]);
  return pages;
}

describe.each(Object.entries(proxies))('behind a proxy that %s', (_, proxy) => {
  test.each([
    ['is told', true, Setting.AUTO],
    ['refuses to be told', false, Setting.AUTO],
    ['is not told', true, Setting.OMIT],
  ])(
    'a query runs on a cluster that %s, and is killed by its links',
    async (_name, processForwarded, forwardedHeaders) => {
      await using trino = await startScriptedTrino({ processForwarded });
      await using router = await startTestbed({ clusters: { trino }, client: proxy.client ?? {}, forwardedHeaders });
      const ask = outsideOf(router.url, proxy);
      const statement = 'SELECT * FROM tpch.tiny.orders';
      const pages = await runTo(
        ask,
        await ask(`${OUTSIDE}/v1/statement`, { method: 'POST', body: statement }),
        statement,
      );
      expect(pages.at(-1)?.stats.state).toBe('FINISHED');
      const long = pageOf(await ask(`${OUTSIDE}/v1/statement`, { method: 'POST', body: statement }));
      expect((await ask(long.nextUri ?? '', { method: 'DELETE' })).status).toBe(204);
      for (const path of ['/v1/info', `/v1/query/${pages[0]?.id}`])
        expect((await ask(OUTSIDE + path)).status).toBe(200);
    },
  );

  test('so does a query that waits, one that is refused, and the pages of both', async () => {
    await using bed = await startQueueBed({ router: { client: proxy.client ?? {} } });
    const ask = outsideOf(bed.router.url, proxy);
    const first = await ask(`${OUTSIDE}/v1/statement`, { method: 'POST', body: 'SELECT 1' });
    const page = await ask(pageOf(first).infoUri);
    expect([page.status, page.text]).toEqual([200, expect.stringContaining('Waiting for a free slot')]);
    expect(JSON.parse((await ask(`${OUTSIDE}/v1/query/${pageOf(first).id}`)).text).self).toMatch(
      `${OUTSIDE}/v1/query/`,
    );
    bed.free();
    expect((await runTo(ask, first, 'SELECT 1')).at(-1)?.stats.state).toBe('FINISHED');
    const moved = await ask(pageOf(first).infoUri);
    expect([moved.status, moved.headers.location]).toEqual([307, expect.stringMatching(`^${OUTSIDE}/ui/query.html`)]);

    await using none = await startTestbed({ client: proxy.client ?? {} });
    const refused = outsideOf(none.url, proxy);
    const pages = await runTo(refused, await refused(`${OUTSIDE}/v1/statement`, { method: 'POST', body: 'x' }), 'x');
    expect(pages.at(-1)?.error?.errorName).toBe('NO_NODES_AVAILABLE');
  });

  test.each([Setting.AUTO, Setting.OMIT])(
    'redirects, challenges and cookies have it (%s)',
    async (forwardedHeaders) => {
      await using stub = await startStub((asked, response) => {
        const { host } = asked.headers;
        const origin = asked.headers['x-forwarded-host']
          ? `https://${asked.headers['x-forwarded-host']}`
          : `http://${host}`;
        if (asked.url === '/v1/info') {
          const server = `Bearer x_redirect_server="${origin}/oauth2/token/initiate/a", x_token_server="${origin}/oauth2/token/b"`;
          response.writeHead(401, ['WWW-Authenticate', server, 'WWW-Authenticate', 'Basic realm="Trino"']).end();
          return;
        }
        const prefix = asked.headers['x-forwarded-prefix'] ?? '';
        const lines = [
          'Location',
          `${origin}${prefix}/ui/login.html`,
          'Set-Cookie',
          'Trino-UI-Token=t;Version=1;Path=/ui;HttpOnly',
        ];
        response.writeHead(303, lines).end();
      });
      await using router = await startTestbed({ clusters: { stub }, client: proxy.client ?? {}, forwardedHeaders });
      const ask = outsideOf(router.url, proxy);
      const { rawHeaders } = await ask(`${OUTSIDE}/v1/info`);
      const challenges = rawHeaders.filter((_line, at) => /^www-authenticate$/i.test(rawHeaders[at - 1] ?? ''));
      expect(challenges[1]).toBe('Basic realm="Trino"');
      const links = [...(challenges[0] ?? '').matchAll(/"([^"]*)"/g)].map(([, link = '']) => link);
      expect(links.map((link) => link.replace(/[^/]*$/, ''))).toEqual([
        `${OUTSIDE}/oauth2/token/initiate/`,
        `${OUTSIDE}/oauth2/token/`,
      ]);
      for (const link of links) expect((await ask(link)).status).toBe(303);
      const reply = await ask(`${OUTSIDE}/ui/`);
      expect([reply.status, reply.headers.location]).toEqual([303, `${OUTSIDE}/ui/login.html`]);
      const [theirs = '', ours = ''] = cookiesOf(reply);
      expect(theirs).toBe('Trino-UI-Token=t;Version=1;Path=/trino/ui;HttpOnly');
      expect(ours).toMatch(/^Trino-Gateway-UI=.*; Path=\/trino; /);
      expect(headerValue(stub.requests.at(-1)?.rawHeaders ?? [], 'host')).not.toContain('gw.example');
    },
  );
});

test('a cluster that takes X-Forwarded-* but no prefix has its links replaced', async () => {
  await using stub = await startStub((asked, response) => {
    response.writeHead(200, ['Content-Type', 'application/json']).end(firstPage(asked));
  });
  await using router = await startTestbed({ clusters: { stub }, client: { externalUrl: OUTSIDE } });
  const page = pageOf(await request(`${router.url}/v1/statement`, { method: 'POST', headers: user, body: 'SELECT 1' }));
  expect(linksOf(page).filter((link) => !link.startsWith(`${OUTSIDE}/`))).toEqual([]);
});

describe('a prefix that is no path', () => {
  const bad = [
    ...[
      '/..',
      '/a/../b',
      '//evil.example',
      '/a//b',
      '/a b',
      'http://evil',
      '/a%2e',
      '/{x}',
      '/v1',
      '/ui/x',
      '/a"b',
      '\u00e9',
    ],
    `/${'a'.repeat(1_000_000)}`,
  ];
  const posting = (url: string, headers: readonly string[]) =>
    request(`${url}/v1/statement`, { method: 'POST', headers: [...user, ...headers], body: 'SELECT 1' });

  test('gets a clear answer from a trusted proxy, and no cluster sees it', async () => {
    await using trino = await startScriptedTrino();
    await using router = await startTestbed({ clusters: { trino }, client: { trustedProxies: ['127.0.0.1'] } });
    for (const prefix of bad) {
      const { status, text } = await posting(router.url, ['X-Forwarded-Prefix', prefix]);
      const why = expect.stringContaining('X-Forwarded-Prefix must be a plain path such as');
      expect([prefix.slice(0, 20), status, text]).toEqual([prefix.slice(0, 20), 400, why]);
    }
    expect(trino.requests).toEqual([]);
  });

  test('is dropped when anybody else says it, as is Forwarded', async () => {
    await using trino = await startScriptedTrino();
    await using router = await startTestbed({ clusters: { trino } });
    for (const prefix of [...bad, '/trino']) {
      const made = ['X-Forwarded-Prefix', prefix, 'Forwarded', 'for=1.1.1.1;host=evil.example;proto=https'];
      const links = linksOf(pageOf(await posting(router.url, made)));
      expect(links.filter((link) => !/^\/(v1|ui)\//.test(link.replace(router.url, '')))).toEqual([]);
    }
    const names = new Set(trino.requests.flatMap(({ rawHeaders }) => rawHeaders.filter((_, at) => at % 2 === 0)));
    expect([...names].filter((name) => /^(x-forwarded-prefix|forwarded)$/i.test(name))).toEqual([]);
  });
});
