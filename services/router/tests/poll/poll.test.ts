import { describe, expect, test } from '@jest/globals';
import { Query_State } from '@trino-gateway/api/gateway';
import { startScriptedTrino } from '@trino-gateway/testing';
import { until } from '@trino-gateway/testing/processes/until';
import { ask, pageOf, post, run, user } from '../support/client.ts';
import { fakeAdmission } from '../support/fake-admission.ts';
import { answerJson, deadUrl, firstPage, startStub } from '../support/stub-cluster.ts';
import { startTestbed } from '../support/testbed.ts';

const notFound = { status: 404, text: 'Error 404 Not Found: Query not found' };

describe('the coordinator of a query', () => {
  test('a poll with an unknown suffix asks all coordinators, and the one that owns the query is remembered', async () => {
    await using first = await startScriptedTrino();
    await using second = await startScriptedTrino();
    await using handedOut = await startTestbed({ clusters: { second } });
    const { nextUri = '', id } = pageOf(await post(handedOut.url, 'SELECT 1'));
    await using router = await startTestbed({ clusters: { first, second } });
    const link = router.url + new URL(nextUri).pathname;
    expect(pageOf(await ask(link)).id).toBe(id);
    expect(router.ownership.owners(id)).toMatchObject([{ url: second.url }]);
    expect(router.incarnations).toEqual([{ suffix: second.suffix, backendId: 'second' }]);
    const askedBefore = first.requests.length;
    await ask(link);
    expect(first.requests).toHaveLength(askedBefore);
    expect(second.queries).toHaveLength(1);
  });

  test('a poll with an ambiguous suffix asks exactly those that share it', async () => {
    await using first = await startScriptedTrino();
    await using second = await startScriptedTrino();
    await using third = await startScriptedTrino();
    await using router = await startTestbed({ clusters: { first, second, third } });
    const { nextUri = '', id } = pageOf(await post(router.url, 'SELECT 1'));
    const other = router.ownership.candidates().find(({ url }) => url === second.url);
    if (other !== undefined) router.ownership.learn(id, other);
    expect(router.ownership.owners(id)).toHaveLength(2);
    expect(pageOf(await ask(nextUri)).id).toBe(id);
    expect(second.requests).toHaveLength(1);
    expect(third.requests).toEqual([]);
    expect(await ask(nextUri, { method: 'DELETE' })).toMatchObject({ status: 204 });
  });

  test('an unknown id is 404, and repeated polls of it do not reach every cluster each time', async () => {
    await using first = await startScriptedTrino();
    await using second = await startScriptedTrino();
    await using router = await startTestbed({ clusters: { first, second } });
    const link = `${router.url}/v1/statement/executing/20261121_080808_00130_zzzzz/y00/3`;
    expect(await ask(link)).toMatchObject(notFound);
    expect(await ask(link)).toMatchObject(notFound);
    expect([first.requests.length, second.requests.length]).toEqual([1, 1]);
  });

  test('while one that could own it does not answer, it is 503 and not 404', async () => {
    await using first = await startScriptedTrino();
    await using router = await startTestbed({ clusters: { first, second: { url: await deadUrl() } } });
    const link = `${router.url}/v1/statement/executing/20261121_080808_00130_zzzzz/y00/3`;
    expect((await ask(link)).status).toBe(503);
  });

  test('an id that is no Trino id is 404 as in Trino', async () => {
    await using trino = await startScriptedTrino();
    await using router = await startTestbed({ clusters: { trino } });
    expect((await ask(`${router.url}/v1/statement/queued/abc/y00/1`)).status).toBe(404);
    expect((await ask(`${router.url}/v1/statement/queued/ABC!/y00/1`)).status).toBe(404);
  });

  test('another process at its address, which knows nothing of the query, is not it: the query ends with a clear error', async () => {
    await using stub = await startStub((request, response) => {
      if (request.method === 'POST') answerJson(response, firstPage(request));
      else if (request.url === '/v1/info') answerJson(response, '{"uptime":"3.21s","starting":true}');
      else response.writeHead(404, { 'Content-Type': 'text/plain' }).end('Error 404 Not Found: Query not found');
    });
    await using router = await startTestbed({ clusters: { stub } });
    const { nextUri = '', id } = pageOf(await post(router.url, 'SELECT 1'));
    const page = pageOf(await ask(nextUri));
    expect(page).toMatchObject({ id, stats: { state: 'FAILED' }, error: { errorName: 'REMOTE_HOST_GONE' } });
    expect(page.error?.message).toMatch(/is gone: it has restarted$/);
    expect(page.nextUri).toBeUndefined();
    expect(router.ended).toEqual([{ id, state: Query_State.FAILED, error: 'REMOTE_HOST_GONE' }]);
    expect((await ask(nextUri, { method: 'HEAD' })).status).toBe(404);
    expect((await ask(nextUri, { method: 'DELETE' })).status).toBe(404);
  });
});

describe('what Trino answers to links passes unchanged', () => {
  test('same token same bytes, an old token is 410, a wrong secret 404', async () => {
    await using trino = await startScriptedTrino();
    await using router = await startTestbed({ clusters: { trino } });
    const { pages } = await run(router.url, 'SELECT * FROM tpch.tiny.orders');
    const links = pages.map(({ nextUri }) => nextUri).filter((link) => link !== undefined);
    const last = links.at(-1) ?? '';
    expect((await ask(last)).text).toBe((await ask(last)).text);
    const old = links.find((link) => link.endsWith('/0')) ?? '';
    expect(await ask(old)).toMatchObject({ status: 410, text: 'Error 410 Gone: HTTP 410 Gone' });
    expect(await ask(last.replace(/\/y[^/]+/, '/y0'))).toMatchObject(notFound);
  });

  test('HEAD stays HEAD: a heartbeat is never turned into a poll', async () => {
    await using trino = await startScriptedTrino();
    trino.when('SLEEP', { runMs: Number.POSITIVE_INFINITY });
    await using router = await startTestbed({ clusters: { trino } });
    const { nextUri = '' } = pageOf(await post(router.url, 'SLEEP'));
    expect(await ask(nextUri, { method: 'HEAD' })).toMatchObject({ status: 200, text: '' });
    expect(trino.requests.map(({ method }) => method)).toEqual(['POST', 'HEAD']);
  });

  test('the router asks a cluster for nothing that the client did not ask for', async () => {
    await using trino = await startScriptedTrino();
    await using router = await startTestbed({ clusters: { trino } });
    const { replies } = await run(router.url, 'SELECT * FROM tpch.tiny.orders');
    expect(trino.requests).toHaveLength(replies.length);
  });

  test('query parameters of clients reach the cluster', async () => {
    await using trino = await startScriptedTrino();
    await using router = await startTestbed({ clusters: { trino } });
    const { nextUri = '' } = pageOf(await post(router.url, 'SELECT 1'));
    expect((await ask(`${nextUri}?maxWait=1ms&targetResultSize=5MB`)).status).toBe(200);
    expect(trino.requests.at(-1)?.path).toMatch(/\?maxWait=1ms&targetResultSize=5MB$/);
  });
});

describe('cancel', () => {
  test('DELETE of a link cancels the query where it runs', async () => {
    await using trino = await startScriptedTrino();
    trino.when('SLEEP', { runMs: Number.POSITIVE_INFINITY });
    await using router = await startTestbed({ clusters: { trino } });
    const { nextUri = '', id } = pageOf(await post(router.url, 'SLEEP'));
    const { nextUri: next = '' } = pageOf(await ask(nextUri));
    expect((await ask(next, { method: 'DELETE' })).status).toBe(204);
    expect(pageOf(await ask(next)).error?.errorName).toBe('USER_CANCELED');
    expect(router.ended[0]).toEqual({ id, state: Query_State.FAILED, error: 'USER_CANCELED' });
  });

  test('partialCancel goes to the coordinator of the query', async () => {
    await using trino = await startScriptedTrino();
    trino.when('SLEEP', { columns: [{ name: 'a', type: 'bigint' }], runMs: Number.POSITIVE_INFINITY });
    await using router = await startTestbed({ clusters: { trino } });
    let page = pageOf(await post(router.url, 'SLEEP'));
    while (page.partialCancelUri === undefined) page = pageOf(await ask(page.nextUri ?? ''));
    expect(page.partialCancelUri.startsWith(router.url)).toBe(true);
    expect((await ask(page.partialCancelUri, { method: 'DELETE' })).status).toBe(204);
    while (page.nextUri !== undefined) page = pageOf(await ask(page.nextUri));
    expect(page).toMatchObject({ stats: { state: 'FINISHED' } });
    expect(page.error).toBeUndefined();
  });
});

describe('a coordinator that fails', () => {
  const faults = [
    { kind: 'reset' },
    { kind: 'status', status: 503 },
    { kind: 'status', status: 502 },
    { kind: 'status', status: 200, body: '' },
  ] as const;
  test.each(faults)('a short fault of a poll is not seen by the client: %j', async (action) => {
    await using trino = await startScriptedTrino();
    await using router = await startTestbed({ clusters: { trino } });
    trino.fault({ on: 'poll', times: 2, action });
    expect((await run(router.url, 'SELECT 1')).rows).toEqual([[1]]);
    expect(trino.queries).toHaveLength(1);
  });

  test('one that is gone ends the query with a clear error', async () => {
    await using trino = await startScriptedTrino();
    await using router = await startTestbed({ clusters: { trino } });
    const { nextUri = '', id } = pageOf(await post(router.url, 'SELECT 1'));
    await trino.kill();
    const page = pageOf(await ask(nextUri));
    expect(page).toMatchObject({
      id,
      stats: { state: 'FAILED' },
      error: { errorName: 'REMOTE_HOST_GONE', errorCode: 65558 },
    });
    expect(page.nextUri).toBeUndefined();
    expect(router.ended).toEqual([{ id, state: Query_State.FAILED, error: 'REMOTE_HOST_GONE' }]);
    expect((await ask(nextUri, { method: 'DELETE' })).status).toBe(500);
  });

  test('a page that breaks off ends as a broken connection, never as a clean end', async () => {
    await using trino = await startScriptedTrino();
    await using router = await startTestbed({ clusters: { trino } });
    trino.when('ROWS', { columns: [{ name: 'a', type: 'varchar' }], pageBytes: 400_000, pages: 2 });
    let page = pageOf(await post(router.url, 'ROWS'));
    while (page.nextUri?.includes('/queued/')) page = pageOf(await ask(page.nextUri));
    trino.fault({ on: 'poll', times: 3, action: { kind: 'broken-page', bytes: 300 } });
    for (const headers of [[], ['Accept-Encoding', 'gzip']] as const) {
      const reply = await ask(page.nextUri ?? '', { headers });
      expect(reply).toMatchObject({ status: 200, whole: false });
    }
    const old = await ask(page.nextUri ?? '', { headers: ['Connection', 'close'] });
    expect(old.whole).toBe(false);
    expect((await ask(page.nextUri ?? '')).whole).toBe(true);
  });
});

describe('hanging up', () => {
  test('a client that leaves while a poll is held ends it at the cluster too', async () => {
    await using stub = await startStub((request, response) => {
      if (request.method === 'POST') answerJson(response, firstPage(request));
    });
    await using router = await startTestbed({ clusters: { stub } });
    const { nextUri = '' } = pageOf(await post(router.url, 'SELECT 1'));
    const hangUp = new AbortController();
    const failed = expect(ask(nextUri, { signal: hangUp.signal })).rejects.toThrow();
    await until('the poll arrived', () => stub.open() === 1);
    hangUp.abort();
    await failed;
    await until('the poll was ended', () => stub.open() === 0);
  });

  test('a client that leaves in the middle of a page ends it at the cluster too, and one that does not read slows it', async () => {
    let written = 0;
    await using stub = await startStub((request, response) => {
      if (request.method === 'POST') {
        answerJson(response, firstPage(request));
        return;
      }
      response.writeHead(200, { 'Content-Type': 'application/json' });
      const chunk = Buffer.alloc(65_536, 'x');
      const more = () => {
        while (!response.destroyed) {
          written += chunk.length;
          if (!response.write(chunk)) return;
        }
      };
      response.on('drain', more);
      more();
    });
    await using router = await startTestbed({ clusters: { stub } });
    const { nextUri = '' } = pageOf(await post(router.url, 'SELECT 1'));
    const { hostname, port, pathname } = new URL(nextUri);
    const { connect } = await import('node:net');
    const socket = connect(Number(port), hostname);
    socket.on('error', () => {});
    socket.write(`GET ${pathname} HTTP/1.1\r\nHost: ${hostname}:${port}\r\n\r\n`);
    await new Promise((resolve) => socket.once('readable', resolve));
    let before = -1;
    await until('the cluster was slowed down', async () => {
      const now = written;
      await new Promise((resolve) => setTimeout(resolve, 100));
      if (now === before && written === now) return true;
      before = written;
      return false;
    });
    expect(written).toBeLessThan(64_000_000);
    socket.destroy();
    await until('the page was ended', () => stub.open() === 0);
  });
});

test('the end of a query is reported with its error, also from compressed pages', async () => {
  await using trino = await startScriptedTrino();
  await using router = await startTestbed({ clusters: { trino } });
  await run(router.url, 'SELECT 1/0');
  expect(router.ended[0]).toMatchObject({ state: Query_State.FAILED, error: 'DIVISION_BY_ZERO' });
  const gzip = [...user, 'Accept-Encoding', 'gzip'];
  const { gunzipSync } = await import('node:zlib');
  const unzip = (bytes: Buffer) => JSON.parse(gunzipSync(bytes).toString());
  let page = unzip((await post(router.url, 'SELECT 1/0', gzip)).bytes);
  while (page.nextUri !== undefined) page = unzip((await ask(page.nextUri, { headers: gzip })).bytes);
  expect(page.error.errorName).toBe('DIVISION_BY_ZERO');
  expect(router.ended[1]).toEqual({ id: page.id, state: Query_State.FAILED, error: 'DIVISION_BY_ZERO' });
});

test('polls of a running query ask and tell the gatewayserver nothing, also where queries hold slots', async () => {
  await using trino = await startScriptedTrino();
  const admission = fakeAdmission({ trino: 1 });
  await using router = await startTestbed({ clusters: { trino }, admission });
  let page = pageOf(await post(router.url, 'SELECT * FROM tpch.tiny.orders'));
  for (let at = 0; at < 2; at++) page = pageOf(await ask(page.nextUri ?? '', { headers: user }));
  const before = { routes: router.routes.length, calls: [...admission.calls], started: router.started.length };
  for (let at = 0; at < 50; at++) expect((await ask(page.nextUri ?? '', { headers: user })).status).toBe(200);
  expect({ routes: router.routes.length, calls: admission.calls, started: router.started.length }).toEqual(before);
  expect(router.incarnations).toHaveLength(1);
});
