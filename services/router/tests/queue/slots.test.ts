import { describe, expect, test } from '@jest/globals';
import { Backend_Forwarding } from '@trino-gateway/api/gateway';
import { startScriptedTrino } from '@trino-gateway/testing';
import { until } from '@trino-gateway/testing/processes/until';
import { ask, pageOf, post, run, user } from '../support/client.ts';
import { fakeAdmission } from '../support/fake-admission.ts';
import { polled, posted, rest, startQueueBed } from '../support/queue-bed.ts';
import { startTestbed, type Testbed, type TestbedOptions } from '../support/testbed.ts';

describe('a slot', () => {
  test('is confirmed before the client has the page, used by the first poll, and free after the last page', async () => {
    await using bed = await startQueueBed({ taken: 0 });
    const first = await post(bed.router.url, 'SELECT 1');
    const { id } = pageOf(first);
    expect(bed.admission.calls).toEqual([`confirmLease ${id}`]);
    const link = pageOf(first).nextUri ?? '';
    expect((await ask(link)).text).toBe((await ask(link)).text);
    const { rows } = await rest(first);
    expect(rows).toEqual([[1]]);
    expect(bed.admission.calls).toEqual([`confirmLease ${id}`, `activate ${id}`, `settle ${id}`]);
    expect(bed.admission.leases.size).toBe(0);
  });

  test('that was lost before it was confirmed: the page is dropped, and another slot is requested', async () => {
    await using bed = await startQueueBed({ taken: 0 });
    const { link, leases } = bed.admission;
    const { confirmLease } = link;
    let lost = 0;
    link.confirmLease = async (...call) => {
      if (lost++ === 0) leases.clear();
      return await confirmLease(...call);
    };
    expect((await run(bed.router.url, 'SELECT 1')).rows).toEqual([[1]]);
    expect(posted(bed.trino)).toHaveLength(2);
    expect(bed.trino.queries).toHaveLength(1);
    expect(bed.router.routes).toHaveLength(2);
    expect(leases.size).toBe(0);
  });

  test('that cannot be confirmed: the query is refused, and never ran', async () => {
    await using bed = await startQueueBed({ taken: 0 });
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

  test('that expired before the first poll is taken anew, or the client reads QUEUED with the same link', async () => {
    await using bed = await startQueueBed({ taken: 0 });
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

  test('that expired, of a query that its cluster has forgotten before there was another: its client reads why, and the slot is free', async () => {
    await using bed = await startQueueBed({ taken: 0 });
    const { nextUri = '', id } = pageOf(await post(bed.router.url, 'SELECT 1'));
    bed.admission.expireUnpolled();
    bed.admission.leases.set('other', { backendId: 'trino', queryId: 'other', running: true });
    expect(pageOf(await ask(nextUri)).stats.state).toBe('QUEUED');
    bed.admission.link.settle('other');
    bed.trino.fault({ on: 'poll', action: { kind: 'status', status: 404, body: 'Query not found' } });
    const { error, stats, nextUri: next } = pageOf(await ask(nextUri));
    expect({ state: stats.state, next }).toEqual({ state: 'FAILED' });
    expect(error).toMatchObject({
      errorName: 'ABANDONED_QUERY',
      message: expect.stringMatching(/never begun: .* Submit it again$/),
    });
    await until('its slot to be free', () => bed.admission.leases.size === 0);
    expect(bed.router.ended).toMatchObject([{ id, error: 'ABANDONED_QUERY' }]);
  });

  test('that expired: a wrong link to a query that its cluster does not know says nothing about it', async () => {
    await using bed = await startQueueBed({ taken: 0 });
    const { nextUri = '' } = pageOf(await post(bed.router.url, 'SELECT 1'));
    bed.admission.expireUnpolled();
    bed.trino.fault({ on: 'poll', action: { kind: 'status', status: 404, body: 'Query not found' }, times: 2 });
    expect((await ask(nextUri.replace(/\/y[0-9a-f]+\//, '/y00/'))).status).toBe(404);
    expect((await ask(nextUri)).status).toBe(404);
  });

  test('is not needed by what runs while the gatewayserver is down, but nothing starts', async () => {
    await using bed = await startQueueBed({ slots: 2, taken: 0 });
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
    await using bed = await startQueueBed({ taken: 0 });
    const { nextUri = '', id } = pageOf(await post(bed.router.url, 'SELECT 1'));
    expect((await ask(nextUri.replace(/\/y[0-9a-f]+\//, '/y00/'))).status).toBe(404);
    expect(bed.admission.calls).toEqual([`confirmLease ${id}`]);
    expect(bed.trino.queries).toEqual([]);
    expect((await rest(await ask(nextUri))).rows).toEqual([[1]]);
  });

  test('is freed neither by a wrong link, nor by a cancel, nor by hanging up', async () => {
    await using bed = await startQueueBed({ taken: 0 });
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
    await using bed = await startQueueBed({ taken: 0 });
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
    await using bed = await startQueueBed({ taken: 0 });
    expect((await post(bed.router.url, 'SELECT 1', [...user, 'X-Trino-Session', 'no equals sign'])).status).toBe(400);
    await until('the slot is free', () => bed.admission.leases.size === 0);
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
    await using bed = await startQueueBed({ taken: 0, router: { backend: { forwarding: Backend_Forwarding.DIRECT } } });
    const { id, nextUri = '' } = pageOf(await post(bed.router.url, 'SELECT 1'));
    expect(nextUri.startsWith(bed.trino.url)).toBe(true);
    expect([...bed.admission.leases.values()]).toEqual([{ backendId: 'trino', queryId: id, running: true }]);
  });

  test('is taken beyond the limit, without waiting, by statements that only one cluster can run', async () => {
    await using bed = await startQueueBed({ slots: 2, taken: 1 });
    bed.trino.when('SLEEP', { runMs: Number.POSITIVE_INFINITY });
    const { id, nextUri = '' } = pageOf(await post(bed.router.url, 'SLEEP'));
    const { nextUri: next = '' } = pageOf(await ask(nextUri));
    expect((await run(bed.router.url, `CALL system.runtime.kill_query('${id}', 'm')`)).last.error).toBeUndefined();
    expect(bed.router.routes.at(-1)?.boundBackendId).toBe('trino');
    expect((await rest(await ask(next))).last.error?.errorName).toBe('ADMINISTRATIVELY_KILLED');
    expect(bed.admission.leases.size).toBe(1);
  });

  test('is kept by such statements also where new queries of the client are refused, as in a disabled group', async () => {
    await using bed = await startQueueBed({ slots: 2, taken: 1 });
    await using router = await startTestbed({
      clusters: { trino: bed.trino },
      admission: bed.admission,
      route: (request) => {
        const { decision: _, ...answer } = bed.admission.route(request);
        return { ...answer, refusal: 'group g is disabled', refusalErrorName: 'NO_NODES_AVAILABLE' };
      },
    });
    bed.trino.when('SLEEP', { runMs: Number.POSITIVE_INFINITY });
    const { id, nextUri = '' } = pageOf(await post(bed.router.url, 'SLEEP'));
    await ask(nextUri);
    const killing = pageOf(await post(router.url, `CALL system.runtime.kill_query('${id}', 'm')`));
    expect(bed.admission.calls).toContain(`confirmLease ${killing.id}`);
  });
});

test('one slot, two routers, many clients: never more than one runs, and everybody is served', async () => {
  await using bed = await startQueueBed({ taken: 0 });
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
