import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { until } from '@trino-gateway/testing/processes/until';
import { type Suite, startSuite } from '@trino-gateway/testing/suite/suite';
import { exchange } from '@trino-gateway/testing/trino-client/exchange';
import { runQuery } from '@trino-gateway/testing/trino-client/run-query';
import { type SharedCluster, sharedCluster } from '../real/shared-clusters.ts';

// What the newest release does otherwise than the one that all other files are run on, through the router and directly.
let trino: SharedCluster;
let suite: Suite;

beforeAll(async () => {
  trino = await sharedCluster('newest');
  suite = await startSuite();
  const { url } = trino;
  const probe = (source: string, more = {}) => ({
    probe: { kind: 'INFO_ONLY', user: 'probe', load: { source, ...more } },
  });
  const bounds = [{ metric: 'trino_execution_name_QueryManager_QueuedQueries', maximum: 1_000 }];
  await suite.addBackends({ newest: url });
  await suite.addBackends({ summary: url }, probe('GATEWAY_METRICS'));
  await suite.addBackends({ metrics: url }, probe('OPEN_METRICS', { bounds }));
  await suite.addGroup('newest', ['newest']);
  await suite.call('PolicyService/PutPolicy', {
    policy: { id: 'newest', listeningPort: suite.router.ports[0], groupId: 'newest' },
  });
}, 600_000);

afterAll(async () => {
  await suite?.[Symbol.asyncDispose]();
}, 60_000);

const json = { 'content-type': 'application/json' };
const ask = (path: string, headers: Record<string, string> = {}, method = 'GET', body = '') =>
  exchange(new URL(path, suite.router.url), { method, headers, ...(body === '' ? {} : { body }) });

/** Runs it at both, and answers the columns and rows of each. */
async function both(statement: string, capabilities: string) {
  const [routed, direct] = await Promise.all(
    [suite.router.url, trino.url].map(async (url) => {
      const types: string[] = [];
      const { rows, error } = await runQuery(url, statement, {
        headers: capabilities === '' ? {} : { 'x-trino-client-capabilities': capabilities },
        onPage: ({ columns = [] }) => {
          for (const { type } of types.length === 0 ? columns : []) types.push(type);
        },
      });
      return { types, rows, error };
    }),
  );
  expect(routed).toEqual(direct);
  return routed;
}

type Status = { state: string; healthy: boolean; clusterLoad?: number; trinoVersion: string };
const statusOf = async (id: string) => {
  const { condition } = await suite.call<{ condition: { status: Status } }>('BackendService/GetBackend', { id });
  return condition.status;
};

test('case 41: /v1/info says what the cluster says, its coordinator among it, which the monitor finds as well', async () => {
  const infoOf = async (url: string) => ({
    ...JSON.parse((await exchange(new URL('/v1/info', url), { method: 'GET' })).body),
    uptime: '',
  });
  const [routed, direct] = await Promise.all([suite.router.url, trino.url].map(infoOf));
  expect(routed).toEqual(direct);
  expect(routed).toMatchObject({ nodeVersion: { version: '483' }, state: 'ACTIVE' });
  const { id } = await runQuery(suite.router.url, 'SELECT 1');
  expect(routed.coordinatorId).toBe(id.slice(-5));
  expect(await statusOf('newest')).toMatchObject({ trinoVersion: '483', coordinatorId: id.slice(-5) });
});

test.each(['summary', 'metrics'])('the monitor reads load and health of it without SQL: %s', async (id) => {
  const status = await until(
    'the load',
    async () => {
      const found = await statusOf(id);
      return found.clusterLoad === undefined ? undefined : found;
    },
    60_000,
  );
  expect(status).toMatchObject({ state: 'UP', healthy: true, trinoVersion: '483' });
});

test('case 99: what it no longer has, and what is not for clients, is found neither directly nor here', async () => {
  const status = async (url: string, path: string) =>
    (await fetch(url + path, { headers: { 'x-trino-user': 'e2e' } })).status;
  for (const path of ['/v1/jmx/mbean', '/v1/node'])
    expect([await status(suite.router.url, path), await status(trino.url, path)]).toEqual([404, 404]);
  const summary = '/v1/integrations/gateway/metrics';
  expect([await status(suite.router.url, summary), await status(trino.url, summary)]).toEqual([404, 200]);
});

describe('case 33: types that only some clients know are told as directly', () => {
  test.each([
    ["SELECT CAST('1.50' AS NUMBER)", '', 'varchar'],
    ["SELECT CAST('1.50' AS NUMBER)", 'NUMBER', 'number'],
    ['SELECT CAST(1 AS VARIANT)', '', 'json'],
    ['SELECT CAST(1 AS VARIANT)', 'VARIANT', 'variant'],
    ['SELECT CAST(1 AS VARIANT)', 'VARIANT,VARIANT_BINARY', 'variant'],
    ["SELECT TIMESTAMP '2020-01-01 00:00:00.123456789'", 'PARAMETRIC_DATETIME', 'timestamp(9)'],
  ])('%s with the capabilities %j', async (statement, capabilities, type) => {
    expect(await both(statement, capabilities)).toMatchObject({ types: [type], error: undefined });
  });
});

test('case 40: a heartbeat of a slow client is answered as directly, and the query goes on', async () => {
  const heartbeats = async (url: string) => {
    const seen: number[] = [];
    const { rows } = await runQuery(url, 'SELECT count(*) FROM tpch.tiny.orders', {
      onPage: async ({ nextUri }) => {
        if (!nextUri?.includes('/executing/')) return;
        seen.push((await exchange(new URL(nextUri), { method: 'HEAD', headers: { 'x-trino-user': 'e2e' } })).status);
      },
    });
    expect(rows).toEqual([[15_000]]);
    return new Set(seen);
  };
  expect(await heartbeats(suite.router.url)).toEqual(await heartbeats(trino.url));
});

test('case 44: a statement that is said to be compressed runs as the gateway has read it', async () => {
  const headers = { 'content-encoding': 'br' };
  expect(await runQuery(suite.router.url, 'SELECT 1', { headers })).toMatchObject({ rows: [[1]], error: undefined });
  // It decodes this one to nothing at all.
  await expect(runQuery(trino.url, 'SELECT 1', { headers })).rejects.toThrow('SQL statement is empty');
});

describe('case 95, 96: its web UI', () => {
  test('is asked for by the link to a query, taken through the login of the cluster, and can kill that query', async () => {
    let cookie = '';
    let info = '';
    const asUser = () => ({ cookie });
    const result = await runQuery(
      suite.router.url,
      'SELECT count(*) FROM tpch.sf100.lineitem -- to be killed by button',
      {
        onPage: async ({ id, infoUri, stats: { state } }) => {
          if (state !== 'RUNNING' || cookie !== '') return;
          info = infoUri;
          const page = await ask('/ui', { accept: 'text/html' });
          expect(page.body).toContain('location.replace');
          const opened = await ask(`/ui/?${id}`);
          const kept = opened.headers['set-cookie']?.[0]?.split(';')[0] ?? '';
          const loaded = await ask(/src="([^"]+)"/.exec(opened.body)?.[1] ?? '/ui/none', { cookie: kept });
          expect([opened.status, loaded.status, loaded.headers['content-type']]).toEqual([
            200,
            200,
            expect.stringContaining('javascript'),
          ]);
          expect((await ask(`/ui/api/query/${id}`, { cookie: kept })).status).toBe(401);
          const login = await ask(
            '/ui/auth/login',
            { ...json, cookie: kept },
            'POST',
            '{"username":"e2e","password":""}',
          );
          expect(login.status).toBe(204);
          cookie = `${kept}; ${login.headers['set-cookie']?.[0]?.split(';')[0]}`;
          expect(JSON.parse((await ask('/ui/auth/info', asUser())).body)).toMatchObject({
            username: 'e2e',
            authenticated: true,
          });
          expect(JSON.parse((await ask(`/ui/api/query/${id}`, asUser())).body)).toMatchObject({ queryId: id });
          expect((await ask(`/ui/api/query/${id}/killed`, asUser(), 'PUT', 'by button')).status).toBe(202);
        },
      },
    );
    expect(result.error).toMatchObject({ errorName: 'ADMINISTRATIVELY_KILLED' });
    expect(info).toBe(`${suite.router.url}/ui#/queries/${result.id}`);
    expect((await ask('/ui/auth/logout', asUser())).status).toBe(204);
  });

  test('is led to by links of older releases', async () => {
    const { id } = await runQuery(suite.router.url, 'SELECT 1');
    const { status, headers } = await ask(`/ui/query.html?${id}`);
    expect([status, headers.location]).toEqual([307, `${suite.router.url}/ui/?${id}#/queries/${id}`]);
  });
});
