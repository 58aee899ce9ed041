import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { until } from '@trino-gateway/testing/processes/until';
import { describeProtocol } from '@trino-gateway/testing/protocol/protocol';
import { type Suite, startSuite } from '@trino-gateway/testing/suite/suite';
import { startCoordinator } from '@trino-gateway/testing/trino/coordinator';
import { type OpenQuery, openQuery } from '@trino-gateway/testing/trino-client/open-query';
import { runQuery, runQueryAsHost } from '@trino-gateway/testing/trino-client/run-query';
import { type RealClusters, seenByTrino, startRealClusters } from './real-clusters.ts';
import { describeRoutingChain } from './routing-chain-cases.ts';

let clusters: RealClusters;
let suite: Suite;
/** On the cluster that is killed in the end. */
let left: OpenQuery;
const LONG = 'SELECT count(*) FROM tpch.sf100.lineitem';

beforeAll(async () => {
  clusters = await startRealClusters();
  suite = await startSuite({
    listeners: 2,
    routers: 2,
    monitor: { PROBATION: '5s' },
    gatewayserver: { DEFAULT_GROUP: 'all' },
  });
  await suite.addBackends({ accepting: clusters.accepting.url, rejecting: clusters.rejecting.url });
  await suite.addGroup('all', ['accepting', 'rejecting'], { strategy: 'ROUND_ROBIN' });
  await suite.addGroup('left', ['accepting']);
  await suite.addGroup('right', ['rejecting']);
  const put = (policy: Record<string, unknown>) => suite.call('PolicyService/PutPolicy', { policy });
  await put({ id: 'etl', clientTags: { anyOf: ['etl'] }, groupId: 'left', requestSource: 'etl-jobs' });
  await put({ id: 'bi', connectionProperties: { properties: { team: 'bi' } }, groupId: 'right' });
  await put({ id: 'night', clientTags: { allOf: ['night', 'batch'] }, groupId: 'right' });
  await put({ id: 'raw', connectionProperties: { exact: 'mode=raw' }, groupId: 'left' });
  await put({ id: 'reports', host: 'Reports.example', groupId: 'right' });
  await put({ id: 'alias', host: 'alias.example', groupId: 'left', fallbackGroupId: 'right' });
  await put({ id: 'port-left', listeningPort: suite.router.ports[1], groupId: 'left' });
  await put({ id: 'port-right', listeningPort: suite.router.ports[1], groupId: 'right' });
}, 600_000);

afterAll(async () => {
  await suite?.[Symbol.asyncDispose]();
  await clusters?.[Symbol.asyncDispose]();
}, 60_000);

// The protocol tests the scripted Trino must pass too: it cannot drift from the real one.
describeProtocol('a real Trino 476', () => ({ url: clusters.accepting.url, rejectingUrl: clusters.rejecting.url }));

test.each<[string, 0 | 1, Record<string, string>, 'accepting' | 'rejecting']>([
  ['client tags', 0, { 'x-trino-client-tags': 'etl' }, 'accepting'],
  ['all of several tags', 0, { 'x-trino-client-tags': 'night,batch,more' }, 'rejecting'],
  ['connection properties', 0, { 'x-trino-connection-properties': 'team=bi' }, 'rejecting'],
  ['the exact text of the properties', 0, { 'x-trino-connection-properties': 'mode=raw' }, 'accepting'],
  ['the host, with links that name it', 0, { host: 'reports.example:8080' }, 'rejecting'],
  ['another host, on a cluster that takes X-Forwarded-*', 0, { host: 'alias.example' }, 'accepting'],
  [
    'host and tags that contradict each other: the fallback group',
    0,
    { host: 'alias.example', 'x-trino-client-tags': 'night,batch' },
    'rejecting',
  ],
  ['the listening port, first group by id', 1, {}, 'accepting'],
  ['port and connection properties together', 1, { 'x-trino-connection-properties': 'team=bi' }, 'rejecting'],
])(
  'a real query goes where the policies send it, seen from the cluster: %s',
  async (name, listener, headers, target) => {
    const mark = `policy ${name}`;
    const url = suite.router.urls[listener] ?? '';
    const statement = `SELECT count(*) FROM tpch.tiny.nation -- ${mark}`;
    const { host, ...others } = headers;
    const result = host
      ? await runQueryAsHost(url, host, statement, others)
      : await runQuery(url, statement, { headers });
    expect(result.error).toBeUndefined();
    const other = target === 'accepting' ? 'rejecting' : 'accepting';
    const seen = await seenByTrino(clusters[target], mark);
    expect(seen.map(({ id }) => id)).toEqual([result.id]);
    expect(await seenByTrino(clusters[other], mark)).toEqual([]);
    if (name === 'client tags') expect(seen[0]?.source).toBe('etl-jobs');
  },
);

describeRoutingChain(() => ({ suite, clusters }));

test('a transaction stays on the cluster that began it, through any router, also one killed and started again', async () => {
  const started: string[] = [];
  const [one, other] = suite.routers;
  if (!one || !other) throw new Error('there are two routers');
  const inside = async (router: { url: string }, statement: string, transaction: string) => {
    const result = await runQuery(router.url, statement, {
      headers: { 'x-trino-transaction-id': transaction },
      onPage: (_, answer) => {
        const id = answer.headers['x-trino-started-transaction-id'];
        if (typeof id === 'string') started.push(id);
      },
    });
    expect(result.error).toBeUndefined();
    return result;
  };
  const first = await inside(one, 'START TRANSACTION', 'NONE');
  const transaction = started[0] ?? '';
  const suffix = first.id.slice(-5);
  for (let statement = 0; statement < 4; statement++) {
    if (statement === 2) {
      await other.kill();
      await other.start();
    }
    const result = await inside(
      statement % 2 === 0 ? other : one,
      'SELECT count(*) FROM tpch.tiny.region',
      transaction,
    );
    expect(result.rows).toEqual([[5]]);
    expect(result.id.slice(-5)).toBe(suffix);
  }
  expect((await inside(other, 'COMMIT', transaction)).id.slice(-5)).toBe(suffix);
  const { error } = await runQuery(one.url, 'SELECT 1', { headers: { 'x-trino-transaction-id': transaction } });
  expect(error).toMatchObject({ errorName: 'UNKNOWN_TRANSACTION' });
}, 240_000);

test('case 54: kill_query finds the cluster that runs the query, whatever the policies say', async () => {
  const mark = 'to be killed by its owner';
  let killed: Promise<unknown> | undefined;
  const result = await runQuery(suite.router.url, `SELECT count(*) FROM tpch.sf100.lineitem -- ${mark}`, {
    headers: { 'x-trino-connection-properties': 'team=bi' },
    onPage: (page) => {
      if (page.stats.state !== 'RUNNING' || killed !== undefined) return;
      killed = runQuery(
        suite.router.url,
        `CALL system.runtime.kill_query(query_id => '${page.id}', message => 'enough')`,
        { headers: { 'x-trino-client-tags': 'etl' } },
      );
    },
  });
  expect(result.error).toMatchObject({
    errorName: 'ADMINISTRATIVELY_KILLED',
    message: expect.stringContaining('enough') as unknown as string,
  });
  expect((await killed) as { error?: unknown }).toMatchObject({ error: undefined });
}, 120_000);

test('a tampered or unknown query id gets 404 in the words of Trino', async () => {
  for (const id of ['20260101_000000_00000_aaaaa', 'no_such_query']) {
    const path = `/v1/statement/executing/${id}/y00/0`;
    const [routed, direct] = await Promise.all([
      fetch(`${suite.router.url}${path}`),
      fetch(`${clusters.accepting.url}${path}`),
    ]);
    expect([routed.status, await routed.text()]).toEqual([direct.status, await direct.text()]);
  }
});

test('case 66: kill -9 of a coordinator while 50 queries run: its queries fail clearly, the others finish, new ones avoid it at once', async () => {
  const before = new Set(
    (await suite.call<{ queries?: { id: string }[] }>('QueryService/ListQueries', { pageSize: 1000 })).queries?.map(
      ({ id }) => id,
    ),
  );
  const running = new Set<string>();
  const queries = Array.from({ length: 50 }, (_, index) =>
    runQuery(suite.router.url, `SELECT count(*), ${index} FROM tpch.sf1.orders -- fifty`, {
      onPage: (page) => {
        if (page.nextUri?.includes('/executing/')) running.add(page.id);
      },
    }),
  );
  await until('50 queries handed over', () => running.size >= 40, 120_000);
  const victim = (await seenByTrino(clusters.rejecting, 'fifty'))[0]?.id.slice(-5) ?? '';
  left = await openQuery(suite.router.url, LONG, { 'x-trino-connection-properties': 'team=bi' });
  while (!left.page.nextUri?.includes('/executing/')) await left.poll();
  await clusters.rejecting.kill();
  const next = await runQuery(suite.router.url, 'SELECT count(*) FROM tpch.tiny.region');
  expect(next.rows).toEqual([[5]]);
  const results = await Promise.all(queries);
  const lost = results.filter(({ error }) => error);
  expect(lost.length).toBeGreaterThan(0); // it was killed in mid-work
  expect(lost.every(({ id, error }) => id.endsWith(victim) && error?.errorName === 'REMOTE_HOST_GONE')).toBe(true);
  const kept = results.filter(({ error }) => !error);
  expect(kept.every(({ rows }) => rows[0]?.[0] === 1_500_000)).toBe(true);
  expect(kept.length).toBeGreaterThanOrEqual(25);
  const entries = await until(
    'all in history with their end',
    async () => {
      const { queries: listed = [] } = await suite.call<{ queries?: { id: string; state: string }[] }>(
        'QueryService/ListQueries',
        { text: 'fifty', pageSize: 1000 },
      );
      const fresh = listed.filter(({ id }) => !before.has(id));
      return fresh.length === 50 && fresh.every(({ state }) => state === 'FINISHED' || state === 'FAILED')
        ? fresh
        : undefined;
    },
    30_000,
  );
  expect(entries).toHaveLength(50);
}, 300_000);

test('case 67, 69: a coordinator comes back on its address: nobody gets it before it is ready, and its old queries end cleanly', async () => {
  const { port } = clusters.rejecting;
  const say = (line: string) => void process.stderr.write(`${line}\n`);
  const starting = startCoordinator({ name: 'rejecting', processForwarded: false, port, say });
  let isUp = false;
  void starting.then(() => {
    isUp = true;
  });
  const failed: unknown[] = [];
  const isBack = async () => {
    const { id, error } = await runQuery(suite.router.url, 'SELECT count(*) FROM tpch.tiny.nation');
    if (error !== undefined) failed.push(error);
    return isUp && id.slice(-5) !== left.page.id.slice(-5) && !seen.has(id.slice(-5));
  };
  const seen = new Set([(await runQuery(clusters.accepting.url, 'SELECT 1')).id.slice(-5)]);
  await until('it to get queries again', isBack, 240_000);
  await using _again = await starting;
  expect(failed).toEqual([]);
  const page = await left.poll();
  expect([page.id, page.error?.errorName, page.nextUri]).toEqual([left.id, 'REMOTE_HOST_GONE', undefined]);
}, 300_000);
