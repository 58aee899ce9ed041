import { afterAll, beforeAll, expect, jest, test } from '@jest/globals';
import { startGatewayserver, type TestGatewayserver } from '@trino-gateway/testing/suite/start-gatewayserver';
import { runCommand } from './support/command-line.ts';

jest.setTimeout(120_000); // a busy machine starts a server slowly

const draft = `
routing_chain:
  fallback_group: adhoc
  steps:
    - { id: nightly, client_tags: { any_of: [nightly], group_id: etl } }
    - { id: rules, rules: { rules: [{ id: no-drop, when: 'kind == "DATA_DEFINITION"', refuse: "no DDL here" }] } }
`;
const files = { 'draft.yaml': draft, 'broken.yaml': draft.replace('etl }', 'nowhere }'), 'other.yaml': 'groups: []' };

let server: TestGatewayserver;
beforeAll(async () => {
  server = await startGatewayserver({ adminToken: 'admin-secret' });
  await server.call('BackendService/PutBackend', { backend: { id: 'b', url: 'http://b' } });
  await server.call('BackendService/MarkHealthy', { id: 'b' });
  for (const id of ['adhoc', 'etl']) await server.call('GroupService/PutGroup', { group: { id, backendIds: ['b'] } });
  const query = (number: number, more: Record<string, unknown>) => ({
    ...{ id: `q${number}`, trinoQueryId: `q${number}`, user: 'ann', groupId: 'adhoc', state: 'FINISHED' },
    ...{ text: 'SELECT 1', submittedAt: new Date(Date.now() - 60_000 + number).toISOString(), request: {}, ...more },
  });
  await server.call('QueryService/RecordQueries', {
    queries: [
      query(1, {}),
      query(2, { clientTags: ['nightly'], text: 'SELECT 2\nFROM t' }),
      query(3, { text: 'DROP TABLE a.b.c' }),
      query(4, { groupId: '', decidedBy: 'transaction' }),
    ],
  });
});
afterAll(async () => {
  await server[Symbol.asyncDispose]();
});

const run = (...argv: string[]) =>
  runCommand(argv, { files, env: { TRINO_GATEWAY_URL: server.url, TRINO_GATEWAY_TOKEN: 'admin-secret' } });

test('a replay says what would go elsewhere, what would be refused, and which step did what', async () => {
  const { code, out, err } = await run('routing-chain', 'replay', '--chain', 'draft.yaml', '--last', '100');
  expect([code, err]).toEqual([0, '']);
  expect(out).toMatch(/^3 of 4 queries replayed, submitted from \S+ to \S+: 1 would go where they went\n/);
  for (const line of [
    '1 (33.3 %) would go from adhoc to etl',
    '  q2 ann: SELECT 2 FROM t',
    '1 (33.3 %) of adhoc would be refused by step rules, rule no-drop: no DDL here',
    '  q3 ann: DROP TABLE a.b.c',
    '1 not replayed: its transaction was on one cluster',
  ])
    expect(out.split('\n')).toContain(line);
  expect(out).toMatch(/^rules +no-drop +refused +1$/m);
});

test('filters and the number of queries', async () => {
  const json = async (...more: string[]) =>
    JSON.parse((await run('routing-chain', 'replay', '--chain', 'draft.yaml', '-o', 'json', ...more)).out);
  expect(await json('--last', '2')).toMatchObject({ read: 2 });
  expect(await json('--user', 'bob')).not.toHaveProperty('read');
  expect(await json('--after', '1h', '--against-current')).toMatchObject({ read: 4, replayed: 3 });
});

test('decide tells the whole trace of a draft', async () => {
  const tags = ['-H', 'X-Trino-Client-Tags: nightly'];
  const { code, out } = await run('decide', '--chain', 'draft.yaml', '--statement', 'DROP TABLE a.b.c');
  expect([code, out.split('\n')[0]]).toEqual([3, 'would be refused: no DDL here']);
  expect(out).toMatch(/^nightly +ABSTAINED +none of the tags was sent$/m);
  expect((await run('decide', '--chain', 'draft.yaml', ...tags)).out).toContain('group: etl');
  expect((await run('decide', ...tags)).code).toBe(3); // there is no chain, nor a default group
});

test.each<[string, string[], number, RegExp]>([
  ['a file that is not there', ['--chain', 'none.yaml'], 2, /^--chain: expected a readable file/],
  ['a file without a chain', ['--chain', 'other.yaml'], 2, /^other\.yaml: holds no/],
  ['a chain that names a group that does not exist', ['--chain', 'broken.yaml'], 1, /expected a group .*"nowhere"/],
  ['too many queries', ['--chain', 'draft.yaml', '--last', '10001'], 2, /^--last: expected 1 to 10000/],
  ['no duration', ['--chain', 'draft.yaml', '--time-limit', 'x'], 2, /^--time-limit: expected a duration/],
  ['too long a time', ['--chain', 'draft.yaml', '--time-limit', '61s'], 1, /time_limit_ms/],
])('%s is refused in words', async (_, argv, code, said) => {
  const ran = await run('routing-chain', 'replay', ...argv);
  expect([ran.code, ran.out]).toEqual([code, '']);
  expect(ran.err).toMatch(said);
});
