import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { type ScriptedTrino, startScriptedTrino } from '@trino-gateway/testing';
import { until } from '@trino-gateway/testing/processes/until';
import { type Suite, startSuite } from '@trino-gateway/testing/suite/suite';
import { runQuery, runQueryAsHost } from '@trino-gateway/testing/trino-client/run-query';

// One cluster per group, so that where a query went is seen from Trino's side.
const GROUPS = ['port', 'host', 'tags', 'props', 'both', 'spare', 'rest'] as const;
const trinos = new Map<string, ScriptedTrino>();
let suite: Suite;
let marker = 1_000; // SELECT 1 is what the monitor asks

beforeAll(async () => {
  for (const group of GROUPS) trinos.set(group, await startScriptedTrino());
  suite = await startSuite({ listeners: 2, gatewayserver: { DEFAULT_GROUP: 'rest' } });
  await suite.addBackends(Object.fromEntries([...trinos].map(([group, { url }]) => [`b-${group}`, url])));
  for (const group of GROUPS) await suite.addGroup(group, [`b-${group}`]);
  const put = (policy: Record<string, unknown>) => suite.call('PolicyService/PutPolicy', { policy });
  const second = suite.router.ports[1];
  await put({ id: 'by-port', listeningPort: second, groupId: 'port' });
  await put({ id: 'by-port-both', listeningPort: second, groupId: 'both' });
  await put({ id: 'by-host', host: 'BI.example', groupId: 'host' });
  await put({
    id: 'by-host-both',
    host: 'reports.example',
    groupId: 'both',
    fallbackGroupId: 'spare',
    requestSource: 'reports',
  });
  await put({ id: 'by-tags', clientTags: { allOf: ['etl', 'nightly'] }, groupId: 'tags' });
  await put({ id: 'by-any-tag', clientTags: { anyOf: ['urgent', 'vip'] }, groupId: 'both' });
  await put({ id: 'by-props', connectionProperties: { properties: { team: 'data & more' } }, groupId: 'props' });
  await put({ id: 'by-text', connectionProperties: { exact: 'mode=raw' }, groupId: 'props' });
}, 240_000);

afterAll(async () => {
  await suite?.[Symbol.asyncDispose]();
  for (const trino of trinos.values()) await trino.stop();
});

/** Runs a statement nobody else runs and answers the groups whose cluster ran it. */
async function groupsThatRan(listener: 0 | 1, headers: Record<string, string>): Promise<string[]> {
  const statement = `SELECT ${++marker}`;
  const url = suite.router.urls[listener] ?? '';
  const { host, ...others } = headers;
  const result = host
    ? await runQueryAsHost(url, host, statement, others)
    : await runQuery(url, statement, { headers: others });
  expect(result.error).toBeUndefined();
  return [...trinos]
    .filter(([, { queries }]) => queries.some((query) => query.statement === statement))
    .map(([group]) => group);
}

test.each<[string, 0 | 1, Record<string, string>, string]>([
  ['no policy matches: the default group', 0, {}, 'rest'],
  ['the port, of two policies the first group by id', 1, {}, 'both'],
  ['the host, whatever its case and port', 0, { host: 'bi.EXAMPLE:9999' }, 'host'],
  ['all of the tags', 0, { 'x-trino-client-tags': 'nightly , etl,other' }, 'tags'],
  ['only one of all the tags is not enough', 0, { 'x-trino-client-tags': 'etl' }, 'rest'],
  ['tags are compared with case', 0, { 'x-trino-client-tags': 'ETL,NIGHTLY' }, 'rest'],
  ['any of the tags', 0, { 'x-trino-client-tags': 'vip' }, 'both'],
  ['a connection property, decoded', 0, { 'x-trino-connection-properties': 'x=1,team=data+%26%20more' }, 'props'],
  ['the exact text of the properties', 0, { 'x-trino-connection-properties': 'mode=raw' }, 'props'],
  ['port and tags intersect to the group both allow', 1, { 'x-trino-client-tags': 'vip' }, 'both'],
  ['port, host and tags intersect', 1, { host: 'reports.example', 'x-trino-client-tags': 'urgent' }, 'both'],
  [
    'kinds that contradict each other: the fallback group',
    0,
    { host: 'reports.example', 'x-trino-client-tags': 'etl,nightly' },
    'spare',
  ],
])('a query goes where the policies send it: %s', async (_, listener, headers, group) => {
  expect(await groupsThatRan(listener, headers)).toEqual([group]);
});

test('what routers report of queries is enough to replay them: the same policies send each where it went', async () => {
  const chain = { fallbackGroup: 'rest', steps: [{ id: 'policies', policies: {} }] };
  const seen = () => suite.call('RoutingService/ReplayRouting', { chain });
  const replayed = await until('all queries in the history', async () => {
    const answer = await seen();
    return Number(answer.replayed ?? 0) >= 12 ? answer : undefined;
  });
  expect(replayed).toMatchObject({ unchanged: replayed.replayed });
  expect(replayed).not.toHaveProperty('moves');
  expect(replayed).not.toHaveProperty('notKnown');
});

test('an old client is routed by its X-Presto headers', async () => {
  const statement = `SELECT ${++marker}`;
  await runQueryAsHost(suite.router.url, new URL(suite.router.url).host, statement, {
    'x-presto-user': 'old',
    'x-presto-client-tags': 'vip',
  });
  const seen = trinos.get('both')?.queries.find((query) => query.statement === statement);
  expect(seen?.user).toBe('old');
});

test('the request source of the chosen policy is what the cluster sees', async () => {
  const statement = `SELECT ${++marker}`;
  await runQueryAsHost(suite.router.url, 'reports.example', statement, { 'x-trino-source': 'mine' });
  const seen = trinos.get('both')?.queries.find((query) => query.statement === statement);
  expect(seen?.source).toBe('reports');
});

test('a disabled group stays the group of its policies: their queries are refused, or go to the fallback group', async () => {
  const headers = { 'x-trino-client-tags': 'nightly,etl' };
  const put = (fallbackGroupId?: string) =>
    suite.call('PolicyService/PutPolicy', {
      policy: { id: 'by-tags', clientTags: { allOf: ['etl', 'nightly'] }, groupId: 'tags', fallbackGroupId },
    });
  await suite.call('GroupService/DisableGroup', { id: 'tags' });
  try {
    const { error } = await runQuery(suite.router.url, `SELECT ${++marker}`, { headers });
    expect(error).toMatchObject({
      errorName: 'NO_NODES_AVAILABLE',
      message: 'No cluster is available for this query: group tags is disabled',
    });
    await put('spare');
    expect(await groupsThatRan(0, headers)).toEqual(['spare']);
  } finally {
    await put();
    await suite.call('GroupService/EnableGroup', { id: 'tags' });
  }
});

test('a group without an available backend: the fallback group of the policy', async () => {
  await suite.call('BackendService/DisableBackend', { id: 'b-both' });
  try {
    expect(await groupsThatRan(0, { host: 'reports.example' })).toEqual(['spare']);
  } finally {
    await suite.call('BackendService/EnableBackend', { id: 'b-both' });
  }
});
