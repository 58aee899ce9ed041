import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { until } from '@trino-gateway/testing/processes/until';
import { type Suite, startSuite } from '@trino-gateway/testing/suite/suite';
import { type OpenQuery, openQuery } from '@trino-gateway/testing/trino-client/open-query';
import { type QueryResult, runQuery } from '@trino-gateway/testing/trino-client/run-query';
import type { ClientName } from '../client-matrix/clients.ts';
import { runClientMatrix } from '../client-matrix/run-matrix.ts';
import { type SharedCluster, sharedCluster } from '../real/shared-clusters.ts';

// Transactions over two real clusters that get statements in turn. The second listener leads to one of them with one slot.
const LIMIT_MS = 300_000;
let clusters: readonly [one: SharedCluster, two: SharedCluster];
let suite: Suite;

beforeAll(async () => {
  clusters = [await sharedCluster('accepting'), await sharedCluster('rejecting')];
  suite = await startSuite({ listeners: 2, gatewayserver: { DEFAULT_GROUP: 'all' } });
  const [one, two] = clusters;
  await suite.addBackends({ one: one.url, two: two.url });
  await suite.addGroup('all', ['one', 'two'], { strategy: 'ROUND_ROBIN' });
  await suite.addGroup('narrow', ['one'], { maxRunningQueriesPerBackend: 1 });
  const policy = { id: 'narrow', listeningPort: suite.router.ports[1], groupId: 'narrow' };
  await suite.call('PolicyService/PutPolicy', { policy });
  const seen = new Set<string>();
  await until(
    'both to get statements',
    async () => seen.add((await runQuery(suite.router.url, 'SELECT 1')).id.slice(-5)).size === 2,
    LIMIT_MS,
  );
}, 900_000);

afterAll(async () => {
  await suite?.[Symbol.asyncDispose]();
}, 60_000);

type Result = QueryResult & { started: string; cleared: boolean };

/** A statement in a transaction, or in none (`NONE`), and what its answers say of it. */
async function inside(url: string, statement: string, transaction: string, user = 'e2e'): Promise<Result> {
  const said = { started: '', cleared: false };
  const result = await runQuery(url, statement, {
    user,
    headers: { 'x-trino-transaction-id': transaction },
    onPage: (_, { headers }) => {
      said.started = String(headers['x-trino-started-transaction-id'] ?? said.started);
      said.cleared ||= headers['x-trino-clear-transaction-id'] === 'true';
    },
  });
  return { ...result, ...said };
}

const failure = ({ error }: Pick<QueryResult, 'error'>) => error && [error.errorName, error.errorCode, error.message];

test.each<ClientName>(['jdbc', 'dbapi'])(
  'case 78: with autocommit off all statements of %s are on one of two clusters that take turns',
  async (client) => {
    const options = { url: suite.router.url, user: `commits-${client}`, only: [client] };
    const results = await Array.fromAsync(runClientMatrix({ ...options, cases: ['transaction'] }));
    expect(results.filter(({ outcome }) => outcome === 'failed')).toEqual([]);
    type Row = { backendId: string };
    const rows = await until('history to have them', async () => {
      const { queries = [] } = await suite.call<{ queries?: Row[] }>('QueryService/ListQueries', {
        user: options.user,
      });
      return queries.length >= 3 && queries;
    });
    expect(new Set(rows.map(({ backendId }) => backendId)).size).toBe(1);
  },
  LIMIT_MS,
);

test(
  'case 78: INSERT and SELECT of a transaction give what they give directly, and after COMMIT its id is unknown',
  async () => {
    const run = async (url: string) => {
      const { started, id } = await inside(url, 'START TRANSACTION', 'NONE');
      const results: Result[] = [];
      for (const region of [0, 1, 2])
        results.push(await inside(url, `SELECT count(*) FROM tpch.tiny.nation WHERE regionkey = ${region}`, started));
      results.push(await inside(url, 'COMMIT', started));
      const next = await inside(url, 'START TRANSACTION', 'NONE');
      const write = await inside(url, 'CREATE TABLE memory.default.in_transaction AS SELECT 1 AS a', next.started);
      const after = await inside(url, 'SELECT 1', next.started);
      const back = await inside(url, 'ROLLBACK', next.started);
      const late = await inside(url, 'SELECT 1', started);
      const suffixes = new Set([id, ...results.map((result) => result.id)].map((one) => one.slice(-5)));
      expect([url, suffixes.size]).toEqual([url, 1]);
      expect(results.at(-1)?.cleared).toBe(true);
      return {
        rows: results.map(({ rows }) => rows),
        errors: [write, after, back].map(failure),
        late: late.error?.message.replace(started, 'ID'),
      };
    };
    const [here, there] = [await run(suite.router.url), await run(clusters[0].url)];
    expect(here).toEqual(there);
    expect(here.late).toMatch(/^Unknown transaction ID: ID/);
  },
  LIMIT_MS,
);

test(
  'case 80: where one query may run, the next statement of a transaction does not wait for those that wait for its end',
  async () => {
    const url = suite.router.urls[1] ?? '';
    const { started } = await inside(url, 'START TRANSACTION', 'NONE');
    const slot = await openQuery(url, 'SELECT * FROM tpch.tiny.lineitem');
    await until('the slot to be taken', async () => (await slot.poll()).data !== undefined, LIMIT_MS, 0);
    const waiting: OpenQuery[] = [];
    for (const number of [1, 2, 3]) waiting.push(await openQuery(url, `SELECT ${number}`));
    for (const query of waiting) expect((await query.poll()).id).toMatch(/_0[a-z2-9]{4}$/);
    expect((await inside(url, 'SELECT count(*) FROM tpch.tiny.region', started)).rows).toEqual([[5]]);
    expect(failure(await inside(url, 'COMMIT', started))).toBeUndefined();
    for (const query of waiting) expect((await query.poll()).stats.state).toBe('QUEUED');
    await slot.cancel();
    for (const query of waiting) expect((await query.finish()).stats.state).toBe('FINISHED');
  },
  LIMIT_MS,
);

test(
  "case 81: somebody else's transaction, and one that never was, are answered as directly",
  async () => {
    const run = async (url: string) => {
      const forged = randomUUID();
      const unknown = await inside(url, 'SELECT 1', forged);
      const own = await inside(url, 'START TRANSACTION', 'NONE', 'alice');
      const other = await inside(url, 'SELECT current_user', own.started, 'mallory');
      const end = await inside(url, 'ROLLBACK', own.started, 'alice');
      return {
        unknown: unknown.error?.message.replace(forged, 'ID'),
        other: [other.rows, failure(other)],
        end: failure(end),
      };
    };
    expect(await run(suite.router.url)).toEqual(await run(clusters[0].url));
  },
  LIMIT_MS,
);

test(
  'case 82: a client that cannot have transactions is told so, as directly',
  async () => {
    const [here, there] = await Promise.all(
      [suite.router.url, clusters[0].url].map((url) => runQuery(url, 'START TRANSACTION')),
    );
    expect(here?.error?.errorName).toBe('INCOMPATIBLE_CLIENT');
    expect(failure(here as QueryResult)).toEqual(failure(there as QueryResult));
  },
  LIMIT_MS,
);
