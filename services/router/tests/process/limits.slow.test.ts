import { once } from 'node:events';
import http2 from 'node:http2';
import net from 'node:net';
import { zstdCompressSync } from 'node:zlib';
import { describe, expect, test } from '@jest/globals';
import { until } from '@trino-gateway/testing/processes/until';
import { ask, pageOf, post, user } from '../support/client.ts';
import { answerJson, deadUrl, firstPage, startStub } from '../support/stub-cluster.ts';
import { startTestbed } from '../support/testbed.ts';

const few = { requests: 4, requestsPerClient: 3, requestsPerBackend: 2 };
const tryAgain = { status: 503, headers: { 'retry-after': '1' }, text: expect.stringContaining('try again') };

/** Takes statements and never answers their polls. */
const startHanging = () =>
  startStub((request, response) => {
    request.resume();
    if (request.method === 'POST') answerJson(response, firstPage(request));
  });

const closing = ['Connection', 'close'] as const;

/** Polls without waiting for an answer. */
function hold(link: string, from?: string): net.Socket {
  const { hostname, port, pathname } = new URL(link);
  const socket = net.connect({ host: hostname, port: Number(port), localAddress: from ?? '127.0.0.1' });
  socket.on('error', () => {});
  socket.write(`GET ${pathname} HTTP/1.1\r\nHost: gw\r\n\r\n`);
  return socket;
}

describe('requests under way', () => {
  test('three thousand polls on one connection are one request at the cluster', async () => {
    await using cluster = await startHanging();
    await using router = await startTestbed({ clusters: { cluster } });
    const { nextUri = '' } = pageOf(await post(router.url, 'SELECT 1'));
    const socket = net.connect(router.port, '127.0.0.1');
    socket.on('error', () => {});
    const target = new URL(nextUri).pathname;
    const before = cluster.requests.length;
    socket.write(`GET ${target} HTTP/1.1\r\nHost: gw\r\n\r\n`.repeat(900));
    await until('the cluster was asked', () => cluster.requests.length > before);
    expect((await ask(`${router.url}/v1/query`)).status).toBe(404);
    expect(cluster.requests).toHaveLength(before + 1);
    socket.destroy();
    await until('no request is left at the cluster', () => cluster.open() === 0);
    expect(cluster.requests).toHaveLength(before + 1);
  });

  test('of one connection of HTTP/2 count one by one', async () => {
    await using cluster = await startHanging();
    await using router = await startTestbed({ clusters: { cluster }, limits: { ...few, requestsPerBackend: 9 } });
    const { nextUri = '' } = pageOf(await post(router.url, 'SELECT 1'));
    const session = http2.connect(router.url);
    const poll = () => session.request({ ':path': new URL(nextUri).pathname }).on('error', () => {});
    const held = [poll(), poll(), poll()];
    await until('the requests are at the cluster', () => cluster.open() === 3);
    const [head] = await once(poll(), 'response');
    expect([head[':status'], head['retry-after']]).toEqual([503, '1']);
    held[0]?.close(http2.constants.NGHTTP2_CANCEL);
    await until('one is given up at the cluster, too', () => cluster.open() === 2);
    session.destroy();
    await until('no request is left at the cluster', () => cluster.open() === 0);
  });

  test('of one client beyond its share are answered 503, those of others are not', async () => {
    await using cluster = await startHanging();
    await using router = await startTestbed({ clusters: { cluster }, limits: { ...few, requestsPerBackend: 9 } });
    const { nextUri = '' } = pageOf(await post(router.url, 'SELECT 1'));
    const held = [hold(nextUri), hold(nextUri), hold(nextUri)];
    await until('the requests are at the cluster', () => cluster.open() === 3);
    expect(await ask(nextUri, { headers: closing })).toMatchObject(tryAgain);
    expect(await post(router.url, 'SELECT 1')).toMatchObject(tryAgain);
    const other = hold(nextUri, '127.0.0.2');
    await until('the requests are at the cluster', () => cluster.open() === 4);
    const third = hold(nextUri, '127.0.0.3');
    expect(String((await once(third, 'data'))[0])).toContain(' 503 ');
    held[0]?.destroy();
    await until('the requests are at the cluster', () => cluster.open() === 3);
    expect((await post(router.url, 'SELECT 1')).status).toBe(200);
    for (const socket of [...held, other, third]) socket.destroy();
  });

  test('behind a trusted proxy count for the client it names', async () => {
    await using cluster = await startHanging();
    await using router = await startTestbed({
      clusters: { cluster },
      limits: { requests: 9, requestsPerClient: 1, requestsPerBackend: 9 },
      client: { trustedProxies: ['127.0.0.1'] },
    });
    const { nextUri = '' } = pageOf(await post(router.url, 'SELECT 1'));
    const giveUp = new AbortController();
    const from = (ip: string) => ask(nextUri, { headers: ['X-Forwarded-For', ip], signal: giveUp.signal });
    const held = [from('192.0.2.1'), from('192.0.2.2')];
    for (const one of held) one.catch(() => {});
    await until('the requests are at the cluster', () => cluster.open() === 2);
    expect((await from('192.0.2.1')).status).toBe(503);
    giveUp.abort();
    await Promise.allSettled(held);
  });

  test('at one backend are bounded: its polls are answered 503, statements go elsewhere, then 503 too', async () => {
    await using full = await startHanging();
    await using free = await startHanging();
    const limits = { requests: 6, requestsPerClient: 6, requestsPerBackend: 2 };
    await using router = await startTestbed({ clusters: { full, free }, limits });
    const { nextUri = '' } = pageOf(await post(router.url, 'SELECT 1'));
    const held = [hold(nextUri), hold(nextUri)];
    await until('the requests are at the cluster', () => full.open() === 2);
    expect(await ask(nextUri)).toMatchObject({ status: 503, headers: { 'retry-after': '1' } });
    expect(await ask(nextUri, { method: 'DELETE' })).toMatchObject({ status: 503 });
    const elsewhere = pageOf(await post(router.url, 'SELECT 1'));
    expect(free.requests).toHaveLength(1);
    expect(full.requests).toHaveLength(3);
    router.ownership.learn('20261121_080808_00131_aaaaa', { ...router.ownership.candidates()[1] } as never);
    const there = elsewhere.nextUri?.replaceAll('00130_93wed', '00131_aaaaa') ?? '';
    held.push(hold(there), hold(there));
    await until('the requests are at the cluster', () => free.open() === 2);
    expect(await post(router.url, 'SELECT 1')).toMatchObject({ status: 503, headers: { 'retry-after': '1' } });
    expect((await ask(`${router.url}/v1/query`)).status).toBe(404);
    for (const socket of held) socket.destroy();
    await until('no request is left at the cluster', () => full.open() === 0);
    expect((await post(router.url, 'SELECT 1')).status).toBe(200);
  });

  test('at one backend that has as many as it may: a poll waits for a moment, and so does a statement', async () => {
    await using full = await startHanging();
    await using router = await startTestbed({
      clusters: { full },
      limits: { requests: 9, requestsPerClient: 9, requestsPerBackend: 1 },
    });
    const { nextUri = '' } = pageOf(await post(router.url, 'SELECT 1'));
    for (const next of [() => post(router.url, 'SELECT 2'), () => ask(nextUri, { method: 'DELETE' })]) {
      const held = hold(nextUri);
      await until('the request is at the cluster', () => full.open() === 1);
      const asked = full.requests.length;
      const waiting = next();
      await new Promise(setImmediate);
      held.destroy();
      await until('the next one is at the cluster', () => full.requests.length > asked);
      if (full.requests.at(-1)?.method === 'POST') expect((await waiting).status).toBe(200);
      else void waiting.catch(() => undefined);
    }
  });

  test('at a backend that cannot be reached no longer count', async () => {
    const url = await deadUrl();
    await using router = await startTestbed({ clusters: { dead: { url } }, limits: few });
    for (let times = 0; times < 5; times++) expect((await post(router.url, 'SELECT 1', user)).status).toBe(200);
  });

  test('whose answer breaks off together with its head no longer count', async () => {
    const broken = 'HTTP/1.1 400 Bad\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n';
    await using cluster = await startStub((request) => void request.socket.end(broken));
    await using router = await startTestbed({ clusters: { cluster }, limits: few });
    const outcomes: string[] = [];
    for (let times = 0; times < 5; times++)
      outcomes.push(
        await post(router.url, 'SELECT 1', user).then(
          ({ status, whole }) => (whole ? String(status) : 'broken'),
          () => 'broken',
        ),
      );
    expect(outcomes).toEqual(Array.from({ length: 5 }, () => 'broken'));
  });

  test('for the web UI no longer count once their client hangs up before the cluster is asked', async () => {
    await using cluster = await startStub((_request, response) => void response.end('page'));
    let asked = 0;
    let decide = () => {};
    await using router = await startTestbed({
      clusters: { cluster },
      limits: few,
      route: async () => {
        asked += 1;
        await new Promise<void>((resolve) => {
          decide = resolve;
        });
        return { backend: { id: 'cluster', url: cluster.url } as never, decision: { backendId: 'cluster' } as never };
      },
    });
    for (let times = 1; times <= 3; times++) {
      const hangUp = new AbortController();
      const reply = ask(`${router.url}/ui/`, { headers: closing, signal: hangUp.signal }).catch(() => 'gone');
      await until('the router has asked', () => asked === times);
      hangUp.abort();
      expect(await reply).toBe('gone');
      // What came after the hang-up has been answered: so the router knows of it.
      expect((await ask(`${router.url}/v1/query`)).status).toBe(404);
      decide();
    }
    const last = ask(`${router.url}/ui/`);
    await until('the router has asked', () => asked === 4);
    decide();
    expect((await last).status).toBe(200);
  });
});

describe('prepared statements that are compressed', () => {
  const packed = (sql: string) => encodeURIComponent(`$zstd:${zstdCompressSync(sql).toString('base64url')}`);
  const execute = (url: string, value: string, more: readonly string[] = []) =>
    post(url, 'EXECUTE p', [...user, 'X-Trino-Prepared-Statement', `p=${value}`, ...more]);

  test('are not inflated beyond what Trino takes', async () => {
    await using cluster = await startHanging();
    await using router = await startTestbed({ clusters: { cluster } });
    expect(await execute(router.url, packed(' '.repeat(16_000_000)))).toMatchObject({
      status: 400,
      text: expect.stringContaining('longer than a million characters'),
    });
    expect(cluster.requests).toEqual([]);
    expect((await execute(router.url, packed('SELECT 1'))).status).toBe(200);
  });

  test('of an unauthenticated client are inflated within a budget, and other clients have their own', async () => {
    await using cluster = await startHanging();
    await using router = await startTestbed({ clusters: { cluster }, client: { trustedProxies: ['127.0.0.1'] } });
    const value = packed('x'.repeat(990_000));
    const from = (ip: string) => execute(router.url, value, ['X-Forwarded-For', ip]);
    const all = await Promise.all(Array.from({ length: 40 }, () => from('192.0.2.1')));
    const refused = all.filter(({ status }) => status === 503);
    expect(all.filter(({ status }) => status === 200).length).toBeGreaterThanOrEqual(10);
    expect(refused.length).toBeGreaterThan(0);
    for (const { headers } of refused) expect(headers['retry-after']).toBe('1');
    expect((await from('192.0.2.2')).status).toBe(200);
    expect((await post(router.url, 'SELECT 1', [...user, 'X-Forwarded-For', '192.0.2.1'])).status).toBe(200);
  });
});
