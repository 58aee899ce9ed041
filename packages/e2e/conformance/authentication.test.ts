import { randomBytes } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { until } from '@trino-gateway/testing/processes/until';
import { type Suite, startSuite } from '@trino-gateway/testing/suite/suite';
import { type Answer, exchange } from '@trino-gateway/testing/trino-client/exchange';
import { type OpenQuery, openQuery } from '@trino-gateway/testing/trino-client/open-query';
import type { Page } from '@trino-gateway/testing/trino-client/page';
import { runStatement } from '@trino-gateway/testing/trino-client/run-statement';
import { IDLE_TRANSACTION_MS, oddPasswords, probe, withPassword, withToken } from '../real/guarded-cluster.ts';
import { type SharedCluster, sharedCluster } from '../real/shared-clusters.ts';
import { postRaw } from '../real/two-readers.ts';

// A real Trino that asks for a password or a token: what clients get through the gateway is what they get directly.
const LIMIT_MS = 300_000;
const say = (line: string) => void process.stderr.write(`${line}\n`);
let trino: SharedCluster;
let suite: Suite;

beforeAll(async () => {
  trino = await sharedCluster('guarded');
  suite = await startSuite({
    gatewayserver: { DEFAULT_GROUP: 'all', QUEUE_CLIENT_TIMEOUT: '6s' },
    router: { EXTERNAL_URL: 'https://gw.example', LOG_LEVEL: 'debug' },
  });
  await limit(0);
  await suite.addGroup('all', ['one']);
}, 900_000);

afterAll(async () => {
  await suite?.[Symbol.asyncDispose]();
}, 60_000);

/** So much of a name history keeps. */
const HISTORY_USER = 256;

type Headers = Readonly<Record<string, string>>;
const alice = { 'x-trino-user': 'alice', ...withPassword('alice') };
const gateway = () => suite.router.url;
/** So many statements at a time; 0: any number. */
const limit = (maxRunningQueries: number) => suite.addBackends({ one: trino.url }, { maxRunningQueries, probe });
/** As a client that came over TLS is to the cluster. */
const direct = { 'x-forwarded-proto': 'https' };

/** A submission at both addresses, which says how a client is challenged. */
async function both(headers: Headers): Promise<{ here: object; there: object }> {
  const told = ({ status, headers: { 'www-authenticate': challenge }, body }: Answer) => ({
    status,
    challenge,
    // It says when it was over, and when that was seen.
    body: status === 200 ? '' : body.replace(/\d+ milliseconds ago|time: \S+/g, 'TIME'),
  });
  const ask = (url: string, more: Headers = {}) =>
    exchange(new URL('/v1/statement', url), { method: 'POST', body: 'SELECT 1', headers: { ...headers, ...more } });
  const [here, there] = await Promise.all([ask(gateway()), ask(trino.url, direct)]);
  if (here.status === 200) await cancel(JSON.parse(here.body).nextUri);
  return { here: told(here), there: told(there) };
}

const cancel = (link: string) => fetch(gateway() + new URL(link).pathname, { method: 'DELETE' });

const askedWith: [string, () => Headers, number][] = [
  ['case 83: the right password', () => withPassword('alice'), 200],
  ['case 83: a wrong password', () => withPassword('alice', 'guess'), 401],
  ['case 83: an unknown user', () => withPassword('nobody', 'guess'), 401],
  ['case 83: no password', () => ({ 'x-trino-user': 'alice' }), 401],
  ['case 83: credentials that are none', () => ({ authorization: 'Basic !!!' }), 401],
  ['case 85: a good token', () => withToken('alice'), 200],
  ['case 85: a token that is over', () => withToken('alice', { seconds: -60 }), 401],
  ['case 85: a token signed by somebody else', () => withToken('alice', { key: randomBytes(32) }), 401],
  ['case 85: what is no token', () => ({ authorization: 'Bearer none' }), 401],
];
for (const [what, headers, status] of askedWith)
  test(`${what} is answered as by the cluster: status, challenges and text`, async () => {
    const { here, there } = await both(headers());
    expect(here).toEqual({ ...there, status });
  });

test('case 84: two lines with credentials are refused with 400, whatever their order', async () => {
  const lines = [withPassword('alice'), withPassword('mallory')].map(
    ({ authorization }) => `Authorization: ${authorization}`,
  );
  for (const both of [lines, lines.toReversed(), [lines[0] ?? '', lines[0] ?? '']]) {
    const { status, text } = await postRaw(gateway(), { lines: ['X-Trino-User: alice', ...both], body: 'SELECT 1' });
    expect([status, text]).toEqual([400, expect.stringContaining('Authorization')]);
  }
});

test.each<[string, string, Headers]>([
  ['in the name of another', 'mallory', { 'x-trino-user': 'alice' }],
  ['of somebody else originally', 'mallory', { 'x-trino-user': 'mallory', 'x-trino-original-user': 'alice' }],
  ['in both names', 'mallory', { 'x-trino-user': 'alice', 'x-trino-original-user': 'alice' }],
  ['as one who may', 'bi', { 'x-trino-user': 'alice' }],
  ['as one who may, originally another', 'bi', { 'x-trino-user': 'alice', 'x-trino-original-user': 'mallory' }],
])('case 87: who acts %s is to the cluster who it would be directly', async (_what, user, headers) => {
  const ask = async (url: string, more: Headers = {}) => {
    const options = { user, headers: { ...withPassword(user), ...headers, ...more } };
    const { rows, error } = await runStatement(url, 'SELECT current_user', options);
    return [rows, error?.message];
  };
  expect(await ask(gateway())).toEqual(await ask(trino.url, direct));
});

test.each(Object.keys(oddPasswords).map((user) => [user.slice(0, 20), user]))(
  'case 88: a user by the name of %s is that to the cluster and to history',
  async (_name, user) => {
    const ask = async (url: string, more: Headers = {}) => {
      // Its credentials alone say who it is, in Latin-1.
      const headers = { ...withPassword(user), ...more };
      let page = (await (
        await fetch(`${url}/v1/statement`, { method: 'POST', body: 'SELECT current_user', headers })
      ).json()) as Page;
      const { id } = page;
      const rows: unknown[][] = [];
      for (; page.nextUri !== undefined; rows.push(...(page.data ?? [])))
        page = (await (await fetch(url + new URL(page.nextUri).pathname, { headers })).json()) as Page;
      return { id, rows, error: page.error?.message };
    };
    const [here, there] = [await ask(gateway()), await ask(trino.url, direct)];
    expect([here.rows, here.error]).toEqual([there.rows, there.error]);
    expect(here.rows).toEqual([[user]]);
    const row = await until('its row', () => suite.call<{ user?: string }>('QueryService/GetQuery', { id: here.id }));
    expect(row.user).toBe(user.slice(0, HISTORY_USER));
  },
);

test(
  'case 79: a transaction that did nothing for too long is unknown, as directly',
  async () => {
    const inside = async (url: string, more: Headers, statement: string, transaction: string) => {
      let started = '';
      const headers = { ...alice, ...more, 'x-trino-transaction-id': transaction };
      const query = await openQuery(url, statement, headers);
      while (query.page.nextUri !== undefined) {
        const link = new URL(query.page.nextUri);
        const answer = await fetch(url + link.pathname, { headers });
        started = answer.headers.get('x-trino-started-transaction-id') ?? started;
        await answer.text();
        await query.poll(url);
      }
      return { started, error: query.page.error };
    };
    const at = [[gateway(), {}] as const, [trino.url, direct] as const];
    const begun = await Promise.all(at.map(([url, more]) => inside(url, more, 'START TRANSACTION', 'NONE')));
    const idle = performance.now();
    await until('both to be idle for too long', () => performance.now() - idle > IDLE_TRANSACTION_MS + 2_000);
    const [here, there] = await Promise.all(
      at.map(([url, more], which) => inside(url, more, 'SELECT 1', begun[which]?.started ?? '')),
    );
    const ids = begun.map(({ started }) => started);
    expect(new Set(ids).size).toBe(2);
    expect(here?.error?.errorName).toBe('UNKNOWN_TRANSACTION');
    expect(here?.error?.message.replace(ids[0] ?? '', 'ID')).toBe(there?.error?.message.replace(ids[1] ?? '', 'ID'));
  },
  LIMIT_MS,
);

/** A query of alice's that holds the slot. */
async function hold(): Promise<OpenQuery> {
  await limit(1);
  const query = await openQuery(gateway(), 'SELECT * FROM tpch.tiny.lineitem', alice);
  await until('it to have rows', async () => (await query.poll(gateway())).data !== undefined, LIMIT_MS, 0);
  return query;
}

test(
  'case 61: a token that ran out in the queue is asked for anew, and the newest is what the statement runs with',
  async () => {
    const first = await hold();
    const [seconds, poll] = [
      2,
      (query: OpenQuery, token: Headers) =>
        fetch(gateway() + new URL(query.page.nextUri ?? '').pathname, { headers: token }),
    ] as const;
    const old = { 'x-trino-user': 'alice', ...withToken('alice', { seconds }) };
    const [renews, stays] = [
      await openQuery(gateway(), 'SELECT current_user', old),
      await openQuery(gateway(), 'SELECT 2', old),
    ];
    await until('the token to be over', async () => {
      const asked = { method: 'HEAD', headers: { ...old, ...direct } };
      return (await exchange(new URL('/v1/statement', trino.url), asked)).status === 401;
    });
    for (const query of [renews, stays])
      expect(((await (await poll(query, old)).json()) as OpenQuery['page']).stats.state).toBe('QUEUED');
    await cancel(first.page.nextUri ?? '');
    const refused = await until('the slot to be offered', async () => {
      const answer = await poll(renews, old);
      return answer.status !== 200 && answer;
    });
    expect([refused.status, refused.headers.get('www-authenticate')]).toEqual([401, expect.stringContaining('Bearer')]);
    const answer = await until('the statement to be taken', async () => {
      const newest = await poll(renews, withToken('alice'));
      const page = (await newest.json()) as OpenQuery['page'];
      return page.id !== renews.id && page;
    });
    let page = answer;
    let rows: unknown[] = [];
    while (page.nextUri !== undefined) {
      page = (await (await fetch(gateway() + new URL(page.nextUri).pathname)).json()) as typeof page;
      rows = [...rows, ...(page.data ?? [])];
    }
    expect([page.error, rows]).toEqual([undefined, [['alice']]]);
    const again = await until('the slot to be offered', async () => {
      const tried = await poll(stays, old);
      return tried.status !== 200 && tried.status;
    });
    expect(again).toBe(401);
    const row = await until(
      'history to say why',
      async () => {
        const found = await suite.call<{ state?: string; error?: object }>('QueryService/GetQuery', { id: stays.id });
        return found.state === 'FAILED' && found;
      },
      60_000,
    );
    say(`history says: ${JSON.stringify(row.error)}`);
    expect(row.error).toMatchObject({ message: expect.stringContaining('credentials') });
  },
  LIMIT_MS,
);

test(
  'case 89: no secret of a request is in a log, a metric, the history, the database or a state file',
  async () => {
    const secrets = ['secret-of-a-credential', 'secret-of-a-cookie', withPassword('alice').authorization.slice(6)];
    const headers = {
      ...alice,
      'x-trino-extra-credential': `key=${secrets[0]}`,
      cookie: `session=${secrets[1]}`,
    };
    const first = await hold();
    const waiting = await openQuery(gateway(), 'SELECT 89', headers);
    await waiting.poll(gateway());
    await cancel(first.page.nextUri ?? '');
    expect((await waiting.finish(gateway())).error).toBeUndefined();
    const failing = await openQuery(gateway(), 'SELECT 1 / 0', headers);
    const failed = await failing.finish(gateway());
    expect(failed.error?.errorName).toBe('DIVISION_BY_ZERO');
    const wrong = await exchange(new URL('/v1/statement', gateway()), {
      ...{ method: 'POST', body: 'SELECT 1' },
      headers: { ...headers, 'x-trino-session': 'no-value', authorization: `Basic ${secrets[2]}x` },
    });
    const all = [suite.gatewayserver, suite.monitor, suite.router];
    const metrics = await Promise.all(all.map(async ({ opsUrl }) => (await fetch(`${opsUrl}/metrics`)).text()));
    await until('the row', () => suite.call('QueryService/GetQuery', { id: failing.id }));
    const files = await Promise.all(
      (await readdir(suite.folder)).map((name) => readFile(join(suite.folder, name), 'latin1')),
    );
    const texts = {
      logs: all.map((process) => process.output()).join('\n'),
      metrics: metrics.join('\n'),
      history: JSON.stringify(await suite.call('QueryService/ListQueries', { pageSize: 500 })),
      files: files.join('\n'),
      answers: JSON.stringify(failed) + wrong.body,
    };
    expect(texts.logs).toContain('"debug"');
    for (const [where, text] of Object.entries(texts))
      for (const secret of secrets) expect([where, secret, text.includes(secret)]).toEqual([where, secret, false]);
  },
  LIMIT_MS,
);
