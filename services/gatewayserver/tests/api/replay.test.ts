import { beforeAll, describe, expect, test } from '@jest/globals';
import type { Message } from '../support/contract-calls.ts';
import { startTestGatewayserver, until } from '../support/gatewayserver-fixture.ts';
import { serverWithTwoBackends } from '../support/two-backends.ts';

const server = serverWithTwoBackends();

const replay = (message: Message) => server.ok('RoutingService/ReplayRouting', message);
const nightlyTo = (groupId: string) => ({
  fallbackGroup: 'both',
  steps: [{ id: 'nightly', clientTags: { anyOf: ['nightly'], groupId } }],
});
const script = { id: 'code', script: { language: 'JAVASCRIPT', source: 'export function route() {}' } };
const external = { id: 'outside', external: { url: 'http://127.0.0.1:1/route' } };

/** A query as a router reports it, the higher its number the later. */
const past = (number: number, more: Message): Message => ({
  id: `q${number}`,
  trinoQueryId: `q${number}`,
  text: `SELECT ${number}`,
  user: 'ann',
  groupId: 'both',
  decidedBy: 'default_group',
  state: 'FINISHED',
  submittedAt: new Date(Date.UTC(2026, 0, 1) + number * 1_000).toISOString(),
  request: { listeningPort: 8080 },
  ...more,
});

beforeAll(async () => {
  await server.ok('GroupService/PutGroup', { group: { id: 'etl', backendIds: ['two'] } });
  await server.ok('QueryService/RecordQueries', {
    queries: [
      past(1, { clientTags: ['nightly'] }),
      past(2, { clientTags: ['nightly'], user: 'bob', text: 'x'.repeat(500) }),
      past(3, {}),
      past(4, { clientTags: ['nightly'], groupId: 'etl' }),
      past(5, { groupId: 'etl', request: undefined }),
      past(6, { decidedBy: 'transaction', groupId: '' }),
      past(7, { request: { routingGroup: 'etl' } }),
    ],
  });
});

test('a draft is asked about the history: what would go elsewhere, by which step, with examples', async () => {
  const answer = await replay({ chain: nightlyTo('etl'), examples: 1 });
  expect(answer).toEqual({
    ...{ read: 7, replayed: 6, unchanged: 3 },
    moves: [
      {
        ...{ fromGroupId: 'both', toGroupId: 'etl', count: 2, share: 2 / 6 },
        examples: [{ queryId: 'q2', user: 'bob', statement: 'x'.repeat(200) }],
      },
      {
        ...{ fromGroupId: 'etl', toGroupId: 'both', count: 1, share: 1 / 6 },
        examples: [{ queryId: 'q5', user: 'ann', statement: 'SELECT 5' }],
      },
    ],
    notReplayed: [{ what: 'its transaction was on one cluster', count: 1 }],
    steps: [
      { stepId: 'nightly', did: 'abstained', count: 3 },
      { stepId: 'nightly', did: 'decided', count: 3 },
    ],
    notKnown: [
      'of 1 queries the history has no port, host, catalog, schema, client info and routing group, or not all of them',
    ],
    oldest: '2026-01-01T00:00:01Z',
    newest: '2026-01-01T00:00:07Z',
  });
});

test('the header that a client asked for a group by is known, under its usual name', async () => {
  const header = (name: string) => ({
    fallbackGroup: 'both',
    steps: [{ id: 'asked', routingGroupHeader: { header: name } }],
  });
  expect((await replay({ chain: header('') })).steps).toContainEqual({ stepId: 'asked', did: 'decided', count: 1 });
  expect((await replay({ chain: header('X-Own') })).notKnown).toContain(
    'step asked: the header X-Own is not kept in the history: none was sent, as far as this replay knows',
  );
});

test('what would be refused is told with the reason', async () => {
  const { refusals, moves } = await replay({ chain: { steps: [nightlyTo('etl').steps[0]] } });
  expect(moves).toEqual([expect.objectContaining({ fromGroupId: 'both', toGroupId: 'etl', count: 2 })]);
  expect(refusals).toEqual([
    expect.objectContaining({
      ...{ fromGroupId: 'both', count: 2, reason: expect.stringContaining('none of the tags was sent') },
    }),
    expect.objectContaining({ fromGroupId: 'etl', count: 1 }),
  ]);
});

test('filters, the number of queries and the chain in force as the other side', async () => {
  expect(await replay({ chain: nightlyTo('etl'), last: 3 })).toMatchObject({ read: 3 });
  expect(await replay({ chain: nightlyTo('etl'), user: 'bob' })).toMatchObject({ read: 1, replayed: 1 });
  expect(await replay({ chain: nightlyTo('etl'), submittedAfter: '2026-01-01T00:00:05Z' })).toMatchObject({ read: 3 });
  await server.ok('RoutingService/PutRoutingChain', { chain: nightlyTo('etl') });
  expect(await replay({ chain: nightlyTo('etl'), compareWith: 'CURRENT_CHAIN' })).toMatchObject({ unchanged: 6 });
  const other = await replay({ chain: nightlyTo('both'), compareWith: 'CURRENT_CHAIN' });
  expect(other.moves).toEqual([expect.objectContaining({ fromGroupId: 'etl', toGroupId: 'both', count: 3 })]);
});

test('steps that leave the process are not asked, and counted where they would have been', async () => {
  const chain = { ...nightlyTo('etl'), steps: [...nightlyTo('etl').steps, external] };
  const answer = await replay({ chain });
  expect(answer.notAsked).toEqual([{ what: 'outside', count: 3 }]);
  const asked = await replay({ chain, askSlowSteps: true });
  expect(asked.steps).toContainEqual({ stepId: 'outside', did: 'failed', count: 3 });
});

test('a draft that decides for one query has no effect on others, nor is it stored', async () => {
  const headers = [{ name: 'X-Trino-Client-Tags', value: 'nightly' }];
  await server.ok('BackendService/MarkHealthy', { id: 'one' });
  await server.ok('BackendService/MarkHealthy', { id: 'two' });
  await server.ok('RoutingService/PutRoutingChain', { chain: nightlyTo('etl') });
  const before = await server.ok('RoutingService/GetRoutingChain', {});
  const decide = (chain?: Message) =>
    server.ok('RoutingService/Decide', { headers, statement: 'SELECT 1', user: 'ann', ...(chain && { chain }) });
  expect(await decide(nightlyTo('both'))).toMatchObject({
    decision: { groupId: 'both', stepId: 'nightly' },
    reasons: expect.arrayContaining([expect.objectContaining({ step: 'nightly', outcome: 'CHOSE' })]),
  });
  expect(await decide()).toMatchObject({ decision: { groupId: 'etl' } });
  expect(await server.ok('RoutingService/GetRoutingChain', {})).toEqual(before);
});

test('scripts are asked when that is wanted, of a draft that nobody stored', async () => {
  const source = "export function route(q) { return q.user === 'bob' ? 'etl' : undefined }";
  const chain = {
    fallbackGroup: 'both',
    steps: [{ id: 'code', timeLimitMs: 5_000, script: { language: 'JAVASCRIPT', source } }],
  };
  expect(await replay({ chain })).toMatchObject({ notAsked: [{ what: 'code', count: 6 }] });
  // On a machine that is busy a first call may take longer than the step may: its script is then warm for the next replay.
  const answer = await until(
    () => replay({ chain, askSlowSteps: true, timeLimitMs: 60_000 }),
    ({ read, steps }) => read === 7 && !JSON.stringify(steps).includes('failed'),
  );
  expect(answer.moves).toContainEqual(
    expect.objectContaining({
      fromGroupId: 'both',
      toGroupId: 'etl',
      count: 1,
      examples: [expect.objectContaining({ user: 'bob' })],
    }),
  );
  expect(answer).not.toHaveProperty('notAsked');
});

/** Each query takes as long as the step may. */
const spinning = (timeLimitMs: number) => ({
  fallbackGroup: 'both',
  steps: [
    {
      ...{ id: 'code', timeLimitMs },
      script: { language: 'JAVASCRIPT', source: 'export function route() { for (;;); }' },
    },
  ],
});

test('what was found until the time is over is answered, and one replay runs at a time', async () => {
  const long = replay({ chain: spinning(300), askSlowSteps: true, timeLimitMs: 500 });
  const second = await until(
    () => server.post('RoutingService/ReplayRouting', { chain: nightlyTo('etl') }),
    ({ status }) => status !== 200,
  );
  expect(second.body).toMatchObject({ code: 'resource_exhausted' });
  const answer = await long;
  expect(answer).toMatchObject({ endedEarly: 'its time of 500 ms was over' });
  expect(answer.read).toBeLessThan(7);
  expect(await replay({ chain: nightlyTo('etl') })).toMatchObject({ read: 7 });
});

describe('bad input', () => {
  const refused = async (rpc: string, message: Message) => (await server.post(rpc, message)).body;
  test.each<[string, Message, RegExp]>([
    ['no chain', {}, /^chain: expected an object/],
    ['too many queries', { chain: nightlyTo('etl'), last: 10_001 }, /^last: /],
    ['too much time', { chain: nightlyTo('etl'), timeLimitMs: 60_001 }, /^time_limit_ms: /],
    ['too many examples', { chain: nightlyTo('etl'), examples: 21 }, /^examples: /],
    ['an unknown baseline', { chain: nightlyTo('etl'), compareWith: 7 }, /compare_?with/i],
    ['a group that does not exist', { chain: nightlyTo('nowhere') }, /chain\.steps\[0\].*expected a group that exists/],
    [
      'a secret that is not stored',
      { chain: { steps: [{ id: 'o', external: { url: 'http://x', token: '********' } }] } },
      /none is stored here/,
    ],
  ])('%s', async (_, message, said) => {
    const body = await refused('RoutingService/ReplayRouting', message);
    expect(body).toMatchObject({ code: 'invalid_argument', message: expect.stringMatching(said) });
  });

  test('a script that cannot be loaded is told with its place, before any query is asked about', async () => {
    const broken = { ...script, script: { ...script.script, source: 'export function route( {' } };
    for (const [rpc, more] of [
      ['RoutingService/Decide', {}],
      ['RoutingService/ReplayRouting', { askSlowSteps: true }],
    ] as const) {
      const body = await refused(rpc, { chain: { steps: [broken] }, ...more });
      expect(body).toMatchObject({ code: 'invalid_argument', message: expect.stringContaining('step "code"') });
    }
  });

  test('a draft for Decide is checked as one that is stored', async () => {
    const body = await refused('RoutingService/Decide', { chain: nightlyTo('nowhere') });
    expect(body).toMatchObject({ code: 'invalid_argument', message: expect.stringContaining('chain.steps[0]') });
  });
});

test('the read token tries drafts, but not such as run code or ask others, and replays nothing', async () => {
  await using guarded = await startTestGatewayserver({ admin_token: 'admin-secret', read_token: 'read-secret' });
  const code = async (rpc: string, message: Message, token: string) =>
    (await guarded.post(rpc, message, { 'x-auth-key': token })).body.code ?? 'ok';
  const decide = 'RoutingService/Decide';
  expect(await code(decide, { chain: { steps: [{ id: 'p', policies: {} }] } }, 'read-secret')).toBe('ok');
  for (const step of [script, external]) {
    expect(await code(decide, { chain: { steps: [step] } }, 'read-secret')).toMatch(
      /permission_denied|invalid_argument/,
    );
    expect(await code(decide, { chain: { steps: [step] } }, 'admin-secret')).toMatch(/ok|invalid_argument/);
  }
  expect(await code(decide, { chain: { steps: [external] } }, 'read-secret')).toBe('permission_denied');
  expect(await code('RoutingService/ReplayRouting', { chain: { steps: [] } }, 'read-secret')).toBe('permission_denied');
});

test('where reads are open a draft needs a token all the same', async () => {
  await using open = await startTestGatewayserver({ admin_token: 'a', read_token: 'r', open_reads: 'true' });
  const chain = { steps: [{ id: 'p', policies: {} }] };
  const status = async (headers: Record<string, string>, message: Message = { chain }) =>
    (await open.post('RoutingService/Decide', message, headers)).status;
  expect(await status({})).toBe(401);
  expect(await status({ 'x-auth-key': 'wrong' })).toBe(401);
  expect(await status({ 'x-auth-key': 'r' })).toBe(200);
  expect(await status({}, {})).toBe(200);
});
