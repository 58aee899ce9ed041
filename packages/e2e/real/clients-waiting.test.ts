import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { until } from '@trino-gateway/testing/processes/until';
import { type Suite, startSuite } from '@trino-gateway/testing/suite/suite';
import { type Coordinator, startCoordinator } from '@trino-gateway/testing/trino/coordinator';
import { openQuery } from '@trino-gateway/testing/trino-client/open-query';
import { type ClientName, clientNames } from '../client-matrix/clients.ts';
import { runMany } from '../client-matrix/run-many.ts';
import { runClientMatrix } from '../client-matrix/run-matrix.ts';
import { type PrefixProxy, startPrefixProxy } from '../support/prefix-proxy.ts';
import { isSample } from '../support/sample.ts';

// All clients at once, where it is hardest for them: behind a proxy that serves the gateway below /trino, at clusters of both kinds that run
// one query at a time, so that nearly every statement waits for those of the others.
//
// Of them only the JavaScript client can begin below a path. CLI and JDBC (trino-client's StatementClientV1) and Go put /v1/statement in the
// place of the path of their URL, the Python clients take host and port, and in URLs of JDBC and SQLAlchemy the path is catalog and schema.
// They begin at the root of the proxy, which tells the router of the prefix all the same, and follow links below it.
const canNameAPath: ReadonlySet<ClientName> = new Set(['js']);
type Kind = 'accepting' | 'rejecting';
// A sample leaves out the second.
const kinds: readonly Kind[] = isSample ? ['accepting'] : ['accepting', 'rejecting'];
const clusters: Partial<Record<Kind, Coordinator>> = {};
let suite: Suite;
const proxies: PrefixProxy[] = [];
const WAITS_MS = 10_000;

beforeAll(async () => {
  for (const kind of kinds) {
    const say = (line: string) => void process.stderr.write(`${line}\n`);
    clusters[kind] = await startCoordinator({ name: kind, processForwarded: kind === 'accepting', say });
  }
  suite = await startSuite({ listeners: kinds.length, router: { TRUSTED_PROXIES: '127.0.0.1' } });
  for (const [index, kind] of kinds.entries()) {
    await suite.addBackends({ [kind]: urlOf(kind) }, { maxRunningQueries: 1 });
    await suite.addGroup(kind, [kind]);
    proxies.push(await startPrefixProxy(suite.router.urls[index] ?? '', kind === 'accepting'));
  }
  const rules = kinds.map((kind, at) => ({
    id: kind,
    when: `listening_port == ${suite.router.ports[at]}`,
    groupId: kind,
  }));
  const steps = [{ id: 'rules', rules: { rules } }];
  await suite.call('RoutingService/PutRoutingChain', { chain: { steps } });
}, 600_000);

afterAll(async () => {
  for (const proxy of proxies) await proxy[Symbol.asyncDispose]();
  await suite?.[Symbol.asyncDispose]();
  await Promise.all(kinds.map((kind) => clusters[kind]?.stop()));
}, 60_000);

const urlOf = (kind: Kind) => clusters[kind]?.url ?? '';

const behind: [proxy: string, cluster: string, kind: Kind, index: number][] = [
  ['takes it off', 'trusts', 'accepting', 0],
  ['leaves it', 'refuses', 'rejecting', 1],
];
test.each(behind.filter(([, , kind]) => kinds.includes(kind)))(
  'case 31, 48: below a path and with a limit of one, behind a proxy that %s, every client gets what a direct run gives, from a cluster that %s forwarded headers',
  async (_proxy, _cluster, kind, index) => {
    const proxy = proxies[index] as PrefixProxy;
    const run = (client: ClientName) =>
      Array.fromAsync(
        runClientMatrix({
          url: proxy.url + (canNameAPath.has(client) ? '/trino' : ''),
          user: `waits-${client}`,
          only: [client],
          backends: [urlOf(kind)],
        }),
      );
    const results = (await Promise.all(clientNames.map(run))).flat();
    const passed = results.filter(({ outcome }) => outcome === 'passed').length;
    process.stderr.write(`${kind}: ${passed} of ${results.length} cases passed, ${proxy.followed()} links followed\n`);
    expect(results.filter(({ outcome }) => outcome === 'failed')).toEqual([]);
    expect(proxy.astray).toEqual([]);
    expect(passed).toBeGreaterThan(60);
    expect(proxy.followed()).toBeGreaterThan(300);
    const { queries = [] } = await suite.call<{ queries?: { queuedMs?: number }[] }>('QueryService/ListQueries', {
      backendId: kind,
      pageSize: 1_000,
    });
    const waited = queries.filter(({ queuedMs = 0 }) => queuedMs > 0);
    process.stderr.write(`${kind}: ${waited.length} of ${queries.length} queries waited\n`);
    // How many it is depends on how soon each program is there.
    expect(waited.length).toBeGreaterThan(20);
  },
);

test('a browser logs in to the web UI of a cluster below the path, and its cookies stay there', async () => {
  const { url } = proxies[0] as PrefixProxy;
  const form = new URLSearchParams({ username: 'alice', password: '', redirectPath: '' });
  const entry = await fetch(`${url}/trino/ui/`, { redirect: 'manual' });
  expect([entry.status, entry.headers.get('location')]).toEqual([303, `${url}/trino/ui/login.html`]);
  const login = await fetch(`${url}/trino/ui/login`, { method: 'POST', body: form, redirect: 'manual' });
  expect([login.status, login.headers.get('location')]).toEqual([303, `${url}/trino/ui/`]);
  const cookies = [...entry.headers.getSetCookie(), ...login.headers.getSetCookie()];
  expect(cookies.map((cookie) => /^([^=]*)=.*?;\s*Path=([^;]*)/i.exec(cookie)?.slice(1))).toEqual(
    expect.arrayContaining([
      ['Trino-Gateway-UI', '/trino'],
      ['Trino-UI-Token', '/trino/ui'],
    ]),
  );
  const cookie = cookies.map((line) => line.split(';', 1)[0]).join('; ');
  expect((await fetch(`${url}/trino/ui/api/stats`, { headers: { cookie } })).status).toBe(200);
});

test.each(['dbapi', 'go'] as const)(
  'with a limit of three seconds for every answer, a query of %s waits for ten and gets its rows',
  async (client) => {
    const url = suite.router.urls[0] ?? '';
    const queued = async () => {
      const { groups } = await suite.call<{ groups: { groupId: string; queued?: number }[] }>(
        'QueueService/GetQueueStats',
        { groupId: 'accepting' },
      );
      return groups[0]?.queued ?? 0;
    };
    // The program is there before the clock runs.
    await runMany(client, { url, user: 'prepares', statements: ['SELECT 1'], timeoutMs: 600_000 });
    const first = await openQuery(url, 'SELECT count(*) FROM tpch.sf100.lineitem');
    while (first.page.stats.state === 'QUEUED') await first.poll();
    const statements = ['SELECT 42'];
    const result = runMany(client, { url, user: 'hurries', statements, answerSeconds: 3, timeoutMs: 120_000 });
    await until('its query to wait', async () => (await queued()) === 1, 60_000);
    const began = performance.now();
    while (performance.now() - began < WAITS_MS) await first.poll();
    expect(await queued()).toBe(1);
    await first.cancel();
    expect(await result).toEqual(['42']);
    process.stderr.write(`${client}: its rows after ${((performance.now() - began) / 1_000).toFixed(1)} s\n`);
  },
);
