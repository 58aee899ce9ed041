import { createHash } from 'node:crypto';
import { runInNewContext } from 'node:vm';
import { describe, expect, test } from '@jest/globals';
import { startScriptedTrino } from '@trino-gateway/testing';
import { uiCookieName } from '../../src/http/gateway-cookie.ts';
import { ask, run } from '../support/client.ts';
import { startStub } from '../support/stub-cluster.ts';
import { startTestbed } from '../support/testbed.ts';

const html = ['Accept', 'text/html,application/xhtml+xml;q=0.9'];
const id = '20261121_080808_00130_93wed';

/** Where the script of a page sends a browser that has opened it with this fragment. */
function sentTo(page: string, pathname: string, hash: string): string {
  const [, script = ''] = /<script>(.*?)<\/script>/s.exec(page) ?? [];
  const sent: string[] = [];
  runInNewContext(script, { location: { pathname, hash, replace: (url: string) => sent.push(url) } });
  return sent.join();
}

describe('a link to a query with the id behind the #, as Trino makes it from 483 on', () => {
  test('is asked for again with the id in the open, by a script that the policy of the page names', async () => {
    await using trino = await startScriptedTrino({ version: '483' });
    await using router = await startTestbed({ clusters: { trino } });
    const { status, headers, text } = await ask(`${router.url}/ui`, { headers: html });
    expect([status, headers['content-type'], headers['cache-control']]).toEqual([
      200,
      'text/html;charset=utf-8',
      'no-store',
    ]);
    const [, script = ''] = /<script>(.*?)<\/script>/s.exec(text) ?? [];
    const digest = createHash('sha256').update(script).digest('base64');
    expect(headers['content-security-policy']).toBe(`default-src 'none'; script-src 'sha256-${digest}'`);
    expect(sentTo(text, '/ui', `#/queries/${id}`)).toBe(`/ui/?${id}#/queries/${id}`);
    expect(sentTo(text, '/below/ui', `#/queries/${id}`)).toBe(`/below/ui/?${id}#/queries/${id}`);
    expect(trino.requests.filter(({ path }) => path.startsWith('/ui'))).toEqual([]);
  });

  test.each([
    ['', '/ui/'],
    ['#/workers', '/ui/#/workers'],
    ['#/queries/javascript:alert(1)', '/ui/#/queries/javascript:alert(1)'],
    [`#/queries/${id}/../x`, `/ui/?${id}#/queries/${id}/../x`],
    ['#//evil.example', '/ui/#//evil.example'],
  ])('with %j leads nowhere else', async (hash, expected) => {
    await using router = await startTestbed();
    const { text } = await ask(`${router.url}/ui`, { headers: html });
    expect(sentTo(text, '/ui', hash)).toBe(expected);
  });

  test('then opens at the cluster of the query, and keeps the browser there', async () => {
    await using first = await startScriptedTrino({ version: '483' });
    await using second = await startScriptedTrino({ version: '483' });
    await using elsewhere = await startTestbed({ clusters: { second } });
    const { last } = await run(elsewhere.url, 'SELECT 1');
    await using router = await startTestbed({ clusters: { first, second } });
    const owner = router.ownership.candidates().find(({ url }) => url === second.url);
    if (owner !== undefined) router.ownership.learn(last.id, owner);
    const reply = await ask(`${router.url}/ui/?${last.id}`, { headers: html });
    expect(reply.headers['set-cookie']?.join()).toContain(uiCookieName);
    expect(second.requests.filter(({ path }) => path.startsWith('/ui')).map(({ path }) => path)).toEqual([
      `/ui/?${last.id}`,
    ]);
  });

  test.each<[string, Parameters<typeof ask>[1]]>([
    ['what is no browser', {}],
    ['HEAD', { method: 'HEAD', headers: html }],
  ])('%s gets the redirect of the cluster', async (_, request) => {
    await using trino = await startScriptedTrino({ version: '483' });
    await using router = await startTestbed({ clusters: { trino } });
    expect(await ask(`${router.url}/ui`, request)).toMatchObject({ status: 303 });
  });
});

describe('a link to a query as Trino made it up to 482', () => {
  const opened = async (version: string, config: Record<string, string> = {}) => {
    await using trino = await startScriptedTrino({ version });
    await using router = await startTestbed({ clusters: { trino }, config });
    const { last } = await run(router.url, 'SELECT 1');
    const { status, headers } = await ask(`${router.url}/ui/query.html?${last.id}`, { headers: html });
    const known = [router.url, trino.url, last.id].map(
      (text, at) => [text, ['ROUTER', 'TRINO', 'ID'][at] ?? ''] as const,
    );
    return [status, known.reduce((text, [from, to]) => text.replaceAll(from, to), headers.location ?? '')];
  };

  test.each([
    ['476', 303, 'ROUTER/ui/login.html?/ui/query.html'],
    ['482-e.1', 303, 'ROUTER/ui/login.html?/ui/query.html'],
    ['483', 307, 'ROUTER/ui/?ID#/queries/ID'],
    ['490-SNAPSHOT', 307, 'ROUTER/ui/?ID#/queries/ID'],
    ['unknown', 303, 'ROUTER/ui/login.html?/ui/query.html'],
  ])('leads to the page that a cluster of release %s has', async (version, status, location) => {
    expect(await opened(version)).toEqual([status, location]);
  });

  test('also where browsers are sent to the clusters themselves', async () => {
    expect(await opened('476', { ui: 'REDIRECT' })).toEqual([307, 'TRINO/ui/query.html?ID']);
    expect(await opened('483', { ui: 'REDIRECT' })).toEqual([307, 'TRINO/ui/?ID#/queries/ID']);
  });

  test.each([
    '',
    '[]',
    'null',
    '{"nodeVersion":483}',
    `{"nodeVersion":{"version":"483"},"more":"${'x'.repeat(70_000)}"}`,
  ])('passes on where /v1/info says %.40j', async (info) => {
    await using stub = await startStub(({ url }, response) => response.end(url === '/v1/info' ? info : 'the page'));
    await using router = await startTestbed({ clusters: { stub } });
    router.ownership.learn(id, { backendId: 'stub', url: stub.url, forwardedHeaders: 0 });
    expect(await ask(`${router.url}/ui/query.html?${id}`)).toMatchObject({ status: 200, text: 'the page' });
  });
});
