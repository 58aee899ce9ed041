import { create, type MessageInitShape } from '@bufbuild/protobuf';
import { describe, expect, test } from '@jest/globals';
import { BackendSchema, RoutingStep_ExplainCostSchema as SettingsSchema } from '@trino-gateway/api/gateway';
import { type RoutedQuery, routedQuery } from '../../chain/routed-query.ts';
import { noTools } from '../../chain/routing-chain.ts';
import type { ExplainQuestion, Explanation } from '../../chain/step-tools.ts';
import { explainCostStep } from './explain-cost.ts';

type Settings = Omit<MessageInitShape<typeof SettingsSchema>, '$typeName'>;
const given: Settings = {
  groupId: 'adhoc',
  unknownGroupId: 'large',
  targets: [
    { cpu: 1_000, rows: 100, groupId: 'small' },
    { cpu: 1_000_000, groupId: 'medium' },
  ],
};
const settingsOf = (some: Settings = {}) => create(SettingsSchema, { ...given, ...some } as never);
const plan = (cpuCost: unknown, outputRowCount: unknown = 1): Explanation => {
  const estimate = { outputRowCount, outputSizeInBytes: 1, cpuCost, memoryCost: 0, networkCost: 0 };
  return { kind: 'plan', text: JSON.stringify({ 0: { name: 'TableScan', estimates: [estimate], children: [] } }) };
};
type Sent = Partial<{ statement: string; user: string; headers: string[][]; credentials: string[][] }>;
const queryOf = ({ statement = 'SELECT 1', user = 'alice', headers = [], credentials = [] }: Sent = {}) => {
  const lines = (pairs: string[][]) => pairs.map(([name = '', value = '']) => ({ name, value }));
  const client = { listeningPort: 8080, host: 'gw', clientIp: '10.0.0.1' };
  return routedQuery({ ...client, user, statement, headers: lines(headers), credentials: lines(credentials) }, 0);
};

/** The step, with a cluster that explains as a test says. */
function bed(
  some: Settings = {},
  explain: (question: ExplainQuestion) => Explanation | Promise<Explanation> = () => plan(1),
) {
  const asked: ExplainQuestion[] = [];
  const counted: string[] = [];
  const step = explainCostStep.compile(settingsOf(some), 'cost', {
    ...noTools,
    explain: async (question) => {
      asked.push(question);
      return await explain(question);
    },
    countQuestion: (_, result) => counted.push(result),
  });
  const clusters = [
    create(BackendSchema, { id: 'a', url: 'http://a' }),
    create(BackendSchema, { id: 'b', url: 'http://b' }),
  ];
  const ask = (query: RoutedQuery, { chance = 0, isUp = true, signal = new AbortController().signal } = {}) => {
    const snapshot = {
      available: () => (isUp ? clusters : []),
      whyNoGroup: () => undefined,
      groupOfBackend: () => undefined,
      whyNotAllowed: () => undefined,
      policies: undefined as never,
    };
    return step.ask(query, { snapshot, chance, limitMs: 1_000, signal: () => signal });
  };
  const said = async (query: RoutedQuery = queryOf(), around: Parameters<typeof ask>[1] = {}) => {
    const opinion = await ask(query, around);
    return opinion.kind === 'groups' ? opinion.candidates[0]?.groupId : opinion.reason.text;
  };
  return { step, asked, counted, ask, said };
}

describe('the first target whose measures all suffice', () => {
  test.each<[string, Explanation, string]>([
    ['a small one', plan(1_000, 100), 'small'],
    ['one with more rows', plan(1_000, 101), 'medium'],
    ['one of which the rows are not known', plan(1_000, 'NaN'), 'large'],
    ['one of unknown cost', plan('NaN'), 'large'],
    ['one that is negative', plan(-5), 'large'],
    [
      'one that is larger than all',
      plan(1e9),
      'cpu 1.00e+9, memory 0.00, network 0.00, rows 1.00, bytes 1.00: more than every target',
    ],
    [
      'an infinite one',
      plan('Infinity'),
      'cpu Infinity, memory 0.00, network 0.00, rows 1.00, bytes 1.00: more than every target',
    ],
    ['one without a plan', { kind: 'plan', text: 'COMMIT' }, 'Trino made no plan of it'],
    [
      'one that Trino refuses',
      { kind: 'error', errorName: 'TABLE_NOT_FOUND', errorType: 'USER_ERROR' },
      'Trino refuses to explain it: TABLE_NOT_FOUND',
    ],
  ])('%s', async (_, explanation, expected) => {
    expect(await bed({}, () => explanation).said()).toBe(expected);
  });

  test('without a group for unknown costs there is no opinion', async () => {
    expect(await bed({ unknownGroupId: '' }, () => plan('NaN')).said()).toContain('cpu unknown, memory 0.00');
  });

  test('an error that is not the fault of the statement is a failure of the step', async () => {
    const error = { kind: 'error', errorName: 'EXCEEDED_TIME_LIMIT', errorType: 'INSUFFICIENT_RESOURCES' } as const;
    await expect(bed({}, () => error).said()).rejects.toThrow('Trino could not explain it: EXCEEDED_TIME_LIMIT');
  });
});

test('an available cluster of the group explains, drawn at random; without one the step fails', async () => {
  const { said, asked } = bed({ cacheMs: -1 });
  await said(queryOf(), { chance: 0 });
  await said(queryOf(), { chance: 0.99 });
  expect(asked.map(({ backend }) => backend.url)).toEqual(['http://a', 'http://b']);
  await expect(said(queryOf(), { isUp: false })).rejects.toThrow(
    'group adhoc, which explains, has no available backend',
  );
});

test('what cannot be explained is no opinion at once, and nobody is asked', () => {
  const { ask, asked } = bed();
  const open = [['X-Trino-Transaction-Id', '9e9ffd9e-1fe1-4b9d-a57e-2a54a1d1a0f7']];
  for (const query of [queryOf({ statement: 'COMMIT' }), queryOf({ headers: open }), queryOf({ user: '' })])
    expect(ask(query)).toMatchObject({ kind: 'abstains' });
  expect(asked).toEqual([]);
});

describe('an answer holds for statements of the same shape in the same session', () => {
  test('it is then no promise', async () => {
    const { ask, asked, counted } = bed();
    await ask(queryOf());
    for (const statement of [' SELECT 1\n', 'select 2 -- another literal'])
      expect(ask(queryOf({ statement }))).toMatchObject({ kind: 'groups' });
    expect([asked.length, counted]).toEqual([1, ['answered', 'cached', 'cached']]);
  });

  test.each<[string, Sent]>([
    ['another statement', { statement: 'SELECT 1 FROM t' }],
    ['another user', { user: 'bob' }],
    ...['Catalog', 'Schema', 'Path', 'Role', 'Session', 'Prepared-Statement', 'Time-Zone', 'Original-User'].map(
      (name): [string, Sent] => [`another ${name}`, { headers: [[`X-Trino-${name}`, 'other']] }],
    ),
  ])('%s is asked anew', async (_, other) => {
    const { ask, asked } = bed();
    await ask(queryOf());
    await ask(queryOf(other));
    expect(asked.length).toBe(2);
  });

  test('a negative cache_ms keeps none', async () => {
    const { ask, asked } = bed({ cacheMs: -1 });
    await ask(queryOf());
    await ask(queryOf());
    expect(asked.length).toBe(2);
  });
});

describe('it is explained in the session of the client', () => {
  const sent = queryOf({
    headers: [
      ['X-Presto-User', 'alice'],
      ['X-Presto-Session', 'a=1'],
      ['X-Presto-Session', 'b=2'],
      ['X-Presto-Transaction-Id', 'NONE'],
      ['X-Presto-Source', 'cli'],
      ['X-Trino-Routing-Group', 'x'],
      ['X-Trino-Original-User', 'alice'],
      ['X-Trino-Query-Data-Encoding', 'json+zstd'],
      ['User-Agent', 'cli'],
    ],
    credentials: [
      ['Authorization', 'Bearer t'],
      ['X-Presto-Extra-Credential', 'c=d'],
    ],
  });

  test('with its own credentials', async () => {
    const { said, asked } = bed();
    await said(sent);
    expect(asked[0]?.headers).toEqual({
      'x-trino-user': 'alice',
      'x-trino-session': ['a=1', 'b=2'],
      'x-trino-original-user': 'alice',
      'x-trino-extra-credential': 'c=d',
      authorization: 'Bearer t',
    });
  });

  test('or with those of a user that may impersonate it', async () => {
    const { said, asked } = bed({ user: 'gateway', password: 'sécret' });
    await said(sent);
    expect(asked[0]?.headers).toEqual({
      'x-trino-user': 'alice',
      'x-trino-session': ['a=1', 'b=2'],
      'x-trino-extra-credential': 'c=d',
      authorization: `Basic ${Buffer.from('gateway:sécret', 'latin1').toString('base64')}`,
    });
  });

  test('routers send what that needs, and no more', () => {
    expect(explainCostStep.needs?.(settingsOf())).toMatchObject({ authorization: true, preparedStatements: true });
    expect(explainCostStep.needs?.(settingsOf({ user: 'gateway', password: 'p' }))?.authorization).toBe(false);
  });
});

test('every value wrong is told at once, and the names are those that must exist', () => {
  const wrong = settingsOf({
    groupId: '',
    unknownGroupId: 'a b',
    targets: [{ groupId: '' }, { cpu: -1, rows: Number.NaN, groupId: 'g' }],
    user: 'a:b',
    maxConcurrent: -1,
    cacheMs: 86_400_001,
  });
  expect(explainCostStep.problems(wrong).map(({ field }) => field)).toEqual([
    ...['group_id', 'unknown_group_id', 'targets[0].group_id', 'targets[0]', 'targets[1].cpu', 'targets[1].rows'],
    ...['user', 'password', 'max_concurrent', 'cache_ms'],
  ]);
  expect(explainCostStep.problems(settingsOf({ targets: [] })).map(({ field }) => field)).toEqual(['targets']);
  expect(explainCostStep.problems(settingsOf())).toEqual([]);
  expect(explainCostStep.names(settingsOf()).groupIds).toEqual(['adhoc', 'large', 'small', 'medium']);
});

test('a password that nobody can decrypt fails the step instead of being sent', () => {
  expect(() => bed({ user: 'gateway', password: 'sealed:v1:x' })).toThrow('put it anew');
});
