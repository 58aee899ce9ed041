import { describe, expect, test } from '@jest/globals';
import { headerValue, headerValues, type ScriptedTrino, startScriptedTrino } from '@trino-gateway/testing';
import { PROBE_SOURCE } from '@trino-gateway/trino/probe-source';
import { ask, type Page, pageOf, post, type Reply } from '../support/client.ts';
import { basic } from '../support/fake-auth-provider.ts';
import {
  isWaiting,
  onlyWaiter,
  pollUntilHandedOver,
  posted,
  type QueueBed,
  startQueueBed,
} from '../support/queue-bed.ts';

const passwords = { alice: 'a-secret', mallory: 'm-secret', bi: 'b-secret' };
const tokens = { 'a-token': 'alice', 'm-token': 'mallory', 'b-token': 'bi' };
const as = (user: string) => ['X-Trino-User', user];
const bearer = (token: string) => ['Authorization', `Bearer ${token}`];
const alice = basic('alice', passwords.alice);
const mallory = basic('mallory', passwords.mallory);
const bi = basic('bi', passwords.bi);
const question = /^May these credentials/;

/** The questions a cluster was asked. */
const questions = (trino: ScriptedTrino) => posted(trino).filter(({ body }) => question.test(body));
const statements = (trino: ScriptedTrino) => posted(trino).filter(({ body }) => !question.test(body));

/** A cluster that wants a password or a token, whose user `bi` may act for alice. */
async function startBed(options: Parameters<typeof startQueueBed>[0] = {}): Promise<QueueBed> {
  const { router, ...more } = options;
  const trino = more.trino ?? (await startScriptedTrino({ passwords, tokens, impersonations: { bi: ['alice'] } }));
  const bed = await startQueueBed({
    ...more,
    trino,
    router: { client: { externalUrl: 'https://gw.example' }, ...router },
  });
  bed.admission.checksAt = 'trino';
  return bed;
}

/** The end of a statement, whose links name the address outside. */
async function lastPage({ router }: QueueBed, first: Reply, headers: readonly string[] = []): Promise<Page> {
  let page = pageOf(first);
  while (page.nextUri !== undefined) page = pageOf(await ask(router.url + new URL(page.nextUri).pathname, { headers }));
  return page;
}

/** A statement of alice's that waits: its id, and the address of its link at this router. */
async function startWaiting(options?: Parameters<typeof startQueueBed>[0]) {
  const bed = await startBed(options);
  const { id, nextUri = '' } = pageOf(await post(bed.router.url, "SELECT 'secret of alice'", alice));
  const dispose = () => bed[Symbol.asyncDispose]();
  return { ...bed, id, link: bed.router.url + new URL(nextUri).pathname, [Symbol.asyncDispose]: dispose };
}

describe('a waiting query is shown, cancelled and killed', () => {
  test.each([
    [
      'with a password of one’s own and her name',
      [...mallory, ...as('alice')],
      403,
      'User mallory cannot impersonate user alice',
    ],
    [
      'so, with her as the original user, too',
      [...mallory, ...as('alice'), 'X-Trino-Original-User', 'alice'],
      403,
      'cannot impersonate',
    ],
    ['so, in the headers of Presto', [...mallory, 'X-Presto-User', 'alice'], 403, 'cannot impersonate'],
    ['with her name behind one’s own', [...mallory, ...as('mallory'), ...as('alice')], 403, 'owned by another user'],
    ['with her name before one’s own', [...mallory, ...as('alice'), ...as('mallory')], 403, 'cannot impersonate'],
    ['with a token of one’s own and her name', [...bearer('m-token'), ...as('alice')], 403, 'cannot impersonate'],
    ['with a token and nobody’s name', bearer('a-token'), 403, 'owned by another user'],
    [
      'with a password before hers',
      [...mallory, ...basic('alice', 'guessed'), ...as('alice')],
      400,
      'must be given once',
    ],
    ['with a password before hers, and no name', [...mallory, ...basic('alice', 'guessed')], 400, 'must be given once'],
    ['with a password that is not hers', basic('alice', 'guessed'), 401, ''],
    ['with her name alone', as('alice'), 401, ''],
    ['with a cookie and her name', ['Cookie', 'session=1', ...as('alice')], 401, ''],
  ])('by nobody else: not %s', async (_how, headers, status, message) => {
    await using bed = await startWaiting();
    const url = `${bed.router.url}/v1/query/${bed.id}`;
    const tries = [
      await ask(url, { headers }),
      await ask(url, { method: 'DELETE', headers }),
      await ask(`${url}/killed`, { method: 'PUT', headers, body: 'no' }),
    ];
    for (const reply of tries) {
      expect(reply.status).toBe(status);
      expect(reply.text).toContain(message);
      expect(reply.text).not.toContain('SELECT');
    }
    const call = `CALL system.runtime.kill_query('${bed.id}', 'no')`;
    const killed = await post(bed.router.url, call, headers);
    expect(killed.status).toBe(status === 403 ? 200 : status);
    if (killed.status === 200) expect((await lastPage(bed, killed)).error?.errorName).toBe('PERMISSION_DENIED');
    expect(onlyWaiter(bed.admission)?.phase).toBe('queued');
    expect(statements(bed.trino)).toEqual([]);
  });

  test.each([
    ['by her password', alice],
    ['by her password and her name', [...alice, ...as('alice')]],
    ['by her token and her name', [...bearer('a-token'), ...as('alice')]],
    ['by who may act for her, and says so', [...bi, ...as('alice')]],
  ])('by its user: %s', async (_how, headers) => {
    await using bed = await startWaiting();
    const url = `${bed.router.url}/v1/query/${bed.id}`;
    expect(JSON.parse((await ask(url, { headers })).text)).toMatchObject({ state: 'QUEUED' });
    expect((await ask(url, { method: 'DELETE', headers })).status).toBe(204);
    expect(onlyWaiter(bed.admission)?.phase).toBe('ended');
  });

  test('as a cluster of its group says, not the one that a query of that client would go to', async () => {
    await using open = await startScriptedTrino();
    await using trino = await startScriptedTrino({ passwords });
    await using bed = await startWaiting({ trino, router: { clusters: { open, trino } } });
    const headers = as('alice');
    const url = `${bed.router.url}/v1/query/${bed.id}`;
    bed.admission.slots = { open: 1, ...bed.admission.slots };
    expect((await ask(`${bed.router.url}/v1/statement`, { method: 'HEAD', headers })).status).toBe(200);
    const asked = open.requests.length;
    expect((await ask(url, { headers })).status).toBe(401);
    expect((await ask(url, { method: 'DELETE', headers })).status).toBe(401);
    expect(open.requests).toHaveLength(asked);
  });

  test('by nobody while no cluster answers, or none says yes or no', async () => {
    await using bed = await startWaiting();
    const url = `${bed.router.url}/v1/query/${bed.id}`;
    const headers = [...bearer('a-token'), ...as('alice')];
    bed.trino.when(question, {});
    expect((await ask(url, { headers })).status).toBe(503);
    bed.trino.when(question, { error: { name: 'SERVER_STARTING_UP', code: 1, type: 'INTERNAL_ERROR', message: '' } });
    expect((await ask(url, { headers })).status).toBe(503);
    const removeFault = bed.trino.fault({ on: 'any', times: Infinity, action: { kind: 'reset' } });
    expect((await ask(url, { headers: [...mallory, ...as('alice')] })).status).toBe(503);
    removeFault();
    bed.trino.fault({
      on: ({ method }) => method === 'HEAD',
      times: Infinity,
      action: { kind: 'status', status: 400 },
    });
    // Not one the cluster has just been asked about.
    const herself = [...alice, 'X-Trino-Original-User', 'alice'];
    expect((await ask(url, { headers: herself })).status).toBe(503);
    bed.trino.when(question, { error: syntaxError, errorAt: 'queued' });
    expect((await ask(url, { headers: herself })).status).toBe(200);
    expect((await ask(url, { headers: [...mallory, ...as('alice')] })).status).toBe(403);
  });
});

describe('a statement is queued', () => {
  test.each([
    ['for the user of its password, whoever it is to run as', [...mallory, ...as('alice')], 'mallory'],
    ['for the user of its password, also one that may act for another', [...bi, ...as('alice')], 'bi'],
    ['for the user of its password, when it names none', alice, 'alice'],
    ['for the user it names, where its token may act for them', [...bearer('b-token'), ...as('alice')], 'alice'],
    ['for no user, when it has a token and names none', bearer('a-token'), ''],
  ])('%s', async (_how, headers, user) => {
    await using bed = await startBed();
    expect(isWaiting(await post(bed.router.url, 'SELECT 1', headers))).toBe(true);
    expect(onlyWaiter(bed.admission)?.user).toBe(user);
    expect(bed.router.routes.at(-1)?.countedUser).toBe(user);
    expect(bed.router.started[0]?.user).toBe(headers.includes('X-Trino-User') || user === 'alice' ? 'alice' : '');
    expect(statements(bed.trino)).toEqual([]);
  });

  test('not in the name of a user its token may not act for', async () => {
    await using bed = await startBed();
    const headers = [...bearer('m-token'), ...as('alice')];
    for (let times = 0; times < 2; times += 1) {
      const { error } = await lastPage(bed, await post(bed.router.url, 'SELECT 1', headers));
      expect(error).toMatchObject({
        errorName: 'PERMISSION_DENIED',
        message: 'Access Denied: User mallory cannot impersonate user alice',
      });
    }
    expect(bed.admission.waiters.size).toBe(0);
    expect(questions(bed.trino)).toHaveLength(1);
    expect(questions(bed.trino).map(({ rawHeaders }) => headerValue(rawHeaders, 'x-trino-source'))).toEqual([
      PROBE_SOURCE,
    ]);
    expect(headerValues(questions(bed.trino)[0]?.rawHeaders ?? [], 'x-trino-user')).toEqual(['alice']);
  });

  test('not where the cluster does not say whether the token may act for its user', async () => {
    await using bed = await startBed();
    bed.trino.when(question, {});
    const page = await lastPage(bed, await post(bed.router.url, 'SELECT 1', [...bearer('a-token'), ...as('alice')]));
    expect(page.error?.errorName).toBe('NO_NODES_AVAILABLE');
    expect(bed.admission.waiters.size).toBe(0);
  });

  test('also not with a header that would spoil the answer to the check', async () => {
    await using bed = await startBed();
    bed.trino.fault({ on: ({ method }) => method === 'HEAD', action: { kind: 'status', status: 400 } });
    expect((await post(bed.router.url, 'SELECT 1', basic('alice', 'guessed'))).status).toBe(401);
    expect(bed.admission.waiters.size).toBe(0);
  });

  test('nor does it get a free slot in the name of a user its token may not act for', async () => {
    await using bed = await startBed({ taken: 0 });
    const headers = [...bearer('m-token'), ...as('alice')];
    const page = await lastPage(bed, await post(bed.router.url, 'SELECT 1', headers));
    expect(page.error?.errorName).toBe('PERMISSION_DENIED');
    expect(bed.admission.leases.size).toBe(0);
    expect(statements(bed.trino)).toEqual([]);
    const mine = await post(bed.router.url, 'SELECT 1', [...bearer('a-token'), ...as('alice')]);
    expect((await lastPage(bed, mine)).error).toBeUndefined();
    expect(statements(bed.trino)).toHaveLength(1);
  });

  test('and runs with the credentials of its user, whoever polls when it is offered a slot', async () => {
    await using bed = await startWaiting();
    bed.free();
    const page = pageOf(await pollUntilHandedOver(bed.link, mallory));
    expect(
      (await lastPage(bed, await ask(bed.router.url + new URL(page.nextUri ?? '').pathname))).error,
    ).toBeUndefined();
    expect(statements(bed.trino).map(({ rawHeaders }) => headerValues(rawHeaders, 'authorization'))).toEqual([
      [alice[1]],
    ]);
    expect(bed.trino.queries.filter(({ statement }) => !question.test(statement))).toMatchObject([{ user: 'alice' }]);
  });

  test('and its page, open to all who know its id, tells neither its user nor its text', async () => {
    await using bed = await startWaiting();
    const { status, text } = await ask(`${bed.router.url}/ui/query.html?${bed.id}`, { headers: mallory });
    expect(status).toBe(200);
    expect(text).not.toMatch(/alice|secret|SELECT/);
  });
});

const syntaxError = { name: 'SYNTAX_ERROR', code: 1, type: 'USER_ERROR', message: 'mismatched input' } as const;
