import { createSecretKey } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import { createLoginOwners } from '../../src/stickiness/login-owners.ts';
import { ask, post } from '../support/client.ts';
import { startOAuth2Cluster } from '../support/oauth2-cluster.ts';
import { startTestbed } from '../support/testbed.ts';

const uuid = '6065a6e2-1d84-4158-843b-ce78606e3b2a';
const hash = 'f'.repeat(64);
const code = 'A'.repeat(22);
const unknown = 'This login was not begun here, or its cluster is gone: begin it again';
const signingKey = new Uint8Array(32).fill(7);

/** A router before a cluster, and a good link of each kind. */
async function startBed() {
  await using started = new AsyncDisposableStack();
  const cluster = started.use(await startOAuth2Cluster());
  const router = started.use(await startTestbed({ clusters: { cluster }, signingKey }));
  const logins = createLoginOwners({ signingKey: () => createSecretKey(signingKey), candidates: () => [] });
  const good = (part: 'token' | 'initiate' | 'state', text: string) => logins.mark(part, text, cluster);
  const owned = started.move();
  return { cluster, router, good, [Symbol.asyncDispose]: () => owned.disposeAsync() };
}

describe('no cluster hears of a link that no challenge has handed out', () => {
  test.each<[string, number, string, ((good: Awaited<ReturnType<typeof startBed>>['good']) => string) | string]>([
    ['an id that nobody has', 404, 'GET', `/oauth2/token/${uuid}`],
    ['an id with a made-up code', 404, 'GET', `/oauth2/token/${uuid}.${code}`],
    ['an end of a login with a made-up code', 404, 'DELETE', `/oauth2/token/${uuid}.${code}`],
    ['a begin of a login that nobody has', 404, 'GET', `/oauth2/token/initiate/${hash}`],
    [
      'another id with a good code',
      404,
      'GET',
      (good) => `/oauth2/token/${good('token', uuid).replace('6065', '6066')}`,
    ],
    ['the code of a browser’s link', 404, 'GET', (good) => `/oauth2/token/${good('initiate', hash)}`],
    ['a code twice', 404, 'GET', (good) => `/oauth2/token/${good('token', uuid)}.${code}`],
    ['a resource that Trino does not have', 404, 'GET', '/oauth2/other'],
    ['a method that Trino does not have', 405, 'POST', (good) => `/oauth2/token/${good('token', uuid)}`],
    ['an end of a browser’s link', 405, 'DELETE', (good) => `/oauth2/token/initiate/${good('initiate', hash)}`],
    ['a callback without a state', 400, 'GET', '/oauth2/callback?code=a'],
    ['a callback with nothing', 400, 'GET', '/oauth2/callback'],
    ['an error without a state', 400, 'GET', '/oauth2/callback?error=access_denied'],
    ['a made-up state', 400, 'GET', '/oauth2/callback?code=a&state=a.b.c'],
    ['a made-up state with a made-up code', 400, 'GET', `/oauth2/callback?code=a&state=a.b.c.${code}`],
    ['a state twice', 400, 'GET', (good) => `/oauth2/callback?state=${good('state', 'a')}&state=${good('state', 'a')}`],
    ['the code of a link as a state', 400, 'GET', (good) => `/oauth2/callback?state=${good('token', uuid)}`],
    ['a state that is too long', 400, 'GET', (good) => `/oauth2/callback?state=${good('state', 'a'.repeat(5_000))}`],
    ['a callback that is posted', 405, 'POST', (good) => `/oauth2/callback?state=${good('state', 'a')}`],
  ])('%s: %d', async (_, status, method, path) => {
    await using bed = await startBed();
    const target = typeof path === 'string' ? path : path(bed.good);
    const reply = await ask(bed.router.url + target, { method });
    expect(reply.status).toBe(status);
    expect(bed.cluster.requests).toEqual([]);
    expect(reply.text).not.toContain(uuid);
  });

  test('and all such are answered alike, whether another id is good or not', async () => {
    await using bed = await startBed();
    await post(bed.router.url, 'SELECT 1');
    const replies = [`/oauth2/token/${uuid}`, `/oauth2/token/${uuid}.${code}`, `/oauth2/token/initiate/${hash}`];
    for (const path of replies) expect((await ask(bed.router.url + path)).text).toBe(`Error 404 Not Found: ${unknown}`);
  });
});

test.each(['/oauth2/token/', '/oauth2/token/initiate/', '/oauth2/callback?state='])(
  'a megabyte after %s is refused at once',
  async (path) => {
    await using bed = await startBed();
    const reply = await ask(bed.router.url + path + 'a'.repeat(1_000_000));
    expect([400, 404, 414, 431]).toContain(reply.status);
    expect(bed.cluster.requests).toEqual([]);
  },
);

test('a thousand made-up ids leave nothing behind, and reach no cluster', async () => {
  await using bed = await startBed();
  const ids = Array.from({ length: 1_000 }, (_, index) => `${uuid}-${index}.${code}`);
  const replies = await Promise.all(ids.map((id) => ask(`${bed.router.url}/oauth2/token/${id}`)));
  expect(new Set(replies.map(({ status }) => status))).toEqual(new Set([404]));
  expect(bed.cluster.requests).toEqual([]);
});

test('a repeated callback goes to its cluster each time: that decides what a code is worth', async () => {
  await using bed = await startBed();
  const state = bed.good('state', `a.${Buffer.from(JSON.stringify({ of: bed.cluster.url })).toString('base64url')}.c`);
  for (let times = 0; times < 2; times += 1)
    expect((await ask(`${bed.router.url}/oauth2/callback?code=1&state=${state}`)).status).toBe(303);
  expect(bed.cluster.requests).toHaveLength(2);
});
