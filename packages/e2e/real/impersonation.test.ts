import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { type Suite, startSuite } from '@trino-gateway/testing/suite/suite';
import { type OpenQuery, openQuery } from '@trino-gateway/testing/trino-client/open-query';
import { withPassword as password, probe, withToken as token } from './guarded-cluster.ts';
import { type SharedCluster, sharedCluster } from './shared-clusters.ts';

// A real Trino with passwords, tokens and rules of who may act for whom, one slot, and somebody who waits for it.
let trino: SharedCluster;
let suite: Suite;
let running: OpenQuery;
let waiting: OpenQuery;

const as = (user: string) => ({ 'x-trino-user': user });
const at = () => suite.router.url;
const queryOf = (init: RequestInit & { headers: Record<string, string> }) =>
  fetch(`${at()}/v1/query/${waiting.id}`, { ...init, signal: AbortSignal.timeout(30_000) });

beforeAll(async () => {
  trino = await sharedCluster('guarded');
  suite = await startSuite({ router: { EXTERNAL_URL: 'https://gw.example' } });
  await suite.addBackends({ trino: trino.url }, { maxRunningQueries: 1, probe });
  await suite.addGroup('all', ['trino']);
  await suite.call('PolicyService/PutPolicy', {
    policy: { id: 'all', listeningPort: suite.router.ports[0], groupId: 'all' },
  });
  running = await openQuery(at(), 'SELECT * FROM tpch.sf1.lineitem', { ...as('alice'), ...password('alice') });
  while (!running.page.nextUri?.includes('/executing/')) await running.poll(at());
  waiting = await openQuery(at(), "SELECT 'of alice'", { ...as('alice'), ...password('alice') });
}, 600_000);

afterAll(async () => {
  // Others use the cluster, too.
  if (running !== undefined) await fetch(at() + new URL(running.page.nextUri ?? '').pathname, { method: 'DELETE' });
  await suite?.[Symbol.asyncDispose]();
}, 60_000);

test.each([
  ['a password', () => password('mallory')],
  ['a token', () => token('mallory')],
])(
  'case 87: nobody sees or ends a waiting query with %s of their own and the name of its user',
  async (_what, credentials) => {
    const headers = { ...credentials(), ...as('alice') };
    for (const method of ['GET', 'DELETE']) {
      const answer = await queryOf({ method, headers });
      expect([answer.status, await answer.text()]).toEqual([
        403,
        expect.stringContaining('Access Denied: User mallory cannot impersonate user alice'),
      ]);
    }
    const call = await openQuery(at(), `CALL system.runtime.kill_query('${waiting.id}', 'no')`, headers);
    expect((await call.finish(at())).error).toMatchObject({ errorName: 'PERMISSION_DENIED' });
    expect((await waiting.poll(at())).stats.state).toBe('QUEUED');
  },
);

test.each([
  ['the password', () => password('alice')],
  ['a token', () => token('alice')],
  ['the password of who may act for them', () => password('bi')],
])('a waiting query is visible to its user: with %s', async (_what, credentials) => {
  const answer = await queryOf({ headers: { ...credentials(), ...as('alice') } });
  expect([answer.status, await answer.json()]).toEqual([200, expect.objectContaining({ state: 'QUEUED' })]);
});

test('case 87: a statement is queued for the user of its password, and refused in a name that its token may not use', async () => {
  const other = await openQuery(at(), "SELECT 'of mallory'", { ...password('mallory'), ...as('alice') });
  const { queries } = await suite.call<{ queries: { id: string; user: string }[] }>('QueueService/ListQueued', {});
  expect(queries.map(({ id, user }) => [id, user])).toEqual([
    [waiting.id, 'alice'],
    [other.id, 'mallory'],
  ]);
  const refused = await openQuery(at(), "SELECT 'of mallory'", { ...token('mallory'), ...as('alice') });
  expect((await refused.finish(at())).error?.message).toBe('Access Denied: User mallory cannot impersonate user alice');
});

test('statements that check credentials at the cluster never run and make no history', async () => {
  const answer = await fetch(`${trino.url}/v1/query`, {
    headers: { ...password('probe'), 'x-forwarded-proto': 'https' },
    signal: AbortSignal.timeout(10_000),
  });
  const all = (await answer.json()) as { query: string; state: string; session: { source?: string } }[];
  const asked = all.filter(({ query }) => query.startsWith('May these credentials'));
  expect(asked.length).toBeGreaterThan(0);
  for (const { state, session } of asked) expect([state, session.source]).toEqual(['FAILED', 'trino-gateway-monitor']);
  const { queries } = await suite.call<{ queries: { text: string }[] }>('QueryService/ListQueries', {
    text: 'credentials',
  });
  expect(queries ?? []).toEqual([]);
});
