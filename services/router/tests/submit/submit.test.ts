import { describe, expect, test } from '@jest/globals';
import { Query_State } from '@trino-gateway/api/gateway';
import { type FaultAction, headerValues, type ScriptedTrino, startScriptedTrino } from '@trino-gateway/testing';
import { until } from '@trino-gateway/testing/processes/until';
import { GatewayUnavailableError } from '../../src/control-plane/retry-unreachable.ts';
import { ask, pageOf, post, run, user } from '../support/client.ts';
import { answerJson, deadUrl, firstPage, startStub } from '../support/stub-cluster.ts';
import { startTestbed } from '../support/testbed.ts';

/** What was polled at a cluster: ids of statement links asked for by GET or HEAD. */
const polled = (trino: ScriptedTrino) =>
  trino.requests.filter(({ method, path }) => method !== 'POST' && path.startsWith('/v1/statement/'));

describe('a statement that one cluster does not accept goes to another, and runs once', () => {
  const faults: [string, FaultAction][] = [
    ['resets the connection', { kind: 'reset' }],
    ['answers 502', { kind: 'status', status: 502 }],
    ['answers 503', { kind: 'status', status: 503, body: 'busy' }],
    ['answers 504', { kind: 'status', status: 504 }],
    ['breaks off in its answer', { kind: 'broken-page', bytes: 100 }],
    [
      'answers a web page under 200',
      { kind: 'status', status: 200, headers: [['Content-Type', 'text/html']], body: '<html>' },
    ],
    ['answers nothing under 200', { kind: 'status', status: 200 }],
  ];
  test.each(faults)('one that %s', async (_what, action) => {
    await using first = await startScriptedTrino();
    await using second = await startScriptedTrino();
    first.fault({ on: 'submit', action });
    await using router = await startTestbed({ clusters: { first, second } });
    const { rows, last } = await run(router.url, 'SELECT 1');
    expect(rows).toEqual([[1]]);
    expect(first.queries).toEqual([]);
    expect(polled(first)).toEqual([]);
    expect(second.queries.map(({ id }) => id)).toEqual([last.id]);
    expect(router.routes.map(({ excludedBackendIds }) => excludedBackendIds)).toEqual([[], ['first']]);
    expect(new Set(router.routes.map(({ submissionId }) => submissionId)).size).toBe(1);
    expect(router.settled).toHaveLength(1);
  });

  test('one that cannot be reached', async () => {
    await using second = await startScriptedTrino();
    await using router = await startTestbed({ clusters: { first: { url: await deadUrl() }, second } });
    expect((await run(router.url, 'SELECT 1')).rows).toEqual([[1]]);
    await run(router.url, 'SELECT 2');
    expect(router.routes.at(-1)?.avoidedBackendIds).toEqual(['first']);
  });

  test('a connection that was closed while idle is replaced without asking another cluster', async () => {
    await using trino = await startScriptedTrino();
    await using router = await startTestbed({ clusters: { trino } });
    await run(router.url, 'SELECT 1');
    await trino.restart();
    expect((await run(router.url, 'SELECT 1')).rows).toEqual([[1]]);
    expect(router.routes).toHaveLength(2);
  });
});

test('when no cluster accepts it, the client reads the reason of each, as Trino fails a query', async () => {
  await using first = await startScriptedTrino();
  first.fault({ on: 'submit', action: { kind: 'status', status: 503 } });
  await using router = await startTestbed({ clusters: { first, second: { url: await deadUrl() } } });
  const submitted = pageOf(await post(router.url, 'SELECT 1'));
  expect(submitted).toMatchObject({ stats: { state: 'QUEUED' } });
  expect(submitted.error).toBeUndefined();
  const failed = pageOf(await ask(submitted.nextUri ?? ''));
  expect(failed).toMatchObject({
    id: submitted.id,
    stats: { state: 'FAILED' },
    error: { errorName: 'NO_NODES_AVAILABLE', errorCode: 65541 },
  });
  expect(failed.error?.message).toContain('first: answered 503');
  expect(failed.error?.message).toContain('second: cannot connect (ECONNREFUSED)');
  expect(failed.nextUri).toBeUndefined();
  expect(router.started).toMatchObject([
    { id: submitted.id, trinoQueryId: '', state: Query_State.FAILED, error: { name: 'NO_NODES_AVAILABLE' } },
  ]);
});

test('clusters that fail one after the other do not hold a client longer than the time limit', async () => {
  await using first = await startScriptedTrino();
  await using second = await startScriptedTrino();
  for (const trino of [first, second]) trino.fault({ on: 'submit', action: { kind: 'silence' } });
  await using router = await startTestbed({
    clusters: { first, second },
    config: { attempt_time_limit: 400, submit_time_limit: 500 },
  });
  const startedAt = performance.now();
  const page = pageOf(await post(router.url, 'SELECT 1'));
  expect(performance.now() - startedAt).toBeLessThan(15_000);
  expect(pageOf(await ask(page.nextUri ?? '')).error?.errorName).toBe('NO_NODES_AVAILABLE');
});

test('a refusal of the gatewayserver reaches the client with its name and reason', async () => {
  await using router = await startTestbed({
    route: () => ({ refusal: 'group etl has no backend', refusalErrorName: 'QUERY_REJECTED' }),
  });
  const { last } = await run(router.url, 'SELECT 1');
  expect(last.error).toMatchObject({ errorName: 'QUERY_REJECTED', message: 'group etl has no backend' });
});

test('without a gatewayserver a submission is refused with the reason', async () => {
  await using router = await startTestbed({
    route: () => {
      throw new GatewayUnavailableError('no answer within 10 s');
    },
  });
  const { last } = await run(router.url, 'SELECT 1');
  expect(last.error).toMatchObject({ errorName: 'NO_NODES_AVAILABLE' });
  expect(last.error?.message).toContain('no answer within 10 s');
});

test('a repeated poll of a refusal gets the same answer; a tampered or cancelled link is as in Trino', async () => {
  await using router = await startTestbed({ route: () => ({ refusal: 'no', refusalErrorName: 'QUERY_REJECTED' }) });
  const { nextUri = '' } = pageOf(await post(router.url, 'SELECT 1'));
  const first = await ask(nextUri);
  expect((await ask(nextUri)).text).toBe(first.text);
  expect(await ask(nextUri, { method: 'HEAD' })).toMatchObject({ status: 200, text: '' });
  expect((await ask(nextUri, { method: 'DELETE' })).status).toBe(204);
  const tampered = [
    nextUri.replace(/_(\d{5})_/, '_99999_'),
    nextUri.replace(/.(\/1)$/, 'A$1').replace(/queued\/(\S{27})\/./, 'queued/$1/X'),
    nextUri.replace(/1$/, '2'),
    nextUri.replace('queued', 'executing'),
  ];
  for (const link of tampered)
    expect(await ask(link)).toMatchObject({ status: 404, text: 'Error 404 Not Found: Query not found' });
});

describe('a refusal by a cluster passes unchanged', () => {
  test('401 with its challenge', async () => {
    await using trino = await startScriptedTrino({ passwords: { alice: 'secret' } });
    await using router = await startTestbed({ clusters: { trino }, client: { externalUrl: 'https://gw.example' } });
    const reply = await post(router.url, 'SELECT 1');
    expect(reply).toMatchObject({ status: 401, statusMessage: 'Unauthorized', text: 'Unauthorized' });
    expect(reply.headers['www-authenticate']).toBe('Basic realm="Trino"');
    expect(router.started).toEqual([]);
  });

  test('400 of a malformed session header', async () => {
    await using trino = await startScriptedTrino();
    await using router = await startTestbed({ clusters: { trino } });
    expect(await post(router.url, 'SELECT 1', [...user, 'X-Trino-Session', 'no equals sign'])).toMatchObject({
      status: 400,
    });
  });
});

describe('statements of odd shape', () => {
  test('an empty one', async () => {
    await using router = await startTestbed();
    expect(await post(router.url, '')).toMatchObject({
      status: 400,
      text: 'Error 400 Bad Request: SQL statement is empty',
    });
  });

  test('10 MB pass, byte for byte', async () => {
    await using trino = await startScriptedTrino();
    await using router = await startTestbed({ clusters: { trino } });
    const statement = `SELECT '${'x'.repeat(10_000_000)}'`;
    await post(router.url, statement);
    expect(trino.requests[0]?.body === statement).toBe(true);
    expect(router.routes[0]?.statement.length).toBe(1_000_000);
    expect(router.started[0]?.text.length).toBe(1_000_000);
  });

  test('bytes that are not UTF-8 reach the cluster as they are', async () => {
    const bodies: Buffer[] = [];
    await using stub = await startStub((request, response) => {
      request.on('data', (chunk: Buffer) => bodies.push(chunk));
      request.on('end', () => answerJson(response, firstPage(request)));
    });
    await using router = await startTestbed({ clusters: { stub } });
    const statement = Buffer.from([0x53, 0x45, 0x4c, 0xff, 0xfe, 0x00, 0xc3, 0x28]);
    expect((await post(router.url, statement)).status).toBe(200);
    expect(Buffer.concat(bodies)).toEqual(statement);
  });

  test('one that is too long is refused as Trino does, and the connection serves on', async () => {
    await using router = await startTestbed({ config: { max_statement_bytes: 1_000 } });
    const { last } = await run(router.url, 'x'.repeat(300_000));
    expect(last.error).toMatchObject({ errorName: 'QUERY_TEXT_TOO_LARGE', errorCode: 35 });
    expect(router.settled).toHaveLength(router.routes.length);
  });
});

test.each([
  [['X-Trino-User', 'alice', 'X-Trino-Source', 'cli']],
  [['X-Trino-User', 'alice', 'x-trino-source', 'cli', 'X-Trino-Source', 'more']],
  [['X-Trino-User', 'alice']],
  [['X-Presto-User', 'alice', 'X-Presto-Source', 'pyhive']],
  [['X-Presto-User', 'alice']],
])('a source prescribed by a policy replaces the one of the client, in history too: %j', async (headers) => {
  await using trino = await startScriptedTrino();
  await using router = await startTestbed({ clusters: { trino }, effects: { requestSource: 'etl' } });
  await run(router.url, 'SELECT 1', headers);
  expect(trino.queries[0]?.source).toBe('etl');
  const { rawHeaders = [] } = trino.requests[0] ?? {};
  expect(headerValues(rawHeaders, 'x-trino-source')).toEqual(['etl']);
  expect(headerValues(rawHeaders, 'x-presto-source')).toEqual([]);
  expect(router.started[0]?.source).toBe('etl');
});

test('a routing decision sees tags, host and port, and never a credential', async () => {
  await using trino = await startScriptedTrino();
  await using router = await startTestbed({ clusters: { trino } });
  const secrets = [
    'Authorization',
    'Basic c2VjcmV0',
    'Cookie',
    'a=secret',
    'X-Trino-Extra-Credential',
    'k=secret',
    'X-Api-Key',
    'secret',
    'X-Auth-Token',
    'secret',
  ];
  await post(router.url, 'SELECT 1', [
    ...user,
    'X-Trino-Client-Tags',
    'a,b',
    'X-Trino-Routing-Group',
    'etl',
    ...secrets,
  ]);
  const [route] = router.routes;
  expect(route).toMatchObject({
    listeningPort: router.port,
    host: '127.0.0.1',
    user: 'alice',
    clientIp: '127.0.0.1',
    statement: 'SELECT 1',
  });
  expect(route?.headers.map(({ name, value }) => [name, value])).toEqual([
    ['X-Trino-User', 'alice'],
    ['X-Trino-Client-Tags', 'a,b'],
    ['X-Trino-Routing-Group', 'etl'],
  ]);
  expect(router.started[0]?.clientTags).toEqual(['a', 'b']);
});

test('answers say how they were routed, where router.explain_headers asks for it', async () => {
  await using trino = await startScriptedTrino();
  await using router = await startTestbed({ clusters: { trino }, config: { explain_headers: true } });
  expect((await post(router.url, 'SELECT 1')).headers).toMatchObject({
    'x-trino-gateway-backend': 'trino',
    'x-trino-gateway-group': 'g',
    'x-trino-gateway-decided-by': 'policy p',
  });
});

test('a client that hangs up ends the submission it waits for', async () => {
  await using stub = await startStub(() => {});
  await using router = await startTestbed({ clusters: { stub } });
  const hangUp = new AbortController();
  const reply = ask(`${router.url}/v1/statement`, {
    method: 'POST',
    body: 'SELECT 1',
    headers: user,
    signal: hangUp.signal,
  });
  const failed = expect(reply).rejects.toThrow();
  await until('the cluster was asked', () => stub.open() === 1);
  hangUp.abort();
  await failed;
  await until('the cluster was let go', () => stub.open() === 0);
  await until('the submission was given up', () => router.settled.length === 1);
  expect(router.routes).toHaveLength(1);
  expect(router.started).toEqual([]);
});
