import { describe, expect, test } from '@jest/globals';
import { Query_State } from '@trino-gateway/api/gateway';
import { startScriptedTrino } from '@trino-gateway/testing';
import { until } from '@trino-gateway/testing/processes/until';
import { ask, pageOf, post, run, user } from '../support/client.ts';
import { deadUrl, startStub } from '../support/stub-cluster.ts';
import { startTestbed } from '../support/testbed.ts';

describe('a query by its id', () => {
  async function sleeping() {
    const first = await startScriptedTrino();
    const second = await startScriptedTrino();
    second.when('SLEEP', { runMs: Number.POSITIVE_INFINITY });
    await using elsewhere = await startTestbed({ clusters: { second } });
    const { nextUri = '', id } = pageOf(await post(elsewhere.url, 'SLEEP'));
    const { pathname } = new URL(pageOf(await ask(nextUri)).nextUri ?? '');
    return { first, second, id, pathname };
  }

  test.each(['known', 'unknown'])(
    'is asked for, cancelled and killed where it runs, with a suffix that is %s',
    async (what) => {
      const { first, second, id, pathname } = await sleeping();
      await using _first = first;
      await using _second = second;
      await using router = await startTestbed({ clusters: { first, second } });
      if (what === 'known') await ask(router.url + pathname, { method: 'HEAD' });
      const url = `${router.url}/v1/query/${id}`;
      expect(JSON.parse((await ask(url, { headers: user })).text)).toMatchObject({ queryId: id, query: 'SLEEP' });
      expect((await ask(url, {})).status).toBe(401);
      expect((await ask(`${url}/killed`, { method: 'PUT', headers: user, body: 'because' })).status).toBe(202);
      expect((await ask(`${url}/killed`, { method: 'PUT', headers: user, body: 'because' })).status).toBe(409);
      expect(router.ended[0]).toEqual({ id, state: Query_State.FAILED, error: 'ADMINISTRATIVELY_KILLED' });
      expect((await ask(url, { method: 'DELETE', headers: user })).status).toBe(204);
      expect(second.queries[0]).toMatchObject({ state: 'FAILED', error: { name: 'ADMINISTRATIVELY_KILLED' } });
    },
  );

  test('an unknown one is answered as Trino does: 410, and 204 to a cancel', async () => {
    await using first = await startScriptedTrino();
    await using second = await startScriptedTrino();
    await using router = await startTestbed({ clusters: { first, second } });
    for (const id of ['20261121_080808_00130_zzzzz', '20261121_080808_00130_0l1o0']) {
      const url = `${router.url}/v1/query/${id}`;
      expect((await ask(url, { headers: user })).status).toBe(410);
      expect((await ask(url, { method: 'DELETE', headers: user })).status).toBe(204);
    }
  });

  test('one of a coordinator that does not answer is an error no client repeats for hours', async () => {
    await using trino = await startScriptedTrino();
    await using router = await startTestbed({ clusters: { trino } });
    const { id } = pageOf(await post(router.url, 'SELECT 1'));
    await trino.kill();
    expect((await ask(`${router.url}/v1/query/${id}`, { method: 'DELETE', headers: user })).status).toBe(500);
  });

  test('the list without an id is refused with an explanation: no cluster has the right one', async () => {
    await using trino = await startScriptedTrino();
    await using router = await startTestbed({ clusters: { trino } });
    const reply = await ask(`${router.url}/v1/query`, { headers: user });
    expect(reply.status).toBe(404);
    expect(reply.text).toContain('/v1/query/{id}');
    expect(trino.requests).toEqual([]);
  });
});

describe('what clients ask before their first query', () => {
  test('/v1/info and HEAD /v1/statement come from the cluster a query would go to', async () => {
    await using first = await startScriptedTrino({ version: '476' });
    await using second = await startScriptedTrino({ version: '480' });
    await using router = await startTestbed({ clusters: { first, second } });
    expect(JSON.parse((await ask(`${router.url}/v1/info`)).text)).toMatchObject({
      nodeVersion: { version: '476' },
      starting: false,
    });
    expect(await ask(`${router.url}/v1/statement`, { method: 'HEAD', headers: user })).toMatchObject({
      status: 200,
      text: '',
    });
    expect((await ask(`${router.url}/v1/statement`, { method: 'HEAD' })).status).toBe(401);
    await first.kill();
    expect(JSON.parse((await ask(`${router.url}/v1/info`)).text)).toMatchObject({ nodeVersion: { version: '480' } });
    expect(second.queries).toEqual([]);
    expect(router.settled).toHaveLength(router.routes.length - 1);
  });

  test('without a cluster /v1/info says starting, and HEAD /v1/statement 503 with a reason', async () => {
    await using router = await startTestbed({ clusters: { dead: { url: await deadUrl() } } });
    expect(JSON.parse((await ask(`${router.url}/v1/info`)).text)).toMatchObject({
      coordinator: true,
      starting: true,
      uptime: '0.00s',
    });
    expect((await ask(`${router.url}/v1/statement`, { method: 'HEAD', headers: user })).status).toBe(503);
  });
});

describe('the web UI', () => {
  test('of a query is that of the cluster that owns it, with all that its page loads', async () => {
    await using first = await startScriptedTrino();
    await using second = await startScriptedTrino();
    await using elsewhere = await startTestbed({ clusters: { second } });
    const { last } = await run(elsewhere.url, 'SELECT 1');
    await using router = await startTestbed({ clusters: { first, second } });
    const known = router.ownership.candidates().find(({ url }) => url === second.url);
    if (known !== undefined) router.ownership.learn(last.id, known);
    const page = `${router.url}/ui/query.html?${last.id}`;
    const redirect = await ask(page);
    expect(redirect).toMatchObject({
      status: 303,
      headers: { location: `${router.url}/ui/login.html?/ui/query.html` },
    });
    const referer = ['Referer', page];
    const login = await ask(`${router.url}/ui/login`, {
      method: 'POST',
      body: 'username=a',
      headers: ['Content-Type', 'application/x-www-form-urlencoded', ...referer],
    });
    expect(login.status).toBe(303);
    const cookie = ['Cookie', login.headers['set-cookie']?.[0]?.split(';')[0] ?? ''];
    expect(JSON.parse((await ask(`${router.url}/ui/api/query/${last.id}`, { headers: cookie })).text)).toMatchObject({
      queryId: last.id,
    });
    expect((await ask(`${router.url}/ui/api/stats`, { headers: [...cookie, ...referer] })).status).toBe(200);
    expect(first.requests).toEqual([]);
  });

  test('of a cluster that refuses X-Forwarded-* works, redirects included', async () => {
    await using trino = await startScriptedTrino({ processForwarded: false });
    await using router = await startTestbed({ clusters: { trino }, client: { externalUrl: 'https://gw.example' } });
    expect(await ask(`${router.url}/ui/`)).toMatchObject({
      status: 303,
      headers: { location: 'https://gw.example/ui/login.html' },
    });
  });

  test('passes no hop-by-hop header, keeps repeated ones apart, and ends with its client', async () => {
    await using stub = await startStub((request, response) => {
      if (request.url === '/ui/held') return;
      response.writeHead(200, [
        'Set-Cookie',
        'a=1',
        'Set-Cookie',
        'b=2',
        'Strict-Transport-Security',
        'max-age=1',
        'X-A',
        '1',
        'X-A',
        '2',
      ]);
      response.end('ok');
    });
    await using router = await startTestbed({ clusters: { stub } });
    const { 'set-cookie': own = [] } = (await ask(`${router.url}/ui/x`)).headers;
    const reply = await ask(`${router.url}/ui/x`, {
      headers: [
        'Cookie',
        own.at(-1)?.split(';')[0] ?? '',
        'X-B',
        '1',
        'X-B',
        '2',
        'TE',
        'trailers',
        'X-Trino-Internal-Bearer',
        's',
        'Connection',
        'X-C',
        'X-C',
        '1',
      ],
    });
    expect(reply.headers['set-cookie']).toEqual(['a=1', 'b=2']);
    expect(reply.rawHeaders.filter((text) => text === 'X-A')).toHaveLength(2);
    expect(reply.headers['strict-transport-security']).toBeUndefined();
    const { rawHeaders = [], headers = {} } = stub.requests[1] ?? {};
    expect(rawHeaders.filter((text) => text.toLowerCase() === 'x-b')).toHaveLength(2);
    expect([headers.te, headers['x-c'], headers['x-trino-internal-bearer']]).toEqual([undefined, undefined, undefined]);
    const hangUp = new AbortController();
    const failed = expect(ask(`${router.url}/ui/held`, { signal: hangUp.signal })).rejects.toThrow();
    await until('the request arrived', () => stub.open() === 1);
    hangUp.abort();
    await failed;
    await until('the request was ended', () => stub.open() === 0);
  });

  test('of a cluster that is gone is 502', async () => {
    await using router = await startTestbed({ clusters: { dead: { url: await deadUrl() } } });
    expect((await ask(`${router.url}/ui/`)).status).toBe(502);
  });
});
