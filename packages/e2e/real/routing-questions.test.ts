import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { type ScriptedTrino, startScriptedTrino } from '@trino-gateway/testing';
import { until } from '@trino-gateway/testing/processes/until';
import { type Suite, startSuite } from '@trino-gateway/testing/suite/suite';
import { runStatement } from '@trino-gateway/testing/trino-client/run-statement';
import { passwords, probe, withPassword } from './guarded-cluster.ts';
import { type SharedCluster, sharedCluster } from './shared-clusters.ts';

// Routing asks a real Trino with passwords what a statement costs; where it then runs is seen at the clusters.
const SOURCE = 'trino-gateway-monitor';
let trino: SharedCluster;
let large: ScriptedTrino;
let unknown: ScriptedTrino;
let suite: Suite;

const alice = (more: Record<string, string> = {}) => ({
  'x-trino-user': 'alice',
  ...withPassword('alice'),
  ...more,
});

/** Submits a statement; its first page, and who decided where it went. Nobody polls it. */
async function submit(statement: string, more: Record<string, string> = {}) {
  const answer = await fetch(`${suite.router.url}/v1/statement`, {
    method: 'POST',
    body: statement,
    headers: alice(more),
    signal: AbortSignal.timeout(60_000),
  });
  await answer.text();
  return `${answer.headers.get('x-trino-gateway-decided-by')}: ${answer.headers.get('x-trino-gateway-group')}`;
}
const putChain = async (step: object) => {
  // On a busy machine an EXPLAIN takes its time.
  const chain = { timeLimitMs: 60_000, fallbackGroup: 'fallback', steps: [{ timeLimitMs: 50_000, ...step }] };
  await suite.call('RoutingService/PutRoutingChain', { chain });
};
const explainCost = {
  groupId: 'small',
  unknownGroupId: 'unknown',
  targets: [
    { cpu: 1e6, rows: 1e6, groupId: 'small' },
    { cpu: 1e15, groupId: 'large' },
  ],
};
/** What Trino says it ran that begins so. */
async function ranAtTrino(beginning: string) {
  const answer = await fetch(`${trino.url}/v1/query`, {
    headers: { 'x-trino-user': 'probe', ...withPassword('probe'), 'x-forwarded-proto': 'https' },
    signal: AbortSignal.timeout(10_000),
  });
  const queries = (await answer.json()) as {
    query: string;
    state: string;
    session: { user: string; source?: string; clientTags?: string[] };
  }[];
  return queries
    .filter(({ query }) => query.startsWith(beginning))
    .map(({ session, state }) => ({ ...session, state }));
}

beforeAll(async () => {
  trino = await sharedCluster('guarded');
  [large, unknown] = [await startScriptedTrino(), await startScriptedTrino()];
  suite = await startSuite({ router: { EXTERNAL_URL: 'https://gw.example' } });
  await suite.addBackends({ trino: trino.url }, { probe });
  await suite.addBackends({ large: large.url, unknown: unknown.url });
  await suite.addGroup('small', ['trino']);
  await suite.addGroup('fallback', ['trino']);
  for (const id of ['large', 'unknown']) await suite.addGroup(id, [id]);
}, 600_000);

afterAll(async () => {
  await suite?.[Symbol.asyncDispose]();
  await Promise.all([large?.stop(), unknown?.stop()]);
}, 60_000);

describe.each<[string, object]>([
  ['the client explains itself', {}],
  ['a service user that impersonates the client', { user: 'gateway', password: passwords.gateway }],
])('by what Trino expects of a statement: %s', (_, who) => {
  const prepared = (sql: string) => ({ 'x-trino-prepared-statement': `q=${encodeURIComponent(sql)}` });

  test('case 110: routers send what that needs as soon as they know of it', async () => {
    await putChain({ id: 'cost', explainCost: { ...explainCost, ...who } });
    const execute = () => submit('EXECUTE q', prepared('SELECT 1'));
    await until('the chain in force', async () => (await execute()) === 'step cost: small', 30_000);
  });

  test.each<[string, string, string, Record<string, string>]>([
    ['a small table', 'SELECT count(*) FROM tpch.tiny.nation', 'small', {}],
    [
      'a small one of the schema of the session',
      'SELECT * FROM region',
      'small',
      { 'x-trino-catalog': 'tpch', 'x-trino-schema': 'tiny' },
    ],
    [
      'a large one of the schema of the session',
      'SELECT * FROM lineitem',
      'large',
      { 'x-trino-catalog': 'tpch', 'x-trino-schema': 'sf1' },
    ],
    ['a large table', 'SELECT count(*) FROM tpch.sf1.lineitem', 'large', {}],
    [
      'a large join that is aggregated',
      'SELECT o.orderdate, sum(l.tax) FROM tpch.sf1.orders o JOIN tpch.sf1.lineitem l USING (orderkey) GROUP BY 1',
      'large',
      {},
    ],
    ['a table without statistics', 'SELECT count(*) FROM system.runtime.queries', 'unknown', {}],
    ['a small table that is written', 'CREATE TABLE memory.default.n AS SELECT * FROM tpch.tiny.nation', 'small', {}],
    ['a prepared statement', 'EXECUTE q', 'large', prepared('SELECT * FROM tpch.sf1.lineitem')],
    ['one in place', "EXECUTE IMMEDIATE 'SELECT * FROM tpch.tiny.nation WHERE nationkey = ?' USING 3", 'small', {}],
  ])('case 110: %s', async (_what, statement, group, more) => {
    expect(await submit(statement, more)).toBe(`step cost: ${group}`);
    const sent = { small: [], large: large.requests, unknown: unknown.requests }[group] ?? [];
    if (group !== 'small') expect(sent.map(({ body }) => body)).toContain(statement);
  });

  test.each([
    ['a table that does not exist: Trino says so itself', 'SELECT * FROM tpch.tiny.nothing'],
    ['what cannot be explained', 'SHOW CATALOGS'],
    ['an EXPLAIN ANALYZE', 'EXPLAIN ANALYZE SELECT 1'],
  ])('no opinion: %s', async (_what, statement) => {
    expect(await submit(statement)).toBe('default_group: fallback');
  });

  test('a table that was explained before it was made is made all the same', async () => {
    const made = `memory.default.made_${Object.keys(who).length}`;
    const { error } = await runStatement(suite.router.url, `CREATE TABLE ${made} AS SELECT * FROM tpch.tiny.nation`, {
      user: 'alice',
      password: passwords.alice,
    });
    expect(error).toBeUndefined();
  });

  test('a query that was decided so runs as if it had not been', async () => {
    const { rows, error } = await runStatement(suite.router.url, 'SELECT count(*) FROM tpch.tiny.region', {
      user: 'alice',
      password: passwords.alice,
    });
    expect([rows, error]).toEqual([[[5]], undefined]);
  });
});

test('case 110: an EXPLAIN that takes longer than its step may is given up, and the default route is taken', async () => {
  await putChain({ id: 'cost', timeLimitMs: 5, explainCost });
  const statement = (number: number) => `SELECT count(*) FROM tpch.sf1.lineitem /* late ${number} */`;
  let number = 0;
  const decided = () => submit(statement(number++));
  await until('the chain in force', async () => (await decided()) === 'default_group: fallback', 30_000);
  for (let times = 0; times < 3; times += 1) expect(await decided()).toBe('default_group: fallback');
  await until('none of them to run on', async () => {
    const explained = await ranAtTrino('EXPLAIN (FORMAT JSON) SELECT count(*) FROM tpch.sf1.lineitem /* late');
    return explained.every(({ state }) => state === 'FINISHED' || state === 'FAILED');
  });
});

test('what Trino explained ran as the client, under the source of the probes, and is no query of the history', async () => {
  const explained = await ranAtTrino('EXPLAIN (FORMAT JSON) ');
  expect(explained.length).toBeGreaterThan(10);
  expect(new Set(explained.map(({ user, source }) => `${user} ${source}`))).toEqual(new Set([`alice ${SOURCE}`]));
  const { queries } = await suite.call<{ queries: { text?: string }[] }>('QueryService/ListQueries', { user: 'alice' });
  expect(queries.filter(({ text }) => text?.includes('FORMAT JSON'))).toEqual([]);
});

describe("a service written for the Java gateway's external router", () => {
  /** What such services read of the question, by the names that they use. */
  type Question = {
    trinoQueryProperties: {
      body: string;
      queryType: string;
      resourceGroupQueryType: string;
      tables: string[];
      defaultCatalog?: string;
    };
    trinoRequestUser: { user?: string };
    remoteAddr: string;
    requestURI: string;
  };
  let service: Server;
  const asked: { question: Question; headers: Record<string, unknown> }[] = [];

  beforeAll(async () => {
    service = createServer(async (request, response) => {
      let text = '';
      for await (const chunk of request) text += chunk;
      const question = JSON.parse(text) as Question;
      asked.push({ question, headers: request.headers });
      const { trinoQueryProperties: query, trinoRequestUser } = question;
      const isLarge = query.tables.some((table) => table.startsWith('tpch.sf'));
      const answer = {
        routingGroup: isLarge ? 'large' : 'small',
        errors: query.body.includes('forbidden') ? [`${trinoRequestUser.user} may not do that`] : [],
        externalHeaders: { 'X-Trino-Client-Tags': 'from-the-service', 'X-Trino-User': 'root' },
      };
      response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(answer));
    }).listen(0, '127.0.0.1');
    await once(service, 'listening');
    const url = `http://127.0.0.1:${(service.address() as AddressInfo).port}/route`;
    await putChain({ id: 'theirs', external: { url, propagateErrors: true } });
  });
  afterAll(() => {
    service?.close();
    service?.closeAllConnections();
  });

  test('decides for a real query, whose cluster gets the headers that it sets', async () => {
    const statement = 'SELECT count(*) FROM tpch.tiny.nation';
    const options = { user: 'alice', password: passwords.alice };
    const { rows } = await runStatement(suite.router.url, statement, options);
    expect(rows).toEqual([[25]]);
    const ran = (await ranAtTrino(statement)).filter(({ clientTags }) => String(clientTags) === 'from-the-service');
    expect(ran).toMatchObject([{ user: 'alice' }]);
    expect(asked.at(-1)?.question).toMatchObject({
      trinoQueryProperties: {
        body: statement,
        queryType: 'Query',
        resourceGroupQueryType: 'SELECT',
        tables: ['tpch.tiny.nation'],
      },
      trinoRequestUser: { user: 'alice' },
      remoteAddr: '127.0.0.1',
      requestURI: '/v1/statement',
    });
    expect(asked.at(-1)?.headers).toMatchObject({ 'x-trino-user': 'alice' });
    expect(asked.at(-1)?.headers.authorization).toBeUndefined();
  });

  test('by the tables that the statement names', async () => {
    expect(await submit('SELECT * FROM lineitem', { 'x-trino-catalog': 'tpch', 'x-trino-schema': 'sf1' })).toBe(
      'step theirs: large',
    );
  });

  test('refuses in its own words', async () => {
    const options = { user: 'alice', password: passwords.alice };
    const { error } = await runStatement(suite.router.url, "SELECT 'forbidden'", options);
    expect(error).toMatchObject({ errorName: 'QUERY_REJECTED', message: 'alice may not do that' });
  });
});
