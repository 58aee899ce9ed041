import { connect, type Socket } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { residentMb } from '@trino-gateway/testing/processes/process-cost';
import { until } from '@trino-gateway/testing/processes/until';
import { type Suite, startSuite } from '@trino-gateway/testing/suite/suite';
import { type OpenQuery, openQuery } from '@trino-gateway/testing/trino-client/open-query';
import { runQuery } from '@trino-gateway/testing/trino-client/run-query';
import { forgetPeak, peakMb } from '../attack/support/process-figures.ts';
import { type SharedCluster, sharedCluster } from '../real/shared-clusters.ts';

const BIG = 'SELECT * FROM tpch.sf1.orders LIMIT 60000';
const LONG = 'SELECT count(*) FROM tpch.sf1.lineitem a CROSS JOIN tpch.tiny.region';
let accepting: SharedCluster;
let rejecting: SharedCluster;
let suite: Suite;

beforeAll(async () => {
  [accepting, rejecting] = await Promise.all([sharedCluster('accepting'), sharedCluster('rejecting')]);
  suite = await startSuite({ routers: 2, gatewayserver: { DEFAULT_GROUP: 'all' } });
  await suite.addBackends({ one: accepting.url });
  await suite.addGroup('all', ['one']);
  await until('a first query to run', async () => (await runQuery(suite.router.url, 'SELECT 1')).error === undefined);
}, 600_000);

afterAll(async () => {
  await suite?.[Symbol.asyncDispose]();
}, 60_000);

/** The link of a page with rows, at the first router. */
async function bigPage(): Promise<{ query: OpenQuery; link: string }> {
  const query = await openQuery(suite.router.url, BIG);
  while (!query.page.nextUri?.includes('/executing/') || query.page.data === undefined) await query.poll();
  return { query, link: query.page.nextUri };
}

/** The link of a page that is longer than what the system's buffers on the way take together. */
async function hugePage(): Promise<string> {
  const query = await openQuery(suite.router.url, "SELECT rpad('x', 20000000, 'x')");
  for (;;) {
    const link = query.page.nextUri ?? '';
    await query.poll();
    if (query.page.data !== undefined) return link; // until the next one is asked for it gives the same page
  }
}

/** Asks for a page and takes nothing of it but its first bytes. */
async function openReader(link: string): Promise<{ socket: Socket; rest(): Promise<Buffer> }> {
  const { hostname, port, pathname, host } = new URL(link);
  const socket = connect(Number(port), hostname);
  const chunks: Buffer[] = [];
  socket.on('error', () => {});
  socket.write(`GET ${pathname} HTTP/1.1\r\nHost: ${host}\r\nX-Trino-User: e2e\r\nConnection: close\r\n\r\n`);
  await new Promise((resolve) => socket.once('readable', resolve));
  const rest = async () => {
    for await (const chunk of socket as AsyncIterable<Buffer>) chunks.push(chunk);
    return Buffer.concat(chunks);
  };
  return { socket, rest };
}

async function metric(name: string): Promise<number> {
  const text = await (await fetch(`${suite.router.opsUrl}/metrics`)).text();
  return [...text.matchAll(new RegExp(`^${name}(?:{[^}]*})? (\\S+)$`, 'gm'))].reduce(
    (sum, [, value]) => sum + Number(value),
    0,
  );
}
const atClusters = () => metric('trino_gateway_router_backend_requests_under_way');

test('case 70: clients that do not read cost bounded memory, and slow nobody else', async () => {
  const link = await hugePage();
  const { pid } = suite.router;
  const before = residentMb(pid);
  forgetPeak(pid);
  const readers = await Promise.all(Array.from({ length: 10 }, () => openReader(link)));
  await until('none to get further', async () => (await atClusters()) === readers.length, 60_000);
  expect((await runQuery(suite.router.url, 'SELECT 1')).rows).toEqual([[1]]);
  expect(await atClusters()).toBe(readers.length);
  const pages = await Promise.all(readers.map(({ rest }) => rest()));
  expect(peakMb(pid) - before).toBeLessThan(96);
  expect(new Set(pages.map((page) => page.length > 16_000_000 && page.subarray(-5).toString('latin1')))).toHaveProperty(
    'size',
    1,
  );
  await until('nothing to be under way', async () => (await atClusters()) === 0);
}, 240_000);

test('case 71: a client that leaves in the middle of a page frees it, and gets the same page when it asks again', async () => {
  const { link } = await bigPage();
  const whole = await (await fetch(link)).text();
  const { socket } = await openReader(link);
  socket.destroy();
  await until('nothing to be under way', async () => (await atClusters()) === 0);
  expect(await (await fetch(link)).text()).toBe(whole);
}, 240_000);

describe('case 75: a query that runs goes on at the address where it began', () => {
  const suffixOf = async (url: string) => (await runQuery(url, 'SELECT 1')).id.slice(-5);
  const finishes = async (query: OpenQuery) => expect((await query.finish()).stats.state).toBe('FINISHED');
  const begun = async () => {
    const query = await openQuery(suite.router.url, LONG);
    while (!query.page.nextUri?.includes('/executing/')) await query.poll();
    return query;
  };

  test('when its backend gets another one, or is removed', async () => {
    const put = (id: string, url: string) => suite.call('BackendService/PutBackend', { backend: { id, url } });
    await put('moving', accepting.url);
    await suite.addGroup('all', ['moving']);
    await until('it to take queries', async () => (await runQuery(suite.router.url, 'SELECT 1')).error === undefined);
    const moved = await begun();
    await put('moving', rejecting.url);
    const there = await suffixOf(rejecting.url);
    await until('new queries to go there', async () => {
      const { id } = await runQuery(suite.router.url, 'SELECT 1');
      return id.endsWith(there);
    });
    expect(moved.page.id.endsWith(there)).toBe(false);
    const removed = await begun();
    await suite.addGroup('all', ['one']);
    await suite.call('BackendService/DeleteBackend', { id: 'moving' });
    await finishes(moved);
    await finishes(removed);
  }, 240_000);
});

test('case 77: a router that is told to end stops on time, and clients with retries see no failure', async () => {
  const [first, second] = suite.routers;
  if (!first || !second) throw new Error('there are two routers');
  const begun: number[] = [];
  // As behind a balancer: what one router does not take any more, the other does.
  let isStopping = false;
  const queries = Array.from({ length: 8 }, (_, index) =>
    runQuery(first.url, `${LONG} -- ${index}`, {
      retryForMs: 30_000,
      pollAt: (link) => (isStopping ? new URL(link.pathname, second.url) : link),
      onPage: (page) => {
        if (page.nextUri?.includes('/executing/')) begun[index] = index;
      },
    }),
  );
  await until('all to run', () => Object.keys(begun).length === queries.length, 60_000);
  isStopping = true;
  const from = performance.now();
  expect((await first.stop()).code).toBe(0);
  expect(performance.now() - from).toBeLessThan(15_000);
  await expect(fetch(`${first.url}/v1/info`)).rejects.toThrow();
  const results = await Promise.all(queries);
  expect(results.map(({ error, state }) => error ?? state)).toEqual(results.map(() => 'FINISHED'));
  await first.start();
}, 240_000);
