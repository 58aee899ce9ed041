import { once } from 'node:events';
import { createServer, type IncomingMessage, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { create, type MessageInitShape } from '@bufbuild/protobuf';
import { afterEach, describe, expect, test } from '@jest/globals';
import { RoutingChainSchema, RoutingStep_ExternalSchema, RoutingStepSchema } from '@trino-gateway/api/gateway';
import { askChain } from '../../src/decisions/ask-chain.ts';
import { routedQuery } from '../../src/routing/chain/routed-query.ts';
import { createChainCompiler, noTools } from '../../src/routing/chain/routing-chain.ts';
import { stepKinds } from '../../src/routing/steps/registry.ts';
import { createStepTools } from '../../src/step-tools/step-tools.ts';
import { snapshotOf } from '../support/routing-snapshot.ts';

let started = new AsyncDisposableStack();
afterEach(async () => {
  await started.disposeAsync();
  started = new AsyncDisposableStack();
});

type Seen = { headers: IncomingMessage['headers']; body: Record<string, unknown> };
type Settings = Omit<MessageInitShape<typeof RoutingStep_ExternalSchema>, '$typeName'>;
type Sent = { statement?: string; headers?: [string, string][]; credentials?: [string, string][] };

/** A chain of one step, whose service answers as a test says. */
async function bed(
  answer: RequestListener,
  some: Settings = {},
  more: { timeLimitMs?: number; observe?: boolean } = {},
) {
  const seen: Seen[] = [];
  const counted: string[] = [];
  const shown: boolean[] = [];
  const server: Server = createServer(async (request, response) => {
    let text = '';
    for await (const chunk of request) text += chunk;
    seen.push({ headers: request.headers, body: JSON.parse(text) });
    answer(request, response);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  started.defer(() => {
    server.close();
    server.closeAllConnections();
  });
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/route?a=b`;
  const tools = createStepTools(async () => undefined, {
    countQuestion: (_, result) => counted.push(result),
    showBreaker: (_, isOpen) => shown.push(isOpen),
  });
  const kind = { case: 'external', value: create(RoutingStep_ExternalSchema, { url, ...some } as never) } as const;
  const step = create(RoutingStepSchema, { id: 'theirs', timeLimitMs: 10_000, ...more, kind });
  const compiler = started.use(createChainCompiler(stepKinds, { ...noTools, ...tools }));
  const chain = compiler.compile(create(RoutingChainSchema, { timeLimitMs: 20_000, steps: [step] }));
  const snapshot = snapshotOf({ up: ['a'], groups: { etl: ['a'], 'closed!': ['a'] } });
  const ask = async ({ statement = 'SELECT 1', headers = [], credentials = [] }: Sent = {}) => {
    const lines = (pairs: [string, string][]) => pairs.map(([name, value]) => ({ name, value }));
    const client = { listeningPort: 8080, host: 'gw', clientIp: '10.0.0.1', user: 'alice', statement };
    const query = routedQuery({ ...client, headers: lines(headers), credentials: lines(credentials) }, 0);
    return await askChain(chain, query, { snapshot, chance: 0, defaultGroupId: 'etl' });
  };
  const said = async (sent?: Sent) => (await ask(sent)).reasons.map(({ text }) => text)[0];
  return { ask, said, seen, counted, shown };
}
const says =
  (value: unknown): RequestListener =>
  (_, response) =>
    response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(value));

describe('what the service gets', () => {
  test("is the question of the Java gateway's external router", async () => {
    const { ask, seen } = await bed(says({ routingGroup: 'etl' }));
    await ask({
      statement: 'SELECT name FROM nation n JOIN hive.raw.events e ON n.id = e.id',
      headers: [
        ['X-Trino-Catalog', 'tpch'],
        ['X-Trino-Schema', 'tiny'],
        ['X-Trino-Client-Tags', 'a'],
      ],
    });
    const sorted = (list: unknown) => (list as string[]).toSorted();
    const { trinoQueryProperties, ...question } = (seen[0]?.body ?? {}) as {
      trinoQueryProperties: Record<string, unknown>;
    };
    expect(question).toEqual({
      trinoRequestUser: { user: 'alice' },
      contentType: 'application/json',
      method: 'POST',
      requestURI: '/v1/statement',
      remoteAddr: '10.0.0.1',
      remoteHost: '10.0.0.1',
      parameters: {},
    });
    expect({ ...trinoQueryProperties, tables: sorted(trinoQueryProperties.tables) }).toMatchObject({
      body: 'SELECT name FROM nation n JOIN hive.raw.events e ON n.id = e.id',
      queryType: 'Query',
      resourceGroupQueryType: 'SELECT',
      tables: ['hive.raw.events', 'tpch.tiny.nation'],
      defaultCatalog: 'tpch',
      defaultSchema: 'tiny',
      isNewQuerySubmission: true,
      isQueryParsingSuccessful: true,
    });
    expect(sorted(trinoQueryProperties.catalogs)).toEqual(['hive', 'tpch']);
    expect(sorted(trinoQueryProperties.schemas)).toEqual(['raw', 'tiny']);
    expect(sorted(trinoQueryProperties.catalogSchemas)).toEqual(['hive.raw', 'tpch.tiny']);
    expect(seen[0]?.headers).toMatchObject({
      'x-trino-client-tags': 'a',
      'content-type': 'application/json; charset=utf-8',
    });
  });

  test('of a prepared statement is what runs', async () => {
    const { ask, seen } = await bed(says({}));
    await ask({ statement: 'EXECUTE q', headers: [['X-Trino-Prepared-Statement', 'q=SELECT+1']] });
    expect(seen[0]?.body).toMatchObject({ trinoQueryProperties: { body: 'SELECT 1', queryType: 'Query' } });
  });

  const sent: Sent = {
    headers: [
      ['X-Keep', '1'],
      ['x-excluded', '2'],
      ['Connection', 'x-hop'],
      ['X-Hop', '3'],
    ],
    credentials: [
      ['Authorization', 'Bearer of-the-client'],
      ['X-Trino-Extra-Credential', 'a=b'],
    ],
  };
  test.each<[string, Settings, Record<string, string | undefined>]>([
    ['no credentials, unless it is to', {}, { authorization: undefined, 'x-trino-extra-credential': undefined }],
    [
      'those of the client where it is to',
      { sendCredentials: true },
      { authorization: 'Bearer of-the-client', 'x-trino-extra-credential': 'a=b' },
    ],
    [
      'but none that is excluded',
      { sendCredentials: true, excludeHeaders: ['AUTHORIZATION'] },
      { authorization: undefined, 'x-trino-extra-credential': 'a=b' },
    ],
    [
      'a token of its own',
      { token: 'of-the-gateway', sendCredentials: true },
      { authorization: 'Bearer of-the-gateway' },
    ],
  ])('%s', async (_, settings, expected) => {
    const excludeHeaders = ['X-Excluded', ...(settings.excludeHeaders ?? [])];
    const { ask, seen } = await bed(says({}), { ...settings, excludeHeaders });
    await ask(sent);
    const got = seen[0]?.headers ?? {};
    for (const [name, value] of Object.entries(expected)) expect(got[name]).toBe(value);
    expect([got['x-keep'], got['x-excluded'], got['x-hop']]).toEqual(['1', undefined, undefined]);
  });
});

describe('what it answers', () => {
  test('is the group, with the headers that it sets', async () => {
    const { ask } = await bed(says({ routingGroup: 'etl', externalHeaders: { 'X-Trino-Client-Tags': 'b' } }));
    const answer = await ask();
    if (answer.kind !== 'groups') throw new Error('refused');
    const [candidate] = answer.candidates;
    expect(candidate && answer.decided(candidate)).toMatchObject({
      groupId: 'etl',
      decidedBy: 'step theirs',
      setHeaders: { 'x-trino-client-tags': 'b' },
    });
  });

  test('but not headers that say who the client is, or how its request travels, or that cannot be sent', async () => {
    const externalHeaders = {
      ...{
        Authorization: 'Basic eA==',
        Cookie: 'a=b',
        Host: 'evil',
        'Content-Length': '0',
        'X-Forwarded-For': '1.2.3.4',
      },
      ...{ 'X-Trino-User': 'root', 'X-Presto-Original-User': 'root', 'X-Trino-Extra-Credential': 'a=b' },
      ...{ 'X-Two': 'a\r\nX-Evil: b', 'x bad': 'a', 'X-Wide': '\u{1F600}', 'X-Huge': 'a'.repeat(100_000) },
      'X-Trino-Source': 'theirs',
    };
    const answer = await (await bed(says({ routingGroup: 'etl', externalHeaders }))).ask();
    const decided = answer.kind === 'groups' && answer.candidates[0] && answer.decided(answer.candidates[0]);
    expect(decided || {}).toHaveProperty('setHeaders', { 'x-trino-source': 'theirs' });
    expect(answer.reasons[0]?.text).toContain('left out: header "authorization"');
  });

  test.each<[string, unknown, string]>([
    [
      'a group that does not exist is no opinion',
      { routingGroup: 'nowhere' },
      'the service named "nowhere", a group that does not exist',
    ],
    ['nor is none', { routingGroup: null }, 'the service names no group'],
    ['a disabled group is a group', { routingGroup: 'closed' }, 'the service said group closed'],
    ['errors count only where they are to', { routingGroup: 'etl', errors: ['no'] }, 'the service said group etl'],
  ])('%s', async (_, value, text) => {
    expect(await (await bed(says(value))).said()).toContain(text);
  });

  test('errors refuse the query in its words where they are to, and not while the step only observes', async () => {
    const errors = { errors: ['no\r\nX-Evil: 1', 'never'] };
    const { ask } = await bed(says(errors), { propagateErrors: true });
    expect(await ask()).toMatchObject({ kind: 'refuses', message: 'no X-Evil: 1, never' });
    const observing = await bed(says(errors), { propagateErrors: true }, { observe: true });
    expect(await observing.ask()).toMatchObject({ kind: 'groups' });
  });
});

describe('a service that misbehaves is no opinion, within the time of the step', () => {
  test.each<[string, RequestListener, RegExp]>([
    ['hangs', () => {}, /did not answer within 200 ms/],
    [
      'drips',
      (_, response) => void response.writeHead(200, { 'content-type': 'application/json' }).write('{'),
      /did not answer within 200 ms/,
    ],
    ['hangs up', (_, response) => void response.destroy(), /other side closed|socket|ECONNRESET/i],
    [
      'answers half',
      (_, response) => void response.writeHead(200, { 'content-length': '100' }).write('{', () => response.destroy()),
      /.+/,
    ],
    [
      'redirects',
      (_, response) => void response.writeHead(307, { location: '/' }).end(),
      /answered 307: redirects are not followed/,
    ],
    [
      'answers HTML',
      (_, response) => void response.writeHead(200, { 'content-type': 'text/html' }).end('<html>'),
      /application\/json/,
    ],
    [
      'answers 10 MB',
      (_, response) =>
        void response.writeHead(200, { 'content-type': 'application/json' }).end(`"${'x'.repeat(10_000_000)}"`),
      /larger than 1000000 bytes/,
    ],
    [
      'answers NaN',
      (_, response) => void response.writeHead(200, { 'content-type': 'application/json' }).end('NaN'),
      /not answer with JSON/,
    ],
  ])('%s', async (_, answer, why) => {
    // Those that answer get the time that a busy machine may need.
    const { said } = await bed(answer, {}, { timeLimitMs: why.source.includes('200 ms') ? 200 : 10_000 });
    expect(await said()).toMatch(why);
  });
});

test('a failed question is repeated as often as it may be', async () => {
  let failures = 2;
  const answer: RequestListener = (request, response) => {
    failures -= 1;
    if (failures >= 0) response.writeHead(503).end();
    else says({ routingGroup: 'etl' })(request, response);
  };
  const { said, seen } = await bed(answer, { retries: 2 });
  expect([await said(), seen.length]).toEqual(['the service said group etl', 3]);
});

test('after five failures in a row it is not asked for a while', async () => {
  const { said, seen, counted, shown } = await bed((_, response) => response.writeHead(500).end());
  for (let at = 0; at < 5; at += 1) expect(await said()).toBe('the service answered 500');
  expect(await said()).toBe('the service failed again and again: it is not asked for a while');
  expect([seen.length, shown, counted.at(-1)]).toEqual([5, [true], 'passed over']);
});

test('an answer holds for equal questions where it is to, and for no others', async () => {
  const { ask, seen, counted } = await bed(says({ routingGroup: 'etl' }), { cacheMs: 60_000 });
  await ask();
  await ask();
  await ask({ headers: [['X-Other', '1']] });
  await ask({ statement: 'SELECT 2' });
  expect([seen.length, counted]).toEqual([3, ['answered', 'cached', 'answered', 'answered']]);
});

test('every value wrong is told at once', () => {
  const wrong = create(RoutingStep_ExternalSchema, {
    url: 'http://user:secret@router.example/',
    excludeHeaders: ['a b'],
    token: 'Bearer x',
    tls: { caFile: 'relative' },
    retries: 6,
    cacheMs: 3_600_001,
  });
  const problems = stepKinds.external?.problems(wrong as never) ?? [];
  expect(problems.map(({ field }) => field)).toEqual([
    ...['url', 'exclude_headers[0]', 'token', 'tls', 'tls.ca_file', 'retries', 'cache_ms'],
  ]);
  expect(JSON.stringify(problems)).not.toContain('secret');
  for (const url of ['', 'ftp://a/', 'file:///etc/passwd', 'http://', 'http://a/#b', 'https://a b/', 'router'])
    expect(stepKinds.external?.problems(create(RoutingStep_ExternalSchema, { url }) as never)).toHaveLength(1);
});
