import { describe, expect, test } from '@jest/globals';
import { Backend_ForwardedHeaders as Setting } from '@trino-gateway/api/gateway';
import { headerValue, startScriptedTrino } from '@trino-gateway/testing';
import { ask, pageOf, post, run, user } from '../support/client.ts';
import { answerJson, startStub } from '../support/stub-cluster.ts';
import { startTestbed } from '../support/testbed.ts';

const outside = 'https://gw.example:8443';
/** Follows pages whose links name an address that only exists outside. */
async function runOutside(url: string, statement: string, headers: readonly string[] = user) {
  const pages = [pageOf(await post(url, statement, headers))];
  for (let next = pages[0]?.nextUri; next !== undefined; next = pages.at(-1)?.nextUri) {
    const { pathname } = new URL(next);
    pages.push(pageOf(await ask(url + pathname, { headers })));
  }
  return pages;
}
const links = (pages: { nextUri?: string; infoUri: string; partialCancelUri?: string }[]) =>
  pages
    .flatMap(({ nextUri, infoUri, partialCancelUri }) => [nextUri, infoUri, partialCancelUri])
    .filter((link) => link !== undefined);

describe('every link of every page names the address the client used', () => {
  test('a cluster that takes X-Forwarded-* gets them with every request', async () => {
    await using trino = await startScriptedTrino();
    await using router = await startTestbed({ clusters: { trino }, client: { externalUrl: outside } });
    for (const link of links(await runOutside(router.url, 'SELECT * FROM tpch.tiny.orders')))
      expect(link.startsWith(`${outside}/`)).toBe(true);
    for (const { rawHeaders } of trino.requests) {
      expect(headerValue(rawHeaders, 'x-forwarded-proto')).toBe('https');
      expect(headerValue(rawHeaders, 'x-forwarded-host')).toBe('gw.example:8443');
      expect(headerValue(rawHeaders, 'x-forwarded-port')).toBe('8443');
      expect(headerValue(rawHeaders, 'x-forwarded-for')).toBe('127.0.0.1');
    }
  });

  test('a trusted balancer in front is believed, and named in X-Forwarded-For', async () => {
    await using trino = await startScriptedTrino();
    await using router = await startTestbed({ clusters: { trino }, client: { trustedProxies: ['127.0.0.0/8'] } });
    const headers = [
      ...user,
      'X-Forwarded-Proto',
      'https',
      'X-Forwarded-Host',
      'gw.example:8443',
      'X-Forwarded-For',
      '10.1.2.3',
    ];
    for (const link of links(await runOutside(router.url, 'SELECT 1', headers)))
      expect(link.startsWith(`${outside}/`)).toBe(true);
    expect(headerValue(trino.requests[0]?.rawHeaders ?? [], 'x-forwarded-for')).toBe('10.1.2.3, 127.0.0.1');
  });

  test('AUTO learns from one 406, and exactly one query exists', async () => {
    await using trino = await startScriptedTrino({ processForwarded: false });
    await using router = await startTestbed({ clusters: { trino } });
    for (const statement of ['SELECT 1', 'SELECT 2']) {
      const { pages } = await run(router.url, statement);
      for (const link of links(pages)) expect(link.startsWith(`${router.url}/`)).toBe(true);
    }
    expect(trino.queries.map(({ statement }) => statement)).toEqual(['SELECT 1', 'SELECT 2']);
    expect(
      trino.requests.filter(({ rawHeaders }) => headerValue(rawHeaders, 'x-forwarded-host') !== undefined),
    ).toHaveLength(1);
  });

  test('AUTO learns from the 406 of a poll too, as after a restart of the router', async () => {
    await using trino = await startScriptedTrino({ processForwarded: false });
    await using before = await startTestbed({ clusters: { trino } });
    const { nextUri = '' } = pageOf(await post(before.url, 'SELECT 1'));
    await using after = await startTestbed({ clusters: { trino } });
    const page = pageOf(await ask(after.url + new URL(nextUri).pathname));
    expect(page.nextUri?.startsWith(after.url)).toBe(true);
  });

  test('AUTO learns once from the 406 of several polls at a time, and none of them reaches a client', async () => {
    await using trino = await startScriptedTrino({ processForwarded: false });
    await using before = await startTestbed({ clusters: { trino } });
    const paths: string[] = [];
    for (let at = 0; at < 4; at++)
      paths.push(new URL(pageOf(await post(before.url, `SELECT ${at}`)).nextUri ?? '').pathname);
    await using after = await startTestbed({ clusters: { trino }, coordinatorIds: { trino: trino.suffix } });
    // The router learns from the first, while the others are under way.
    trino.fault({
      on: ({ path, method }) => method === 'GET' && paths.indexOf(path) > 0,
      times: paths.length - 1,
      action: { kind: 'slow', ms: 300 },
    });
    const answers = await Promise.all(paths.map((path) => ask(after.url + path)));
    expect(answers.map(({ status }) => status)).toEqual(paths.map(() => 200));
  });

  test('AUTO forgets what it learnt when another incarnation of the coordinator answers', async () => {
    await using stub = await startStub((request, response) => {
      const suffix = stub.requests.length > 3 ? 'bbbbb' : 'aaaaa';
      if (suffix === 'aaaaa' && request.headers['x-forwarded-host'] !== undefined) {
        response.writeHead(406);
        response.end();
        return;
      }
      const host = request.headers['x-forwarded-host'] ?? request.headers.host;
      answerJson(
        response,
        `{"id":"20261121_080808_00130_${suffix}","nextUri":"http://${host}/v1/statement/queued/x/y/1","stats":{"state":"QUEUED"}}`,
      );
    });
    await using router = await startTestbed({ clusters: { stub } });
    for (let at = 0; at < 4; at += 1) expect((await post(router.url, 'SELECT 1')).status).toBe(200);
    const received = stub.requests.map(({ headers }) => headers['x-forwarded-host'] !== undefined);
    expect(received).toEqual([true, false, false, false, true]);
  });

  test('OMIT never sends them: the Host of the client is enough between http and http', async () => {
    await using trino = await startScriptedTrino();
    await using router = await startTestbed({ clusters: { trino }, forwardedHeaders: Setting.OMIT });
    const { pages } = await run(router.url, 'SELECT 1');
    for (const link of links(pages)) expect(link.startsWith(`${router.url}/`)).toBe(true);
    for (const { rawHeaders } of trino.requests) {
      expect(headerValue(rawHeaders, 'x-forwarded-host')).toBeUndefined();
      expect(headerValue(rawHeaders, 'host')).toBe(`127.0.0.1:${router.port}`);
    }
  });

  test('OMIT from https to http: links are replaced, in plain bytes, and nothing else is', async () => {
    await using trino = await startScriptedTrino();
    await using router = await startTestbed({
      clusters: { trino },
      forwardedHeaders: Setting.OMIT,
      client: { externalUrl: outside },
    });
    const pages = await runOutside(router.url, "SELECT 'http://127.0.0.1/nextUri'", [
      ...user,
      'Accept-Encoding',
      'gzip',
    ]);
    for (const link of links(pages)) expect(link.startsWith(`${outside}/`)).toBe(true);
    expect(pages.flatMap(({ data }) => data ?? [])).toEqual([['http://127.0.0.1/nextUri']]);
    for (const { rawHeaders } of trino.requests) {
      expect(headerValue(rawHeaders, 'accept-encoding')).toBe('identity');
      expect(headerValue(rawHeaders, 'host')).toBe(`127.0.0.1:${trino.port}`);
    }
  });

  test('a cluster that silently ignores X-Forwarded-* is detected before the client has a page', async () => {
    await using stub = await startStub((request, response) => {
      const origin = `http://${request.headers.host}`;
      answerJson(
        response,
        `{"id":"20261121_080808_00130_93wed","nextUri":"${origin}/v1/statement/queued/x/y/1","stats":{"state":"QUEUED"}}`,
      );
    });
    await using router = await startTestbed({ clusters: { stub } });
    expect(pageOf(await post(router.url, 'SELECT 1')).nextUri).toBe(`${router.url}/v1/statement/queued/x/y/1`);
    await using secure = await startTestbed({ clusters: { stub }, client: { externalUrl: outside } });
    expect(pageOf(await post(secure.url, 'SELECT 1')).nextUri).toBe(`${outside}/v1/statement/queued/x/y/1`);
  });

  test('SEND learns nothing: a 406 reaches the client', async () => {
    await using trino = await startScriptedTrino({ processForwarded: false });
    await using router = await startTestbed({ clusters: { trino }, forwardedHeaders: Setting.SEND });
    expect((await post(router.url, 'SELECT 1')).status).toBe(406);
  });
});
