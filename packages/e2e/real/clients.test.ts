import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { type Suite, startSuite } from '@trino-gateway/testing/suite/suite';
import { type ClientName, clientNames } from '../client-matrix/clients.ts';
import { runByCurl } from '../client-matrix/run-curl.ts';
import { runClientMatrix } from '../client-matrix/run-matrix.ts';
import { isSample } from '../support/sample.ts';
import { seenByTrino } from './real-clusters.ts';
import { type SharedCluster, sharedCluster } from './shared-clusters.ts';

// Every real client through the router, exactly as directly, for both kinds of cluster: the first listener leads to the
// cluster that trusts X-Forwarded-*, the second to the one that answers 406 to them, the third to that one as a DIRECT backend.
// A step of another kind of the routing chain leads there from each of them.
let clusters: Record<'accepting' | 'rejecting', SharedCluster>;
let suite: Suite;

beforeAll(async () => {
  clusters = { accepting: await sharedCluster('accepting'), rejecting: await sharedCluster('rejecting') };
  suite = await startSuite({ listeners: 3 });
  await suite.addBackends({ accepting: clusters.accepting.url, rejecting: clusters.rejecting.url });
  await suite.addBackends({ direct: clusters.rejecting.url }, { forwarding: 'DIRECT' });
  for (const kind of ['accepting', 'rejecting', 'direct']) await suite.addGroup(kind, [kind]);
  await suite.call('RoutingService/PutRoutingChain', {
    chain: { timeLimitMs: 30_000, steps: steps(suite.router.ports) },
  });
}, 600_000);

/** Which step leads to each group. */
const decidedBy = { accepting: 'javascript', rejecting: 'rules', direct: 'python' };

function steps([first, second, third]: readonly number[]) {
  const javascript = `export const route = (q) => (q.listening_port === ${first} ? 'accepting' : undefined);`;
  const python = `def route(q):\n    return "direct" if q["listening_port"] == ${third} else None\n`;
  return [
    { id: 'rules', rules: { rules: [{ id: 'port', when: `listening_port == ${second}`, groupId: 'rejecting' }] } },
    { id: 'javascript', timeLimitMs: 10_000, script: { language: 'JAVASCRIPT', source: javascript } },
    { id: 'python', timeLimitMs: 10_000, script: { language: 'PYTHON', source: python } },
  ];
}

afterAll(async () => {
  await suite?.[Symbol.asyncDispose]();
}, 60_000);

const kinds = ['trusts forwarded headers', 'refuses forwarded headers', 'it polls itself'];
// A sample leaves out the first two, where clients-waiting.test.ts and clients-tls.test.ts take all clients, and those that poll as another does.
const tried = kinds.map((kind, listener) => [kind, listener] as const).filter(([, at]) => !isSample || at === 2);
const names: readonly ClientName[] = isSample ? ['jdbc', 'dbapi', 'go'] : clientNames;
const all = names.flatMap((client) =>
  tried.map(([kind, listener]): [ClientName, string, number] => [client, kind, listener]),
);

test.each(all)(
  'case 1, 15, 16, 20, 24: %s gets what a direct run gives, from a cluster that %s',
  async (client, _, listener) => {
    const results = await Array.fromAsync(
      runClientMatrix({
        url: suite.router.urls[listener] ?? '',
        user: 'client-matrix',
        only: [client],
        backends: [clusters.accepting.url, clusters.rejecting.url],
        ...(listener === 2 ? { directUrl: clusters.rejecting.url } : {}),
      }),
    );
    process.stderr.write(`${client}: ${results.map(({ name, outcome }) => `${name} ${outcome}`).join(', ')}\n`);
    expect(results.filter(({ outcome }) => outcome === 'failed')).toEqual([]);
    expect(results.some(({ outcome, name }) => outcome === 'passed' || name === 'all')).toBe(true);
  },
);

test.each([
  ['with prior knowledge (h2c)', ['--http2-prior-knowledge'], '2'],
  ['that offers to upgrade', ['--http2'], '1.1'],
])('curl %s gets its rows over one version of HTTP', async (_, own, version) => {
  const { rows, error, versions } = await runByCurl(suite.router.url, 'SELECT 1', [
    ...own,
    '--header',
    'X-Trino-User: curl',
  ]);
  expect([error, rows, versions]).toEqual([undefined, [[1]], [version]]);
});

test('every query was led there by its step of the routing chain, and Trino ran it there', async () => {
  const history = async (groupId: string) => {
    const { queries = [] } = await suite.call<{ queries?: { trinoQueryId?: string; stepId?: string }[] }>(
      'QueryService/ListQueries',
      { groupId, pageSize: 1_000 },
    );
    return queries.filter(({ trinoQueryId = '' }) => trinoQueryId !== '');
  };
  for (const [, listener] of tried) {
    const kind = (['accepting', 'rejecting', 'direct'] as const)[listener] ?? 'accepting';
    const queries = await history(kind);
    expect(new Set(queries.map(({ stepId }) => stepId))).toEqual(new Set([decidedBy[kind]]));
    // Trino remembers the last hundred.
    const ranAt = async (cluster: 'accepting' | 'rejecting') =>
      new Set((await seenByTrino(clusters[cluster], '')).map(({ id }) => id));
    const there = await ranAt(kind === 'accepting' ? 'accepting' : 'rejecting');
    const elsewhere = await ranAt(kind === 'accepting' ? 'rejecting' : 'accepting');
    const ids = queries.map(({ trinoQueryId = '' }) => trinoQueryId);
    expect(ids.filter((id) => there.has(id)).length).toBeGreaterThan(0);
    expect(ids.filter((id) => elsewhere.has(id))).toEqual([]);
  }
});
