import { randomBytes } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import { Backend_Forwarding, Backend_ForwardedHeaders as Setting } from '@trino-gateway/api/gateway';
import { headerValue, type ScriptedTrino, startScriptedTrino } from '@trino-gateway/testing';
import { ask, pageOf, post, user } from '../support/client.ts';
import { headersOf, linkAt, runSpooled, type Segment, spoolingUser } from '../support/spooled-result.ts';
import { deadUrl } from '../support/stub-cluster.ts';
import { startTestbed } from '../support/testbed.ts';

const outside = 'https://gw.example:8443';
const orders = 'SELECT * FROM tpch.tiny.orders';
const asked = (trino: ScriptedTrino, action: 'download' | 'ack') =>
  trino.requests.filter(({ path }) => path.startsWith(`/v1/spooled/${action}/`));
const segment = async (router: string) => (await runSpooled([router], orders)).segments[0] as Segment;

describe.each([
  ['that trusts X-Forwarded-*', true, Setting.AUTO],
  ['that answers 406 to them', false, Setting.AUTO],
  ['that is to get none', true, Setting.OMIT],
])('of a cluster %s', (_, processForwarded, forwardedHeaders) => {
  test.each([undefined, outside, `${outside}/data/trino`])(
    'segments reach their owner, and only it, through any router, from %s',
    async (externalUrl) => {
      await using other = await startScriptedTrino({ processForwarded, spooling: {} });
      await using owner = await startScriptedTrino({ processForwarded, spooling: {} });
      const common = { forwardedHeaders, client: { externalUrl } };
      await using posted = await startTestbed({ clusters: { owner, other }, ...common });
      // It has never seen a page of these queries, and knows the coordinators as every router does.
      const coordinatorIds = { owner: owner.suffix, other: other.suffix };
      await using later = await startTestbed({ clusters: { other, owner }, coordinatorIds, ...common });
      const { pages, segments } = await runSpooled([posted.url, later.url], orders);
      for (const { nextUri } of pages.slice(0, -1))
        expect(nextUri).toMatch(new RegExp(`^${externalUrl ?? 'http://127\\.0\\.0\\.1:\\d+'}/v1/coordinator/`));
      expect(segments.length).toBeGreaterThan(0);
      for (const one of segments) {
        const headers = headersOf(one);
        const { status, text, headers: got } = await ask(linkAt(later.url, one.uri), { headers });
        expect([status, got['content-type']]).toEqual([200, 'application/octet-stream']);
        expect(JSON.parse(text)).toHaveLength(7_500);
        expect((await ask(linkAt(later.url, one.ackUri), { headers })).status).toBe(200);
        expect((await ask(linkAt(later.url, one.uri), { headers })).text).toContain('Segment not found or expired');
      }
      expect(asked(owner, 'ack')).toHaveLength(segments.length);
      expect([...asked(other, 'ack'), ...asked(other, 'download')]).toEqual([]);
    },
  );
});

test('only queries that spool have other links than usual', async () => {
  await using spooling = await startScriptedTrino({ spooling: {} });
  await using plain = await startScriptedTrino();
  const usual = /^http:\/\/127\.0\.0\.1:\d+\/v1\/statement\//;
  for (const [cluster, headers] of [
    [spooling, user],
    [plain, spoolingUser],
  ] as const) {
    await using router = await startTestbed({ clusters: { cluster } });
    const { pages } = await runSpooled([router.url], orders, headers);
    for (const { nextUri } of pages.slice(0, -1)) expect(nextUri).toMatch(usual);
    for (const { rawHeaders } of cluster.requests)
      expect(headerValue(rawHeaders, 'x-forwarded-prefix')).toBeUndefined();
  }
});

test('a page that spools passes compressed and unchanged where the cluster builds its links', async () => {
  await using trino = await startScriptedTrino({ spooling: {} });
  await using router = await startTestbed({ clusters: { trino } });
  const { nextUri = '' } = pageOf(await post(router.url, orders, [...spoolingUser, 'Accept-Encoding', 'gzip']));
  expect(new URL(nextUri).pathname).toMatch(
    new RegExp(`^/v1/coordinator/${trino.suffix}\\.[\\w-]{16}/v1/statement/queued/`),
  );
  const reply = await ask(nextUri, { headers: ['Accept-Encoding', 'gzip'] });
  expect(reply.headers['content-encoding']).toBe('gzip');
});

test('the page of the query in the web UI is where it always is', async () => {
  await using trino = await startScriptedTrino({ spooling: {} });
  await using router = await startTestbed({ clusters: { trino } });
  const { infoUri, id } = pageOf(await post(router.url, orders, spoolingUser));
  const reply = await ask(infoUri);
  expect([reply.status, reply.headers.location]).toEqual([307, `${router.url}/ui/query.html?${id}`]);
});

test('links into the storage pass untouched, in pages and in redirects', async () => {
  await using stored = await startScriptedTrino({ spooling: { retrievalMode: 'STORAGE' } });
  await using redirecting = await startScriptedTrino({ spooling: { retrievalMode: 'COORDINATOR_STORAGE_REDIRECT' } });
  const location = /^http:\/\/storage\.example\/spool\/[0-9a-f]{32}\?X-Amz-Signature=[0-9a-f]{8}$/;
  await using one = await startTestbed({ clusters: { stored, redirecting } });
  const direct = await segment(one.url);
  expect(direct.uri).toMatch(location);
  expect((await ask(direct.ackUri, { headers: headersOf(direct) })).status).toBe(200);
  expect([asked(stored, 'ack').length, asked(redirecting, 'ack').length]).toEqual([1, 0]);
  await using other = await startTestbed({ clusters: { redirecting, stored } });
  const led = await segment(other.url);
  const { status, headers } = await ask(led.uri, { headers: headersOf(led) });
  expect(status).toBe(303);
  expect(headers.location).toMatch(location);
});

test('a redirect to a worker is as for a client who asked the cluster itself', async () => {
  await using trino = await startScriptedTrino({ spooling: { retrievalMode: 'WORKER_PROXY' } });
  await using router = await startTestbed({ clusters: { trino }, client: { externalUrl: outside } });
  const { uri, headers } = await segment(router.url);
  const reply = await ask(linkAt(router.url, uri), { headers: headersOf({ uri, headers, ackUri: '' }) });
  const { pathname } = new URL(uri);
  const atWorker = `http://worker.example:8080${pathname.replace(/^\/v1\/coordinator\/[^/]+/, '')}`;
  expect([reply.status, reply.headers.location]).toEqual([303, atWorker]);
});

test('of a DIRECT cluster all links lead to the cluster itself', async () => {
  await using trino = await startScriptedTrino({ spooling: {} });
  await using router = await startTestbed({ clusters: { trino }, backend: { forwarding: Backend_Forwarding.DIRECT } });
  const { nextUri = '' } = pageOf(await post(router.url, orders, spoolingUser));
  expect(nextUri.startsWith(`${trino.url}/v1/statement/`)).toBe(true);
});

test('the headers of a request for a segment, its method and its range reach the owner as they are', async () => {
  await using trino = await startScriptedTrino({ spooling: {} });
  await using router = await startTestbed({ clusters: { trino } });
  const one = await segment(router.url);
  const headers = [...headersOf(one), 'Range', 'bytes=0-99', 'X-Amz-Meta-A', 'b', 'X-Amz-Meta-A', 'c'];
  const reply = await ask(one.uri, { method: 'HEAD', headers });
  expect([reply.status, reply.bytes.length]).toEqual([200, 0]);
  const got = trino.requests.at(-1);
  expect(got?.method).toBe('HEAD');
  for (let line = 0; line < headers.length; line += 2)
    expect(got?.rawHeaders.join('\n')).toContain(`${headers[line]}\n${headers[line + 1]}`);
});

describe('when the owner does not answer', () => {
  test('a download waits for it, and an acknowledgement does not', async () => {
    await using trino = await startScriptedTrino({ spooling: {} });
    await using router = await startTestbed({ clusters: { trino }, pollRetryDelaysMs: [20, 20, 60_000] });
    const one = await segment(router.url);
    const headers = headersOf(one);
    trino.fault({ on: ({ path }) => path.includes('/spooled/'), times: 3, action: { kind: 'reset' } });
    expect((await ask(one.uri, { headers })).status).toBe(200);
    await trino.kill();
    expect(await ask(one.ackUri, { headers })).toMatchObject({
      status: 503,
      text: expect.stringContaining('Error 503 Service Unavailable: The coordinator of this segment does not answer'),
    });
  });

  test('for good, the client may try again', async () => {
    await using trino = await startScriptedTrino({ spooling: {} });
    await using router = await startTestbed({ clusters: { trino } });
    const one = await segment(router.url);
    await trino.kill();
    const { status, headers, text } = await ask(one.uri, { headers: headersOf(one) });
    expect([status, headers['retry-after']]).toEqual([503, '1']);
    expect(text).toContain('The coordinator of this segment does not answer: cannot connect (ECONNREFUSED)');
  });

  test('a segment that it breaks off is a broken connection', async () => {
    await using trino = await startScriptedTrino({ spooling: {} });
    await using router = await startTestbed({ clusters: { trino } });
    const one = await segment(router.url);
    trino.fault({ on: ({ path }) => path.includes('/spooled/'), action: { kind: 'broken-page', bytes: 100_000 } });
    const { status, whole, bytes } = await ask(one.uri, { headers: headersOf(one) });
    expect([status, whole, bytes.length]).toEqual([200, false, 100_000]);
  });
});

describe('a link that names no coordinator', () => {
  const unnamed = (router: string, link: string) =>
    router + new URL(link).pathname.replace(/^\/v1\/coordinator\/[^/]+/, '');

  test('is tried at every cluster: the one that can read its id has the segment', async () => {
    await using other = await startScriptedTrino({ spooling: {} });
    await using owner = await startScriptedTrino({ spooling: {} });
    await using router = await startTestbed({ clusters: { owner, other } });
    const one = await segment(router.url);
    const headers = headersOf(one);
    const secrets = ['Authorization', 'Basic YWxpY2U6c2VjcmV0', 'Cookie', 'a=b'];
    const reply = await ask(unnamed(router.url, one.uri), { headers: [...headers, ...secrets] });
    expect([reply.status, JSON.parse(reply.text).length]).toEqual([200, 7_500]);
    for (const { rawHeaders } of asked(other, 'download')) expect(rawHeaders.join()).not.toMatch(/YWxp|a=b/);
    expect((await ask(unnamed(router.url, one.ackUri), { headers })).status).toBe(200);
    expect((await ask(one.uri, { headers })).status).toBe(500);
  });

  test('is acknowledged to each cluster once: one with the same key says yes although it is not its own', async () => {
    const key = randomBytes(32);
    await using other = await startScriptedTrino({ spooling: { key } });
    await using owner = await startScriptedTrino({ spooling: { key } });
    await using router = await startTestbed({ clusters: { other, owner }, coordinatorIds: { owner: owner.suffix } });
    await using first = await startTestbed({ clusters: { owner } });
    const one = await segment(first.url);
    const headers = headersOf(one);
    expect((await ask(unnamed(router.url, one.ackUri), { headers })).status).toBe(200);
    expect([asked(owner, 'ack').length, asked(other, 'ack').length]).toEqual([1, 1]);
    expect((await ask(linkAt(router.url, one.uri), { headers })).text).toContain('Segment not found or expired');
  });

  test('and nobody knows is 404, and does not reach every cluster each time', async () => {
    await using one = await startScriptedTrino({ spooling: {} });
    await using two = await startScriptedTrino();
    await using router = await startTestbed({ clusters: { one, two } });
    const made = randomBytes(32).toString('base64url');
    for (const action of ['download', 'ack', 'download', 'ack']) {
      const reply = await ask(`${router.url}/v1/spooled/${action}/${made}`);
      expect(reply).toMatchObject({ status: 404, text: 'Error 404 Not Found: Segment not found or expired' });
    }
    expect([one.requests.length, two.requests.length]).toEqual([2, 2]);
  });

  test('is 503 while a cluster that could have it does not answer', async () => {
    await using one = await startScriptedTrino({ spooling: {} });
    await using router = await startTestbed({ clusters: { one, two: { url: await deadUrl() } } });
    for (const action of ['download', 'ack'])
      expect((await ask(`${router.url}/v1/spooled/${action}/AAAA`)).status).toBe(503);
  });
});

test('what is no link of a segment is refused without a word to any cluster', async () => {
  await using one = await startScriptedTrino({ spooling: {} });
  await using two = await startScriptedTrino({ spooling: {} });
  await using router = await startTestbed({ clusters: { one, two }, coordinatorIds: { one: one.suffix } });
  const named = `/v1/coordinator/${one.suffix}.${'A'.repeat(16)}/v1`;
  const long = 'A'.repeat(1_000_000);
  for (const path of [`/v1/spooled/download/${long}`, `${named}/spooled/ack/${long}`, `${named}/spooled/ack/AAAA`])
    expect((await ask(router.url + path)).status).toBe(404);
  for (const method of ['DELETE', 'POST', 'PUT', 'PATCH'])
    expect(await ask(`${router.url}${named}/spooled/ack/AAAA`, { method })).toMatchObject({
      status: 405,
      headers: { allow: 'GET,HEAD,OPTIONS' },
    });
  for (const path of ['statement', 'info', 'status', 'query/20261121_080808_00130_93wed'])
    expect((await ask(`${router.url}${named}/${path}`)).status).toBe(path === 'statement' ? 405 : 404);
  expect([...one.requests, ...two.requests]).toEqual([]);
});

test('a segment of another cluster is not found at the one that the link names', async () => {
  await using one = await startScriptedTrino({ spooling: {} });
  await using two = await startScriptedTrino({ spooling: {} });
  const coordinatorIds = { one: one.suffix, two: two.suffix };
  await using router = await startTestbed({ clusters: { one, two }, coordinatorIds });
  await using other = await startTestbed({ clusters: { two, one }, coordinatorIds });
  const [own, foreign] = [await segment(router.url), await segment(other.url)];
  const idOf = ({ uri }: Segment) => uri.split('/').at(-1) ?? '';
  const headers = headersOf(own);
  const reply = await ask(linkAt(router.url, foreign.uri).replace(idOf(foreign), idOf(own)), { headers });
  expect([reply.status, reply.text]).toEqual([500, expect.stringContaining('Could not decode segment identifier')]);
  // The gateway has made no such link.
  const renamed = linkAt(router.url, own.uri).replace(one.suffix, two.suffix);
  expect(await ask(renamed, { headers })).toMatchObject({ status: 404 });
  expect([asked(one, 'download').length, asked(two, 'download').length]).toEqual([0, 1]);
});
