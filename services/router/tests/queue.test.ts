import { describe, expect, test } from '@jest/globals';
import { Backend_Forwarding, Query_State } from '@trino-gateway/api/gateway';
import { headerValue, headerValues, type ScriptedTrino, startScriptedTrino } from '@trino-gateway/testing';
import { isTemporaryQueryId } from '@trino-gateway/trino';
import { type FakeAdmission, fakeAdmission } from './fake-admission.ts';
import { basic as authorization, startAuthProvider } from './fake-auth-provider.ts';
import {
  answerJson,
  ask,
  firstPage,
  pageOf,
  post,
  type Reply,
  run,
  startStub,
  startTestbed,
  type Testbed,
  type TestbedOptions,
  until,
  user,
} from './testbed.ts';

const basic = (name: string, password: string) => [
  'Authorization',
  `Basic ${Buffer.from(`${name}:${password}`).toString('base64')}`,
];
/** What was asked of statement links: only this can start a query. */
const polled = (trino: ScriptedTrino) =>
  trino.requests.filter(({ method, path }) => method !== 'POST' && path.startsWith('/v1/statement/'));
const posted = (trino: ScriptedTrino) => trino.requests.filter(({ method }) => method === 'POST');
const onlyWaiter = ({ waiters }: FakeAdmission) => [...waiters.values()][0];
const isWaiting = (reply: Reply) => reply.status === 200 && isTemporaryQueryId(pageOf(reply).id);

/** A cluster with `slots` slots of which `taken` are taken by somebody else, and a router before it. */
async function setUp(options: { slots?: number; taken?: number; router?: TestbedOptions; trino?: ScriptedTrino } = {}) {
  const trino = options.trino ?? (await startScriptedTrino());
  const admission = fakeAdmission({ trino: options.slots ?? 1 });
  const others = Array.from({ length: options.taken ?? 1 }, (_, at) => `other-${at}`);
  for (const id of others) admission.leases.set(id, { backendId: 'trino', queryId: id, running: true });
  const free = () => admission.link.settle(others.shift() ?? '');
  const start = () => startTestbed({ clusters: { trino }, admission, ...options.router });
  const router = await start();
  return {
    ...{ trino, admission, router, free, start },
    [Symbol.asyncDispose]: async () => {
      await router[Symbol.asyncDispose]();
      await trino.stop();
    },
  };
}

/** Polls a waiting statement until it is with the cluster; the pages of the wait are left out. */
async function pollUntilHandedOver(nextUri: string, headers: readonly string[] = user): Promise<Reply> {
  for (let link = nextUri; ; ) {
    const reply = await ask(link, { headers });
    if (!isWaiting(reply)) return reply;
    link = pageOf(reply).nextUri ?? '';
  }
}

async function rest(first: Reply, headers: readonly string[] = user) {
  let page = pageOf(first);
  const rows = [...(page.data ?? [])];
  while (page.nextUri !== undefined) {
    page = pageOf(await ask(page.nextUri, { headers }));
    rows.push(...(page.data ?? []));
  }
  return { rows, last: page };
}

describe('a slot', () => {
  test('is confirmed before the client has the page, used by the first poll, and free after the last page', async () => {
    await using bed = await setUp({ taken: 0 });
    const first = await post(bed.router.url, 'SELECT 1');
    const { id } = pageOf(first);
    expect(bed.admission.calls).toEqual([`handOut ${id}`]);
    const link = pageOf(first).nextUri ?? '';
    expect((await ask(link)).text).toBe((await ask(link)).text);
    const { rows } = await rest(first);
    expect(rows).toEqual([[1]]);
    expect(bed.admission.calls).toEqual([`handOut ${id}`, `activate ${id}`, `settle ${id}`]);
    expect(bed.admission.leases.size).toBe(0);
  });

  test('that was lost before it was confirmed: the page is thrown away, and the gatewayserver asked anew', async () => {
    await using bed = await setUp({ taken: 0 });
    const { link, leases } = bed.admission;
    const { handOut } = link;
    let lost = 0;
    link.handOut = async (...call) => {
      if (lost++ === 0) leases.clear();
      return await handOut(...call);
    };
    expect((await run(bed.router.url, 'SELECT 1')).rows).toEqual([[1]]);
    expect(posted(bed.trino)).toHaveLength(2);
    expect(bed.trino.queries).toHaveLength(1);
    expect(bed.router.routes).toHaveLength(2);
    expect(leases.size).toBe(0);
  });

  test('that nobody can confirm: the query is refused, and never ran', async () => {
    await using bed = await setUp({ taken: 0 });
    const { route } = bed.admission;
    await using router = await startTestbed({
      clusters: { trino: bed.trino },
      admission: bed.admission,
      route: (request) => {
        const answer = route(request);
        bed.admission.down = true;
        return answer;
      },
    });
    const { nextUri = '' } = pageOf(await post(router.url, 'SELECT 1'));
    expect(pageOf(await ask(nextUri)).error).toMatchObject({ errorName: 'NO_NODES_AVAILABLE' });
    expect(bed.trino.queries).toEqual([]);
  });

  test('that ran out before the first poll is taken anew, or the client reads QUEUED with the same link', async () => {
    await using bed = await setUp({ taken: 0 });
    const { nextUri = '', id } = pageOf(await post(bed.router.url, 'SELECT 1'));
    bed.admission.expireUnpolled();
    bed.admission.leases.set('other', { backendId: 'trino', queryId: 'other', running: true });
    const turnedAway = await ask(nextUri);
    expect(pageOf(turnedAway)).toMatchObject({ id, nextUri, stats: { state: 'QUEUED', queued: true } });
    expect(await ask(nextUri, { method: 'HEAD' })).toMatchObject({ status: 200, text: '' });
    expect(polled(bed.trino)).toEqual([]);
    await using second = await bed.start();
    expect(pageOf(await ask(second.url + new URL(nextUri).pathname)).stats.state).toBe('QUEUED');
    expect(polled(bed.trino)).toEqual([]);
    bed.admission.link.settle('other');
    expect((await rest(await ask(nextUri))).rows).toEqual([[1]]);
    expect(bed.admission.leases.size).toBe(0);
  });

  test('is not needed while the gatewayserver is down by what runs, but nothing starts', async () => {
    await using bed = await setUp({ slots: 2, taken: 0 });
    const running = pageOf(await post(bed.router.url, 'SELECT 1'));
    const { nextUri: next = '' } = pageOf(await ask(running.nextUri ?? ''));
    const unpolled = pageOf(await post(bed.router.url, 'SELECT 2'));
    bed.admission.down = true;
    expect((await rest(await ask(next))).last.stats.state).toBe('FINISHED');
    expect(pageOf(await ask(unpolled.nextUri ?? ''))).toMatchObject({ id: unpolled.id, stats: { state: 'QUEUED' } });
    expect(bed.trino.queries).toHaveLength(1);
    bed.admission.down = false;
    expect((await rest(await ask(unpolled.nextUri ?? ''))).rows).toEqual([[2]]);
  });

  test('is not used by a first poll with a wrong link, which starts nothing', async () => {
    await using bed = await setUp({ taken: 0 });
    const { nextUri = '', id } = pageOf(await post(bed.router.url, 'SELECT 1'));
    expect((await ask(nextUri.replace(/\/y[0-9a-f]+\//, '/y00/'))).status).toBe(404);
    expect(bed.admission.calls).toEqual([`handOut ${id}`]);
    expect(bed.trino.queries).toEqual([]);
    expect((await rest(await ask(nextUri))).rows).toEqual([[1]]);
  });

  test('is freed neither by a wrong link, nor by a cancel, nor by hanging up', async () => {
    await using bed = await setUp({ taken: 0 });
    bed.trino.when('SLEEP', { runMs: Number.POSITIVE_INFINITY });
    const { nextUri = '' } = pageOf(await post(bed.router.url, 'SLEEP'));
    let page = pageOf(await ask(nextUri));
    while (page.nextUri?.includes('/queued/')) page = pageOf(await ask(page.nextUri));
    const running = page.nextUri ?? '';
    expect((await ask(running.replace(/\/y[0-9a-f]+\//, '/y00/'))).status).toBe(404);
    expect((await ask(nextUri)).status).not.toBe(200);
    const hangUp = new AbortController();
    const held = ask(running, { signal: hangUp.signal });
    hangUp.abort();
    await expect(held).rejects.toThrow();
    expect((await ask(running, { method: 'DELETE' })).status).toBe(204);
    expect(bed.admission.leases.size).toBe(1);
    expect(bed.admission.calls.filter((call) => call.startsWith('settle'))).toEqual([]);
    expect(pageOf(await ask(running)).error?.errorName).toBe('USER_CANCELED');
    expect(bed.admission.leases.size).toBe(0);
  });

  test('is not freed by a cancel of a part of the running query, nor by an old link', async () => {
    await using bed = await setUp({ taken: 0 });
    bed.trino.when('SLEEP', { runMs: Number.POSITIVE_INFINITY });
    const { nextUri = '' } = pageOf(await post(bed.router.url, 'SLEEP'));
    let page = pageOf(await ask(nextUri));
    while (page.partialCancelUri === undefined) page = pageOf(await ask(page.nextUri ?? ''));
    const link = page.partialCancelUri;
    expect(new URL(link).origin).toBe(bed.router.url);
    expect((await ask(link, { method: 'DELETE' })).status).toBe(204);
    expect((await ask(nextUri)).status).toBe(410);
    expect(bed.trino.queries[0]?.state).toBe('RUNNING');
    expect(bed.admission.leases.size).toBe(1);
    expect(bed.admission.calls.filter((call) => call.startsWith('settle'))).toEqual([]);
  });

  test('of a submission that the cluster answers otherwise is free with it', async () => {
    await using bed = await setUp({ taken: 0 });
    expect((await post(bed.router.url, 'SELECT 1', [...user, 'X-Trino-Session', 'no equals sign'])).status).toBe(400);
    await until(() => bed.admission.leases.size === 0, 'the slot is free');
  });

  test('costs nothing where nothing is limited', async () => {
    await using trino = await startScriptedTrino();
    const admission = fakeAdmission({ trino: 0 });
    const backend = { limited: false };
    const route: TestbedOptions['route'] = (request) => admission.route({ ...request, statement: '' });
    await using router = await startTestbed({ clusters: { trino }, admission, backend, route });
    await run(router.url, 'SELECT 1');
    expect(admission.calls).toEqual([]);
  });

  test('of a query that its client polls at the cluster is used from the submission on', async () => {
    await using bed = await setUp({ taken: 0, router: { backend: { forwarding: Backend_Forwarding.DIRECT } } });
    const { id, nextUri = '' } = pageOf(await post(bed.router.url, 'SELECT 1'));
    expect(nextUri.startsWith(bed.trino.url)).toBe(true);
    expect([...bed.admission.leases.values()]).toEqual([{ backendId: 'trino', queryId: id, running: true }]);
  });

  test('is taken beyond the limit by what only one cluster can carry out, without waiting', async () => {
    await using bed = await setUp({ slots: 2, taken: 1 });
    bed.trino.when('SLEEP', { runMs: Number.POSITIVE_INFINITY });
    const { id, nextUri = '' } = pageOf(await post(bed.router.url, 'SLEEP'));
    const { nextUri: next = '' } = pageOf(await ask(nextUri));
    expect((await run(bed.router.url, `CALL system.runtime.kill_query('${id}', 'm')`)).last.error).toBeUndefined();
    expect(bed.router.routes.at(-1)?.boundBackendId).toBe('trino');
    expect((await rest(await ask(next))).last.error?.errorName).toBe('ADMINISTRATIVELY_KILLED');
    expect(bed.admission.leases.size).toBe(1);
  });
});

describe('a client that waits', () => {
  test("reads pages like those of a query queued in Trino, until it gets the cluster's own", async () => {
    await using bed = await setUp();
    const first = await post(bed.router.url, 'SELECT 1');
    const page = pageOf(first);
    expect(first).toMatchObject({ status: 200, headers: { 'content-type': 'application/json' } });
    expect(isTemporaryQueryId(page.id)).toBe(true);
    expect(Object.keys(page)).toEqual(['id', 'infoUri', 'nextUri', 'stats', 'warnings']);
    expect(page).toMatchObject({
      infoUri: `${bed.router.url}/ui/query.html?${page.id}`,
      stats: { state: 'QUEUED', queued: true },
    });
    expect(new URL(page.nextUri ?? '').pathname).toMatch(
      new RegExp(`^/v1/statement/queued/${page.id}/y[0-9a-f]{40,}/1$`),
    );
    const waiter = onlyWaiter(bed.admission);
    // Of the policy that was decided by.
    expect(waiter?.priority).toBe(3);
    if (waiter) waiter.queuedMs = 4_000;
    const second = pageOf(await ask(page.nextUri ?? ''));
    expect(second.nextUri).toBe(page.nextUri?.replace(/1$/, '2'));
    expect(second.stats).toMatchObject({ state: 'QUEUED' });
    expect((second.stats as Record<string, unknown>).queuedTimeMillis).toBeGreaterThanOrEqual(4_000);
    expect(second.id).toBe(page.id);
    expect(bed.trino.requests).toEqual([]);
    expect(bed.router.started).toMatchObject([
      { id: page.id, trinoQueryId: '', state: Query_State.QUEUED, groupId: 'g' },
    ]);
    expect(bed.router.submissions).toEqual([[bed.router.port, 'g', 'queued']]);

    const held = pollUntilHandedOver(second.nextUri ?? '');
    await until(() => bed.router.held() === 1, 'the poll is held');
    bed.free();
    const handedOver = await held;
    expect(pageOf(handedOver).id).toBe(bed.trino.queries[0]?.id ?? pageOf(handedOver).id);
    expect((await rest(handedOver)).rows).toEqual([[1]]);
    expect(bed.router.handOvers).toEqual([['g', 'handed_over']]);
    expect(bed.router.started.at(-1)).toMatchObject({
      id: page.id,
      trinoQueryId: pageOf(handedOver).id,
      backendId: 'trino',
      queuedMs: 4_000,
    });
    expect(bed.admission.leases.size).toBe(0);
  });

  test('gets the same answer for every token, then as before, on any router, and by its own address', async () => {
    await using bed = await setUp();
    await using second = await bed.start();
    const { nextUri: one = '' } = pageOf(await post(bed.router.url, 'SELECT 1'));
    const { nextUri: two = '' } = pageOf(await ask(one));
    expect(pageOf(await ask(one)).nextUri).toBe(two);
    expect(pageOf(await ask(second.url + new URL(two).pathname)).nextUri).toBe(
      second.url + new URL(two).pathname.replace(/2$/, '3'),
    );
    bed.free();
    const first = await pollUntilHandedOver(two);
    for (const link of [one, two, one]) expect((await ask(link)).text).toBe(first.text);
    const elsewhere = await ask(second.url + new URL(one).pathname);
    expect(elsewhere.text).toBe(first.text.replaceAll(bed.router.url, second.url));
    expect(await ask(one, { method: 'HEAD' })).toMatchObject({ status: 200, text: '' });
    expect(posted(bed.trino)).toHaveLength(1);
    expect((await rest(elsewhere)).rows).toEqual([[1]]);
  });

  test('is not taken for present by HEAD, which neither advances nor starts anything', async () => {
    await using bed = await setUp();
    const { nextUri = '' } = pageOf(await post(bed.router.url, 'SELECT 1'));
    bed.free();
    for (let times = 0; times < 3; times += 1)
      expect(await ask(nextUri, { method: 'HEAD' })).toMatchObject({ status: 200, text: '' });
    expect(onlyWaiter(bed.admission)?.phase).toBe('queued');
    expect(posted(bed.trino)).toEqual([]);
    expect((await rest(await pollUntilHandedOver(nextUri))).rows).toEqual([[1]]);
  });

  test('cancels by DELETE, twice, and reads what Trino says of a cancelled query', async () => {
    await using bed = await setUp();
    const { nextUri = '', id } = pageOf(await post(bed.router.url, 'SELECT 1'));
    expect(await ask(nextUri, { method: 'DELETE' })).toMatchObject({ status: 204, text: '' });
    expect((await ask(nextUri, { method: 'DELETE' })).status).toBe(204);
    bed.free();
    for (let times = 0; times < 2; times += 1) {
      const page = pageOf(await ask(nextUri));
      expect(page).toMatchObject({
        id,
        stats: { state: 'FAILED' },
        error: { errorName: 'USER_CANCELED', errorCode: 3, message: 'Query was canceled' },
      });
      expect(page.nextUri).toBeUndefined();
    }
    expect(bed.router.gaveUp[0]).toEqual({ id, error: 'USER_CANCELED' });
    expect(bed.trino.requests).toEqual([]);
  });

  test('that cancels after the hand-over: nothing starts at the cluster', async () => {
    await using bed = await setUp();
    const { nextUri = '' } = pageOf(await post(bed.router.url, 'SELECT 1'));
    bed.free();
    const first = await pollUntilHandedOver(nextUri);
    expect((await ask(nextUri, { method: 'DELETE' })).status).toBe(204);
    expect(pageOf(await ask(pageOf(first).nextUri ?? '')).error?.errorName).toBe('USER_CANCELED');
    expect(bed.trino.queries.filter(({ state }) => state !== 'FAILED')).toEqual([]);
  });

  test('with a link that is guessed, altered or of another query gets 404, without a hint', async () => {
    await using bed = await setUp();
    const { nextUri = '' } = pageOf(await post(bed.router.url, 'SELECT 1'));
    const { nextUri: other = '' } = pageOf(await post(bed.router.url, 'SELECT 2'));
    const slug = (link: string) => link.split('/').at(-2) ?? '';
    const wrong = [
      nextUri.replace(slug(nextUri), slug(other)),
      nextUri.replace(slug(nextUri), `y${'0'.repeat(slug(nextUri).length - 1)}`),
      nextUri.replace(slug(nextUri), slug(nextUri).slice(0, -1)),
      nextUri.replace(
        slug(nextUri),
        slug(nextUri).replace(/.$/, (last) => (last === '0' ? '1' : '0')),
      ),
      nextUri.replace(slug(nextUri), 'y00'),
      nextUri.replace('/queued/', '/executing/'),
      nextUri.replace(/_(\d{5})_/, '_99999_'),
    ];
    for (const link of wrong)
      for (const method of ['GET', 'HEAD', 'DELETE'])
        expect(await ask(link, { method })).toMatchObject({
          status: 404,
          text: method === 'HEAD' ? '' : 'Error 404 Not Found: Query not found',
        });
    bed.admission.waiters.clear();
    expect(await ask(nextUri)).toMatchObject({ status: 404, text: 'Error 404 Not Found: Query not found' });
    expect((await ask(nextUri, { method: 'DELETE' })).status).toBe(404);
  });

  test('is passed over when it hangs up, and a turn that comes too late is given back', async () => {
    await using bed = await setUp();
    const { nextUri = '' } = pageOf(await post(bed.router.url, 'SELECT 1'));
    const hangUp = new AbortController();
    const held = ask(nextUri, { signal: hangUp.signal });
    await until(() => bed.router.held() === 1, 'the poll is held');
    hangUp.abort();
    await expect(held).rejects.toThrow();
    await until(() => bed.admission.calls.some((call) => call.startsWith('leave ')), 'its leaving was told');
    bed.free();
    await until(() => onlyWaiter(bed.admission)?.phase === 'queued', 'it is back in its place');
    expect(posted(bed.trino)).toEqual([]);
    expect((await rest(await pollUntilHandedOver(nextUri))).rows).toEqual([[1]]);
  });

  test('is answered at once when the router stops, and goes on at another one', async () => {
    await using bed = await setUp({ router: { holdMs: { first: 100_000, later: 100_000 } } });
    const { nextUri = '' } = pageOf(await post(bed.router.url, 'SELECT 1'));
    const held = ask(nextUri);
    await until(() => bed.router.held() === 1, 'the poll is held');
    bed.router.stopHolding();
    const page = pageOf(await held);
    expect(page.stats.state).toBe('QUEUED');
    expect(bed.router.held()).toBe(0);
    await using second = await bed.start();
    bed.free();
    expect((await rest(await pollUntilHandedOver(second.url + new URL(page.nextUri ?? '').pathname))).rows).toEqual([
      [1],
    ]);
  });

  test('is told that it waits while the gatewayserver is down, also by a router that never heard of it', async () => {
    await using bed = await setUp();
    const { nextUri = '', id } = pageOf(await post(bed.router.url, 'SELECT 1'));
    await using second = await bed.start();
    bed.admission.down = true;
    const there = await ask(second.url + new URL(nextUri).pathname);
    for (const page of [pageOf(await ask(nextUri)), pageOf(there)])
      expect(page).toMatchObject({ id, stats: { state: 'QUEUED' } });
    expect((await ask(nextUri, { method: 'HEAD' })).status).toBe(200);
    expect((await ask(nextUri, { method: 'DELETE' })).status).toBe(500);
    bed.admission.down = false;
    bed.free();
    expect((await rest(await pollUntilHandedOver(nextUri))).rows).toEqual([[1]]);
    expect(bed.trino.queries).toHaveLength(1);
  });

  test('that never polls costs no cluster anything', async () => {
    await using bed = await setUp();
    await post(bed.router.url, 'SELECT 1');
    bed.free();
    expect(onlyWaiter(bed.admission)?.phase).toBe('queued');
    expect(bed.trino.requests).toEqual([]);
  });

  test('that waited too long, or finds the queue full, reads why as Trino fails a query', async () => {
    await using bed = await setUp();
    const { nextUri = '', id } = pageOf(await post(bed.router.url, 'SELECT 1'));
    const held = ask(nextUri);
    await until(() => bed.router.held() === 1, 'the poll is held');
    bed.admission.end(id, 'EXCEEDED_QUEUED_TIME_LIMIT', 'waited for 5 minutes');
    expect(pageOf(await held).error).toMatchObject({
      errorName: 'EXCEEDED_TIME_LIMIT',
      message: 'waited for 5 minutes',
    });
    bed.admission.refusal = { refusal: 'Too many queued queries for group g', refusalErrorName: 'QUERY_QUEUE_FULL' };
    const { last } = await run(bed.router.url, 'SELECT 2');
    expect(last.error).toMatchObject({
      errorName: 'QUERY_QUEUE_FULL',
      errorCode: 131074,
      message: 'Too many queued queries for group g',
    });
  });

  test('with X-Presto-* headers, and none of them in its polls as PyHive does, gets X-Presto-* back', async () => {
    await using cluster = await startStub((request, response) => {
      answerJson(response, firstPage(request), ['X-Trino-Set-Catalog', 'hive']);
    });
    const admission = fakeAdmission({ cluster: 0 });
    await using router = await startTestbed({ clusters: { cluster }, admission });
    const { nextUri = '' } = pageOf(
      await post(router.url, 'SELECT 1', ['X-Presto-User', 'alice', 'X-Presto-Source', 'pyhive']),
    );
    admission.slots.cluster = 1;
    for (const reply of [await pollUntilHandedOver(nextUri, []), await ask(nextUri)]) {
      expect(reply.headers['x-presto-set-catalog']).toBe('hive');
      expect(reply.headers['x-trino-set-catalog']).toBeUndefined();
    }
    const [submitted] = cluster.requests;
    expect(submitted?.headers).toMatchObject({ 'x-trino-user': 'alice', 'x-trino-source': 'pyhive' });
    expect(cluster.requests).toHaveLength(1);
  });

  test('with a statement of 10 MB: every byte of it waits and reaches the cluster', async () => {
    const statement = Buffer.concat([
      Buffer.from('SELECT 1 -- '),
      Buffer.alloc(10_000_000, 'x\u20ac'),
      Buffer.of(0xff),
    ]);
    let received = Buffer.alloc(0);
    await using cluster = await startStub((request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        received = Buffer.concat(chunks);
        answerJson(response, firstPage(request));
      });
    });
    const admission = fakeAdmission({ cluster: 0 });
    await using router = await startTestbed({ clusters: { cluster }, admission });
    const { nextUri = '' } = pageOf(await post(router.url, statement));
    admission.slots.cluster = 1;
    expect(pageOf(await pollUntilHandedOver(nextUri)).id).toBe('20261121_080808_00130_93wed');
    expect(received.equals(statement)).toBe(true);
  });

  test('with a statement that is too long to wait reads that, and may come back when there is room', async () => {
    await using bed = await setUp();
    const statement = Buffer.alloc(12_000_000, 'SELECT 1 -- ');
    const { last } = await run(bed.router.url, statement);
    expect(last.error).toMatchObject({
      errorName: 'QUERY_TEXT_TOO_LARGE',
      message: expect.stringContaining('too long to wait'),
    });
    expect(bed.admission.waiters.size).toBe(0);
  });

  test('leaves nothing readable in the store', async () => {
    await using bed = await setUp();
    const { nextUri = '' } = pageOf(
      await post(bed.router.url, "SELECT 'literal-42'", [...user, 'X-Trino-Extra-Credential', 'a=credential-42']),
    );
    const waiter = onlyWaiter(bed.admission);
    const sealed = Buffer.from(waiter?.sealed ?? []).toString('latin1');
    expect(sealed.length).toBeGreaterThan(100);
    for (const secret of ['literal-42', 'credential-42', 'alice']) expect(sealed).not.toContain(secret);
    const slug = nextUri.split('/').at(-2) ?? '';
    expect(JSON.stringify([...bed.admission.waiters.values()])).not.toContain(slug.slice(1, 20));
  });
});

describe('a stranger', () => {
  const passwords = { alice: 'secret' };
  const secure = { client: { externalUrl: 'https://gw.example' } };

  test('is asked for credentials at once and takes no place', async () => {
    await using bed = await setUp({ trino: await startScriptedTrino({ passwords }), router: secure });
    bed.admission.checksAt = 'trino';
    const reply = await post(bed.router.url, 'SELECT 1', basic('alice', 'wrong'));
    expect(reply.status).toBe(401);
    expect(reply.headers['www-authenticate']).toBe('Basic realm="Trino"');
    expect(bed.admission.waiters.size).toBe(0);
    expect(bed.router.submissions).toEqual([[bed.router.port, '', 'unauthenticated']]);
    for (const statement of ['SELECT 1', 'SELECT 2'])
      expect(isWaiting(await post(bed.router.url, statement, basic('alice', 'secret')))).toBe(true);
    expect(bed.trino.requests.filter(({ method }) => method === 'HEAD')).toHaveLength(2);
  });

  test('may wait where no cluster can be asked', async () => {
    await using bed = await setUp();
    bed.admission.checksAt = 'trino';
    bed.trino.fault({ on: 'any', action: { kind: 'reset' }, times: 2 });
    expect(isWaiting(await post(bed.router.url, 'SELECT 1'))).toBe(true);
  });

  test('whose credentials ran out while it waited gets the challenge and keeps its place; newer ones are used', async () => {
    await using bed = await setUp({ trino: await startScriptedTrino({ passwords }), router: secure });
    const { nextUri = '' } = pageOf(await post(bed.router.url, 'SELECT 1', basic('alice', 'old')));
    const path = bed.router.url + new URL(nextUri).pathname;
    bed.free();
    const refused = await pollUntilHandedOver(path, basic('alice', 'old'));
    expect(refused.status).toBe(401);
    expect(refused.headers['www-authenticate']).toBe('Basic realm="Trino"');
    expect(bed.admission.calls).toContain('giveBack UNAUTHENTICATED');
    expect(onlyWaiter(bed.admission)?.phase).toBe('queued');
    const first = await pollUntilHandedOver(path, basic('alice', 'secret'));
    expect(first.status).toBe(200);
    expect(headerValues(posted(bed.trino).at(-1)?.rawHeaders ?? [], 'authorization')).toEqual([
      basic('alice', 'secret')[1],
    ]);
    expect(bed.router.handOvers.map(([, result]) => result)).toEqual(['unauthenticated', 'handed_over']);
  });
});

test('a user whom the gateway has checked waits under that name, and no password reaches a cluster by a poll', async () => {
  await using provider = await startAuthProvider();
  await using trino = await startScriptedTrino();
  const admission = fakeAdmission({ trino: 0 });
  await using router = await startTestbed({
    clusters: { trino },
    admission,
    config: { auth_provider_url: provider.url },
    route: (request) => ({ ...admission.route(request), authDelegated: true }),
  });
  expect((await post(router.url, 'SELECT 1', authorization('alice', 'wrong'))).status).toBe(401);
  expect(admission.waiters.size).toBe(0);
  const { nextUri = '' } = pageOf(await post(router.url, 'SELECT 1', authorization('alice')));
  expect(router.routes.at(-1)?.user).toBe('alice');
  expect(onlyWaiter(admission)?.user).toBe('alice');
  admission.slots.trino = 1;
  const first = await pollUntilHandedOver(nextUri, authorization('alice'));
  expect((await rest(first, [])).rows).toEqual([[1]]);
  const [submitted] = posted(trino);
  expect(headerValue(submitted?.rawHeaders ?? [], 'authorization')).toBeUndefined();
  expect(headerValue(submitted?.rawHeaders ?? [], 'x-trino-user')).toBe('alice');
});

describe('a hand-over', () => {
  test.each([
    ['resets', { kind: 'reset' }],
    ['answers 502', { kind: 'status', status: 502 }],
    ['answers 503', { kind: 'status', status: 503 }],
    ['answers 504', { kind: 'status', status: 504 }],
    ['is silent', { kind: 'silence' }],
    ['breaks off in its answer', { kind: 'broken-page', bytes: 100 }],
    ['answers something that is no page', { kind: 'status', status: 200, body: '<html>' }],
  ] as const)('to a cluster that %s goes to the next one within the same poll', async (_what, action) => {
    await using trino = await startScriptedTrino();
    await using spare = await startScriptedTrino();
    trino.fault({ on: 'submit', action });
    const admission = fakeAdmission({ trino: 0, spare: 0 });
    const config = action.kind === 'silence' ? { attempt_time_limit: 2_000 } : {};
    await using router = await startTestbed({ clusters: { trino, spare }, admission, config });
    const { nextUri = '' } = pageOf(await post(router.url, 'SELECT 1'));
    Object.assign(admission.slots, { trino: 1, spare: 1 });
    const first = await ask(nextUri);
    expect((await rest(first)).rows).toEqual([[1]]);
    expect(trino.queries).toEqual([]);
    expect(spare.queries).toHaveLength(1);
    expect(router.handOvers.map(([, result]) => result)).toEqual(['failed', 'handed_over']);
    expect(admission.leases.size).toBe(0);
  });

  test('that no cluster takes leaves it in its place', async () => {
    await using bed = await setUp();
    bed.trino.fault({ on: 'submit', action: { kind: 'status', status: 503 } });
    const { nextUri = '' } = pageOf(await post(bed.router.url, 'SELECT 1'));
    bed.free();
    expect((await rest(await pollUntilHandedOver(nextUri))).rows).toEqual([[1]]);
    expect(bed.trino.queries).toHaveLength(1);
  });

  test('whose claim was lost gives its page to nobody', async () => {
    await using bed = await setUp();
    const { nextUri = '' } = pageOf(await post(bed.router.url, 'SELECT 1'));
    let lost = 0;
    bed.admission.onHandOver = () => {
      if (lost++ === 0) bed.admission.expireClaims();
    };
    bed.free();
    expect((await rest(await pollUntilHandedOver(nextUri))).rows).toEqual([[1]]);
    expect(posted(bed.trino)).toHaveLength(2);
    expect(bed.trino.queries).toHaveLength(1);
    expect(bed.router.handOvers.map(([, result]) => result)).toEqual(['lost', 'handed_over']);
  });

  test('in which its router dies runs nothing twice', async () => {
    await using bed = await setUp();
    const { nextUri = '' } = pageOf(await post(bed.router.url, 'SELECT 1'));
    const never = Promise.withResolvers<void>();
    let handOvers = 0;
    bed.admission.onHandOver = () => (handOvers++ === 0 ? never.promise : undefined);
    bed.free();
    const hangUp = new AbortController();
    const held = ask(nextUri, { signal: hangUp.signal });
    await until(() => handOvers === 1, 'the cluster has answered and nobody knows');
    hangUp.abort();
    await expect(held).rejects.toThrow();
    await using second = await bed.start();
    bed.admission.expireClaims();
    const first = await pollUntilHandedOver(second.url + new URL(nextUri).pathname);
    never.resolve();
    expect((await rest(first)).rows).toEqual([[1]]);
    expect(posted(bed.trino)).toHaveLength(2);
    expect(bed.trino.queries.map(({ id }) => id)).toEqual([pageOf(first).id]);
  });

  test('that nobody can store gives its page to nobody: the client reads that it waits', async () => {
    await using bed = await setUp();
    const { nextUri = '', id } = pageOf(await post(bed.router.url, 'SELECT 1'));
    bed.admission.onHandOver = () => {
      bed.admission.down = true;
    };
    bed.free();
    expect(pageOf(await ask(nextUri))).toMatchObject({ id, stats: { state: 'QUEUED' } });
    expect(polled(bed.trino)).toEqual([]);
    bed.admission.onHandOver = () => {};
    bed.admission.down = false;
    bed.admission.expireClaims();
    expect((await rest(await pollUntilHandedOver(nextUri))).rows).toEqual([[1]]);
    expect(bed.trino.queries).toHaveLength(1);
    expect(bed.admission.leases.size).toBe(0);
  });

  test('in two polls at once gives both the same page, and runs once', async () => {
    await using bed = await setUp();
    await using second = await bed.start();
    const { nextUri = '' } = pageOf(await post(bed.router.url, 'SELECT 1'));
    const polls = [nextUri, second.url + new URL(nextUri).pathname].map((link) => pollUntilHandedOver(link));
    await until(() => bed.router.held() + second.held() === 2, 'both are held');
    bed.free();
    const [first, other] = await Promise.all(polls);
    expect(other?.text.replaceAll(second.url, bed.router.url)).toBe(first?.text);
    if (first) expect((await rest(first)).rows).toEqual([[1]]);
    expect(bed.trino.queries).toHaveLength(1);
    expect(bed.admission.leases.size).toBe(0);
  });

  test('and every later poll say where it went, where answers are to explain that', async () => {
    await using bed = await setUp({ router: { config: { explain_headers: true } } });
    const { nextUri = '' } = pageOf(await post(bed.router.url, 'SELECT 1'));
    bed.free();
    for (const reply of [await pollUntilHandedOver(nextUri), await ask(nextUri)])
      expect(reply.headers).toMatchObject({
        'x-trino-gateway-backend': 'trino',
        'x-trino-gateway-group': 'g',
        'x-trino-gateway-decided-by': 'policy p',
      });
  });

  test('of a statement that ends at once frees its slot', async () => {
    await using bed = await setUp();
    const { handOver } = bed.admission.link;
    bed.admission.link.handOver = async (...call) => await handOver(...call);
    bed.trino.fault({
      on: 'submit',
      action: {
        kind: 'status',
        status: 200,
        headers: [['Content-Type', 'application/json']],
        body: `{"id":"20261121_080808_00130_93wed","infoUri":"http://x/ui/query.html?a","stats":{"state":"FAILED"},"error":{"message":"no","errorCode":1,"errorName":"SYNTAX_ERROR","errorType":"USER_ERROR"},"warnings":[]}`,
      },
    });
    const { nextUri = '' } = pageOf(await post(bed.router.url, 'SELEC'));
    bed.free();
    const reply = await pollUntilHandedOver(nextUri);
    expect(pageOf(reply).error?.errorName).toBe('SYNTAX_ERROR');
    expect(bed.admission.leases.size).toBe(0);
    expect(bed.router.ended.at(-1)).toMatchObject({ error: 'SYNTAX_ERROR' });
  });

  test('racing a cancel never leaves a cancelled statement running, nor a slot taken', async () => {
    await using bed = await setUp({ taken: 0, router: { holdMs: { first: 50, later: 50 } } });
    const { admission, router, trino } = bed;
    trino.when('SLEEP', { runMs: Number.POSITIVE_INFINITY });
    const results = new Set<string>();
    for (let round = 0; round < 200; round += 1) {
      admission.slots.trino = 0;
      const { nextUri = '' } = pageOf(await post(router.url, 'SLEEP'));
      admission.slots.trino = 1;
      const step = round % 4;
      const cancel = Promise.withResolvers<Reply>();
      const now = () => ask(nextUri, { method: 'DELETE' }).then(cancel.resolve, cancel.reject);
      admission.onHandOver = async () => {
        if (step === 1) void now();
        if (step === 2) {
          void now();
          await cancel.promise;
        }
      };
      const polling = ask(nextUri);
      if (step === 0) void now();
      if (step === 3) void polling.then(now, now);
      const [reply, cancelled] = await Promise.all([polling, cancel.promise]);
      expect(cancelled.status).toBe(204);
      const page = pageOf(reply);
      const last = page.error === undefined && page.nextUri !== undefined ? pageOf(await ask(page.nextUri)) : page;
      results.add(`${isTemporaryQueryId(page.id)} ${last.error?.errorName}`);
      expect(last.error?.errorName).toBe('USER_CANCELED');
      admission.expireUnpolled();
      expect(admission.leases.size).toBe(0);
    }
    expect(trino.queries.filter(({ state }) => state !== 'FAILED')).toEqual([]);
    expect(results).toEqual(new Set(['true USER_CANCELED', 'false USER_CANCELED']));
  });

  test('to a cluster whose clients poll it themselves names its address, and its slot is used from then on', async () => {
    await using bed = await setUp({ router: { backend: { forwarding: Backend_Forwarding.DIRECT } } });
    const { nextUri = '' } = pageOf(await post(bed.router.url, 'SELECT 1'));
    bed.free();
    const first = await pollUntilHandedOver(nextUri);
    expect(pageOf(first).nextUri?.startsWith(bed.trino.url)).toBe(true);
    expect((await ask(nextUri)).text).toBe(first.text);
    expect([...bed.admission.leases.values()]).toEqual([
      { backendId: 'trino', queryId: pageOf(first).id, running: true },
    ]);
    expect(bed.router.departed).toHaveLength(1);
  });
});

describe('the temporary id', () => {
  const mallory = ['X-Trino-User', 'mallory'];
  async function waiting() {
    const bed = await setUp();
    const { nextUri = '', id } = pageOf(await post(bed.router.url, 'SELECT 1'));
    return { ...bed, nextUri, id, [Symbol.asyncDispose]: () => bed[Symbol.asyncDispose]() };
  }
  async function handedOver() {
    const bed = await setUp();
    bed.trino.when('SLEEP', { runMs: Number.POSITIVE_INFINITY });
    const { nextUri = '', id } = pageOf(await post(bed.router.url, 'SLEEP'));
    bed.free();
    const first = await pollUntilHandedOver(nextUri);
    const second = await ask(pageOf(first).nextUri ?? '');
    bed.admission.slots.trino = 5;
    return {
      ...bed,
      id,
      realId: pageOf(first).id,
      next: pageOf(second).nextUri ?? '',
      [Symbol.asyncDispose]: () => bed[Symbol.asyncDispose](),
    };
  }

  test('of one that waits is shown, cancelled and killed by its user alone', async () => {
    await using bed = await waiting();
    const url = `${bed.router.url}/v1/query/${bed.id}`;
    expect(JSON.parse((await ask(url, { headers: user })).text)).toMatchObject({ queryId: bed.id, state: 'QUEUED' });
    expect((await ask(url, {})).status).toBe(401);
    for (const method of ['GET', 'DELETE']) expect((await ask(url, { method, headers: mallory })).status).toBe(403);
    expect((await ask(`${url}/killed`, { method: 'PUT', headers: mallory, body: 'no' })).status).toBe(403);
    expect((await ask(`${url}/killed`, { method: 'PUT', headers: user, body: 'because' })).status).toBe(202);
    expect((await ask(`${url}/killed`, { method: 'PUT', headers: user, body: 'because' })).status).toBe(409);
    expect((await ask(url, { method: 'DELETE', headers: user })).status).toBe(204);
    expect(pageOf(await ask(bed.nextUri)).error).toMatchObject({
      errorName: 'ADMINISTRATIVELY_KILLED',
      message: 'Query killed. Message: because',
    });
    expect(posted(bed.trino)).toEqual([]);
  });

  test('of one that waits is cancelled by DELETE /v1/query/{id}', async () => {
    await using bed = await waiting();
    await using second = await bed.start();
    const url = `${second.url}/v1/query/${bed.id}`;
    bed.admission.down = true;
    expect((await ask(url, { method: 'DELETE', headers: user })).status).toBeGreaterThanOrEqual(500);
    bed.admission.down = false;
    expect((await ask(url, { method: 'DELETE', headers: user })).status).toBe(204);
    expect(pageOf(await ask(bed.nextUri)).error?.errorName).toBe('USER_CANCELED');
  });

  test("of one that waits is killed by its user by a statement, and the one who kills gets an end like Trino's", async () => {
    await using bed = await waiting();
    const call = `CALL system.runtime.kill_query('${bed.id}', 'enough')`;
    expect((await run(bed.router.url, call, mallory)).last.error?.errorName).toBe('PERMISSION_DENIED');
    const { last } = await run(bed.router.url, call);
    expect(bed.router.submissions.at(-1)?.[2]).toBe('carried_out');
    expect(last).toMatchObject({ stats: { state: 'FINISHED' }, updateType: 'CALL' });
    expect(pageOf(await ask(bed.nextUri)).error).toMatchObject({
      errorName: 'ADMINISTRATIVELY_KILLED',
      message: 'Query killed. Message: enough',
    });
    expect((await run(bed.router.url, call)).last.error?.errorName).toBe('NOT_SUPPORTED');
    expect(bed.trino.queries).toEqual([]);
  });

  test('of one that runs is that of the cluster, on every router', async () => {
    await using bed = await handedOver();
    await using second = await bed.start();
    const url = `${second.url}/v1/query/${bed.id}`;
    expect(JSON.parse((await ask(url, { headers: user })).text)).toMatchObject({ queryId: bed.realId, query: 'SLEEP' });
    expect((await ask(`${url}/killed`, { method: 'PUT', headers: user, body: 'because' })).status).toBe(202);
    expect(bed.trino.queries[0]).toMatchObject({ state: 'FAILED', error: { name: 'ADMINISTRATIVELY_KILLED' } });
    expect((await ask(url, { method: 'DELETE', headers: user })).status).toBe(204);
  });

  test.each([
    [
      'in plain text',
      (id: string) => ({ sql: `CALL system.runtime.kill_query(query_id => '${id}', message => 'm')`, headers: [] }),
    ],
    [
      'in two parts',
      (id: string) => ({
        sql: `CALL system.runtime.kill_query('${id.slice(0, 9)}' || '${id.slice(9)}', 'm')`,
        headers: [],
      }),
    ],
    [
      'in a prepared statement',
      (id: string) => ({
        sql: 'EXECUTE k',
        headers: [
          'X-Trino-Prepared-Statement',
          `k=${encodeURIComponent(`CALL system.runtime.kill_query('${id}', 'm')`)}`,
        ],
      }),
    ],
  ])('of one that runs is killed by a statement that names it %s', async (_how, make) => {
    await using bed = await handedOver();
    const { sql, headers } = make(bed.id);
    expect((await run(bed.router.url, sql, [...user, ...headers])).last.error).toBeUndefined();
    expect(bed.trino.queries[0]).toMatchObject({ state: 'FAILED', error: { name: 'ADMINISTRATIVELY_KILLED' } });
  });

  test('has a page of its own while it waits, and then leads to that of the cluster', async () => {
    await using bed = await waiting();
    const link = `${bed.router.url}/ui/query.html?${bed.id}`;
    const shown = await ask(link);
    expect(shown).toMatchObject({ status: 200, headers: { 'content-type': 'text/html;charset=utf-8' } });
    expect(shown.headers['content-security-policy']).toContain("default-src 'none'");
    expect(shown.text).toContain('<dt>Group</dt><dd>g</dd>');
    expect(shown.text).toContain('<dt>Position</dt><dd>1</dd>');
    bed.admission.end(bed.id, 'QUERY_REJECTED', '<script>alert("x")</script>');
    expect((await ask(link)).text).toContain('&lt;script&gt;');
    await using after = await handedOver();
    const redirect = await ask(`${after.router.url}/ui/query.html?${after.id}`);
    expect(redirect).toMatchObject({
      status: 307,
      headers: { location: `${after.router.url}/ui/query.html?${after.realId}` },
    });
  });
});

test('one slot, two routers, many clients: never more than one runs, and everybody is served', async () => {
  await using bed = await setUp({ taken: 0 });
  await using second = await bed.start();
  const routers: Testbed[] = [bed.router, second];
  const one = async (at: number) => {
    let reply = await post(routers[at % 2]?.url ?? '', `SELECT ${at}`);
    const rows: unknown[][] = [];
    for (let polls = at; ; polls += 1) {
      const page = pageOf(reply);
      rows.push(...(page.data ?? []));
      if (page.error !== undefined) throw new Error(page.error.message);
      if (page.nextUri === undefined) return rows;
      reply = await ask((routers[polls % 2]?.url ?? '') + new URL(page.nextUri).pathname, { headers: user });
    }
  };
  const results = await Promise.all(Array.from({ length: 20 }, (_, at) => one(at)));
  expect(results).toEqual(Array.from({ length: 20 }, (_, at) => [[at]]));
  expect(bed.trino.counts.highWaterMark).toBe(1);
  expect(bed.trino.queries).toHaveLength(20);
  expect(bed.admission.leases.size).toBe(0);
});
