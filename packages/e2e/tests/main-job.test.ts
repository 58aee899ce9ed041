import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { type ScriptedTrino, startScriptedTrino } from '@trino-gateway/testing';
import { until } from '@trino-gateway/testing/processes/until';
import { type Suite, startSuite } from '@trino-gateway/testing/suite/suite';
import { runQuery } from '@trino-gateway/testing/trino-client/run-query';

let trino: ScriptedTrino;
let suite: Suite;

beforeAll(async () => {
  trino = await startScriptedTrino();
  trino.when('SELECT name FROM nation', {
    columns: [{ name: 'name', type: 'varchar' }],
    rows: [['PERU'], ['KENYA']],
    pages: 2,
  });
  trino.when('SELECT 1/0', {
    error: { name: 'DIVISION_BY_ZERO', code: 8, type: 'USER_ERROR', message: 'Division by zero' },
  });
  suite = await startSuite();
  await suite.addBackends({ one: trino.url });
  await suite.addGroup('adhoc', ['one']);
  await suite.call('PolicyService/PutPolicy', {
    policy: { id: 'port', listeningPort: suite.router.ports[0], groupId: 'adhoc' },
  });
}, 240_000);

afterAll(async () => {
  await suite?.[Symbol.asyncDispose]();
  await trino?.stop();
});

test('a query through the gateway gives the rows of the cluster, once', async () => {
  const result = await runQuery(suite.router.url, 'SELECT name FROM nation', { user: 'ann' });
  expect(result.rows).toEqual([['PERU'], ['KENYA']]);
  expect(result.id.endsWith(trino.suffix)).toBe(true);
  expect(trino.queries.filter(({ statement }) => statement === 'SELECT name FROM nation')).toHaveLength(1);
});

test('an operator asked "who ran this, where, and how did it end" finds exactly one entry with the answer', async () => {
  const { id } = await runQuery(suite.router.url, 'SELECT name FROM nation', {
    user: 'ben',
    headers: { 'x-trino-source': 'dashboard', 'x-trino-client-tags': 'a, b' },
  });
  const entry = await until('the query in history as finished', async () => {
    const { queries } = await suite.call<{ queries?: Record<string, unknown>[] }>('QueryService/ListQueries', {
      user: 'ben',
    });
    return queries?.length === 1 && queries[0]?.state === 'FINISHED' ? queries[0] : undefined;
  });
  expect(entry).toMatchObject({
    id,
    trinoQueryId: id,
    text: 'SELECT name FROM nation',
    source: 'dashboard',
    clientTags: ['a', 'b'],
    clientIp: '127.0.0.1',
    groupId: 'adhoc',
    backendId: 'one',
    decidedBy: 'policy port',
  });
  expect(Date.parse(String(entry.endedAt))).toBeGreaterThanOrEqual(Date.parse(String(entry.submittedAt)));
});

test('a failing query shows the error of the cluster to the client and in history', async () => {
  const { error, id } = await runQuery(suite.router.url, 'SELECT 1/0');
  expect(error).toMatchObject({ errorName: 'DIVISION_BY_ZERO', errorCode: 8, message: 'Division by zero' });
  const entry = await until('the error in history', async () => {
    const query = await suite.call('QueryService/GetQuery', { id });
    return query.state === 'FAILED' ? query : undefined;
  });
  expect(entry.error).toEqual({ name: 'DIVISION_BY_ZERO', code: 8, message: 'Division by zero' });
});

test('a dry run says where a query would go and why, and changes nothing', async () => {
  // The monitor submits its probes all the while.
  const submitted = () =>
    trino.requests.filter(
      ({ method, rawHeaders }) => method === 'POST' && !rawHeaders.includes('trino-gateway-monitor'),
    );
  const before = submitted().length;
  const answer = await suite.call<{ decision: unknown; reasons: { step: string }[] }>('RoutingService/Decide', {
    listeningPort: suite.router.ports[0],
    statement: 'SELECT 1',
  });
  expect(answer.decision).toMatchObject({ backendId: 'one', groupId: 'adhoc', decidedBy: 'policy port' });
  expect(answer.reasons.map(({ step }) => step)).toContain('policies');
  expect(submitted()).toHaveLength(before);
});

test('cancelling by the API ends the query on its cluster', async () => {
  trino.when('SELECT forever', { runMs: Number.POSITIVE_INFINITY });
  let asked = false;
  const result = await runQuery(suite.router.url, 'SELECT forever', {
    onPage: async (page) => {
      if (page.stats.state !== 'RUNNING' || asked) return;
      asked = true;
      await suite.call('QueryService/CancelQuery', { id: page.id });
    },
  });
  expect(result.error?.errorName).toBe('USER_CANCELED');
});

test('a client without a matching group reads what is missing, the way Trino fails a query', async () => {
  await suite.call('PolicyService/DisablePolicy', { id: 'port' });
  try {
    const { error, rows } = await runQuery(suite.router.url, 'SELECT name FROM nation', { user: 'eve' });
    expect(rows).toEqual([]);
    expect(error?.errorName).toBe('QUERY_REJECTED');
    expect(error?.message).toMatch(/default_group/);
  } finally {
    await suite.call('PolicyService/EnablePolicy', { id: 'port' });
  }
});

test('without an available backend the refusal gives the reason', async () => {
  await suite.call('BackendService/MarkUnhealthy', { id: 'one', durationMs: 60_000, reason: 'rack on fire' });
  try {
    const { error } = await runQuery(suite.router.url, 'SELECT name FROM nation');
    expect(error?.errorName).toBe('NO_NODES_AVAILABLE');
    expect(error?.message).toMatch(/one.*rack on fire/s);
  } finally {
    await suite.call('BackendService/MarkHealthy', { id: 'one', durationMs: 1 });
    await suite.call('BackendService/MarkHealthy', { id: 'one', durationMs: 60_000 });
  }
});
