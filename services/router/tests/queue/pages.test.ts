import { describe, expect, test } from '@jest/globals';
import { Query_State } from '@trino-gateway/api/gateway';
import { until } from '@trino-gateway/testing/processes/until';
import { isTemporaryQueryId } from '@trino-gateway/trino';
import { ask, pageOf, post, run } from '../support/client.ts';
import { onlyWaiter, pollUntilHandedOver, posted, rest, startQueueBed } from '../support/queue-bed.ts';

describe('a client that waits', () => {
  test("reads pages like those of a query queued in Trino, until it gets the cluster's own", async () => {
    await using bed = await startQueueBed();
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
    await until('the poll is held', () => bed.router.held() === 1);
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

  test('has its text in history once a cluster has it, and while it waits only where a setting says so', async () => {
    for (const isStored of [false, true]) {
      await using bed = await startQueueBed({ router: { config: { history_text_while_waiting: isStored } } });
      const { nextUri = '' } = pageOf(await post(bed.router.url, 'SELECT 1'));
      expect(bed.router.started.map(({ text }) => text)).toEqual([isStored ? 'SELECT 1' : '']);
      bed.free();
      await rest(await pollUntilHandedOver(nextUri));
      expect(bed.router.started.at(-1)?.text).toBe('SELECT 1');
    }
  });

  test('gets the same answer for every token, then as before, on any router, and by its own address', async () => {
    await using bed = await startQueueBed();
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

  test('is not made present by HEAD, which neither advances nor starts anything', async () => {
    await using bed = await startQueueBed();
    const { nextUri = '' } = pageOf(await post(bed.router.url, 'SELECT 1'));
    bed.free();
    for (let times = 0; times < 3; times += 1)
      expect(await ask(nextUri, { method: 'HEAD' })).toMatchObject({ status: 200, text: '' });
    expect(onlyWaiter(bed.admission)?.phase).toBe('queued');
    expect(posted(bed.trino)).toEqual([]);
    expect((await rest(await pollUntilHandedOver(nextUri))).rows).toEqual([[1]]);
  });

  test('is passed over when it hangs up, and a late offer is released', async () => {
    await using bed = await startQueueBed({ router: { holdMs: 5_000 } });
    const { nextUri = '' } = pageOf(await post(bed.router.url, 'SELECT 1'));
    const hangUp = new AbortController();
    const held = ask(nextUri, { signal: hangUp.signal });
    // A client that closes its side together with its request is taken for one that waits for the answer.
    let looks = 0;
    await until('the poll is held for a moment', () => bed.router.held() === 1 && ++looks > 3);
    hangUp.abort();
    await expect(held).rejects.toThrow();
    await until('its leaving was reported', () => bed.admission.calls.some((call) => call.startsWith('leave ')));
    bed.free();
    await until('it is back in its place', () => onlyWaiter(bed.admission)?.phase === 'queued');
    expect(posted(bed.trino)).toEqual([]);
    expect((await rest(await pollUntilHandedOver(nextUri))).rows).toEqual([[1]]);
  });

  test('is answered at once when the router stops, and goes on at another one', async () => {
    await using bed = await startQueueBed({ router: { holdMs: 100_000 } });
    const { nextUri = '' } = pageOf(await post(bed.router.url, 'SELECT 1'));
    const held = ask(nextUri);
    await until('the poll is held', () => bed.router.held() === 1);
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

  test('keeps waiting while the gatewayserver is down, also at a router that has never seen it', async () => {
    await using bed = await startQueueBed();
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
    await using bed = await startQueueBed();
    await post(bed.router.url, 'SELECT 1');
    bed.free();
    expect(onlyWaiter(bed.admission)?.phase).toBe('queued');
    expect(bed.trino.requests).toEqual([]);
  });

  test('that waited too long, or finds the queue full, reads why as Trino fails a query', async () => {
    await using bed = await startQueueBed();
    const { nextUri = '', id } = pageOf(await post(bed.router.url, 'SELECT 1'));
    const held = ask(nextUri);
    await until('the poll is held', () => bed.router.held() === 1);
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
});
