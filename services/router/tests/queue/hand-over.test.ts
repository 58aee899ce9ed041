import { describe, expect, test } from '@jest/globals';
import { Backend_Forwarding } from '@trino-gateway/api/gateway';
import { startScriptedTrino } from '@trino-gateway/testing';
import { until } from '@trino-gateway/testing/processes/until';
import { ask, pageOf, post } from '../support/client.ts';
import { fakeAdmission } from '../support/fake-admission.ts';
import { polled, pollUntilHandedOver, posted, rest, startQueueBed } from '../support/queue-bed.ts';
import { startTestbed } from '../support/testbed.ts';

describe('an assignment', () => {
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

  test('that no cluster accepts leaves the query in its place', async () => {
    await using bed = await startQueueBed();
    bed.trino.fault({ on: 'submit', action: { kind: 'status', status: 503 } });
    const { nextUri = '' } = pageOf(await post(bed.router.url, 'SELECT 1'));
    bed.free();
    expect((await rest(await pollUntilHandedOver(nextUri))).rows).toEqual([[1]]);
    expect(bed.trino.queries).toHaveLength(1);
  });

  test('whose claim was lost gives its page to nobody', async () => {
    await using bed = await startQueueBed();
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
    await using bed = await startQueueBed();
    const { nextUri = '' } = pageOf(await post(bed.router.url, 'SELECT 1'));
    const never = Promise.withResolvers<void>();
    let handOvers = 0;
    bed.admission.onHandOver = () => (handOvers++ === 0 ? never.promise : undefined);
    bed.free();
    const hangUp = new AbortController();
    const held = ask(nextUri, { signal: hangUp.signal });
    await until('the cluster has answered and nobody knows', () => handOvers === 1);
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

  test('that cannot be stored gives its page to nobody: the client reads that it waits', async () => {
    await using bed = await startQueueBed();
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
    await using bed = await startQueueBed();
    await using second = await bed.start();
    const { nextUri = '' } = pageOf(await post(bed.router.url, 'SELECT 1'));
    const polls = [nextUri, second.url + new URL(nextUri).pathname].map((link) => pollUntilHandedOver(link));
    await until('both are held', () => bed.router.held() + second.held() === 2);
    bed.free();
    const [first, other] = await Promise.all(polls);
    expect(other?.text.replaceAll(second.url, bed.router.url)).toBe(first?.text);
    if (first) expect((await rest(first)).rows).toEqual([[1]]);
    expect(bed.trino.queries).toHaveLength(1);
    expect(bed.admission.leases.size).toBe(0);
  });

  test('and every later poll say how the query was routed, where router.explain_headers asks for it', async () => {
    await using bed = await startQueueBed({ router: { config: { explain_headers: true } } });
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
    await using bed = await startQueueBed();
    const { assign } = bed.admission.link;
    bed.admission.link.assign = async (...call) => await assign(...call);
    bed.trino.fault({
      on: 'submit',
      action: {
        kind: 'status',
        status: 200,
        headers: [['Content-Type', 'application/json']],
        body: `{"id":"20261121_080808_00130_93wed","infoUri":"http://x/ui/query.html?a","stats":{"state":"FAILED"},"error":{"message":"no","errorCode":1,"errorName":"SYNTAX_ERROR","errorType":"USER_ERROR"},"warnings":[]}`,
      },
    });
    const { nextUri = '' } = pageOf(await post(bed.router.url, 'SELECT FROM'));
    bed.free();
    const reply = await pollUntilHandedOver(nextUri);
    expect(pageOf(reply).error?.errorName).toBe('SYNTAX_ERROR');
    expect(bed.admission.leases.size).toBe(0);
    expect(bed.router.ended.at(-1)).toMatchObject({ error: 'SYNTAX_ERROR' });
  });

  test('to a cluster whose clients poll it themselves names its address, and its slot is used from then on', async () => {
    await using bed = await startQueueBed({ router: { backend: { forwarding: Backend_Forwarding.DIRECT } } });
    const { nextUri = '' } = pageOf(await post(bed.router.url, 'SELECT 1'));
    bed.free();
    const first = await pollUntilHandedOver(nextUri);
    expect(pageOf(first).nextUri?.startsWith(bed.trino.url)).toBe(true);
    expect((await ask(nextUri)).text).toBe(first.text);
    expect([...bed.admission.leases.values()]).toEqual([
      { backendId: 'trino', queryId: pageOf(first).id, running: true },
    ]);
    expect(bed.router.directQueries).toHaveLength(1);
  });
});
