import { describe, expect, test } from '@jest/globals';
import { startScriptedTrino } from '@trino-gateway/testing';
import { until } from '@trino-gateway/testing/processes/until';
import { trinoHeader } from '@trino-gateway/trino';
import { ask, pageOf, post, run, user } from '../support/client.ts';
import { fakeAdmission } from '../support/fake-admission.ts';
import { onlyWaiter, polled, pollUntilHandedOver, posted, rest, startQueueBed } from '../support/queue-bed.ts';
import { startTestbed } from '../support/testbed.ts';

const session = (text: string) => [...user, 'X-Trino-Session', text];
const runTime = 'Query exceeded maximum time limit of';
const sessionsAt = (trino: Parameters<typeof posted>[0]) =>
  posted(trino).map(({ rawHeaders }) => trinoHeader(rawHeaders, 'session'));

describe("the client's own limit", () => {
  test('is stored with the waiting query, and the cluster gets what is left of it', async () => {
    await using bed = await startQueueBed();
    const headers = session('a=%41, query_max_run_time = 50s ,b=2');
    const { nextUri = '' } = pageOf(await post(bed.router.url, 'SELECT 1', headers));
    const waiter = onlyWaiter(bed.admission);
    expect(waiter?.limit).toEqual({ leftMs: expect.any(Number), message: `${runTime} 50.00s` });
    expect(waiter?.limit?.leftMs).toBeGreaterThan(40_000);
    expect(waiter?.limit?.leftMs).toBeLessThanOrEqual(50_000);
    if (waiter) waiter.queuedMs = 20_000;
    bed.free();
    expect((await rest(await pollUntilHandedOver(nextUri, headers), headers)).rows).toEqual([[1]]);
    const [sent = ''] = sessionsAt(bed.trino);
    expect(String(sent)).toMatch(/^a=%41, query_max_run_time = (\d\d\.\d{3})s ,b=2$/);
    const left = Number(/= ([\d.]+)s/.exec(String(sent))?.[1]);
    expect(left).toBeGreaterThan(20);
    expect(left).toBeLessThanOrEqual(30);
  });

  test('shrinks further while one cluster after the other does not take the query', async () => {
    await using trino = await startScriptedTrino();
    await using spare = await startScriptedTrino();
    trino.fault({ on: 'submit', action: { kind: 'status', status: 503 } });
    const admission = fakeAdmission({ trino: 0, spare: 0 });
    await using router = await startTestbed({ clusters: { trino, spare }, admission });
    const { nextUri = '' } = pageOf(await post(router.url, 'SELECT 1', session('query_max_run_time=50s')));
    Object.assign(admission.slots, { trino: 1, spare: 1 });
    const waiter = onlyWaiter(admission);
    if (waiter) waiter.queuedMs = 20_000;
    await pollUntilHandedOver(nextUri);
    const lefts = [trino, spare].map((one) => String(sessionsAt(one)[0]));
    for (const left of lefts) expect(left).toMatch(/^query_max_run_time=(29\.\d{3}|30\.000)s$/);
  });

  test('ends the query when it is over before a silent cluster has answered, which is not blamed', async () => {
    await using trino = await startScriptedTrino();
    await using bed = await startQueueBed({ trino });
    trino.fault({ on: 'submit', action: { kind: 'silence' } });
    const { nextUri = '' } = pageOf(await post(bed.router.url, 'SELECT 1', session('query_max_run_time=1s')));
    bed.free();
    const { last } = await rest(await ask(nextUri));
    expect(last).toMatchObject({
      stats: { state: 'FAILED' },
      error: { errorName: 'EXCEEDED_TIME_LIMIT', errorCode: 131075, message: `${runTime} 1.00s` },
    });
    expect(polled(trino)).toEqual([]);
    await until('its slot to be given back', () => bed.admission.leases.size === 0);
    expect(bed.router.handOvers).toEqual([]);
    // The same poll again.
    expect(pageOf(await ask(nextUri)).error).toEqual(last.error);
  });

  test('holds while the gatewayserver is away, at a router that has not seen the query before', async () => {
    await using bed = await startQueueBed({ router: { holdMs: 100 } });
    const { nextUri = '' } = pageOf(await post(bed.router.url, 'SELECT 1', session('query_max_run_time=2s')));
    await using other = await bed.start();
    bed.admission.down = true;
    const { pathname, search } = new URL(nextUri);
    const { last } = await rest(await ask(other.url + pathname + search));
    expect(last.error).toMatchObject({ errorName: 'EXCEEDED_TIME_LIMIT', message: `${runTime} 2.00s` });
    expect(posted(bed.trino)).toEqual([]);
  });

  test('of zero ends the query that would have to wait at once', async () => {
    await using bed = await startQueueBed();
    for (const [text, message] of [
      ['query_max_run_time=0s', `${runTime} 0.00s`],
      ['query_max_queued_time=0ms', 'Query exceeded maximum queued time limit of 0.00ms'],
    ] as const) {
      const { last } = await run(bed.router.url, 'SELECT 1', session(text));
      expect(last.error).toMatchObject({ errorName: 'EXCEEDED_TIME_LIMIT', message });
    }
    expect(bed.admission.waiters.size).toBe(0);
  });

  test('that no Trino takes is refused before the query waits; what only the cluster can judge, it judges', async () => {
    await using bed = await startQueueBed();
    for (const text of ['query_max_run_time=5', 'query_max_run_time=', 'query_max_execution_time=-1s']) {
      const { last } = await run(bed.router.url, 'SELECT 1', session(text));
      expect(last.error).toMatchObject({ errorName: 'INVALID_SESSION_PROPERTY', errorCode: 14 });
    }
    expect(bed.admission.waiters.size).toBe(0);
    for (const text of [
      'query_max_run_time=5.5.5s',
      `query_max_run_time=${'9'.repeat(1_000_000)}s`,
      'QUERY_MAX_RUN_TIME=1s',
    ])
      expect(pageOf(await post(bed.router.url, 'SELECT 1', session(text))).stats.state).toBe('QUEUED');
    expect([...bed.admission.waiters.values()].map(({ limit }) => limit)).toEqual([undefined, undefined, undefined]);
  });

  test('of more than a year ends nothing here', async () => {
    await using bed = await startQueueBed();
    await post(bed.router.url, 'SELECT 1', session('query_max_run_time=400d'));
    expect(onlyWaiter(bed.admission)?.limit).toBeUndefined();
  });

  test('on waiting is the earlier one, and no cluster gets it, whether the query waits or not', async () => {
    await using bed = await startQueueBed();
    const headers = session('a=1,query_max_queued_time=10s,query_max_run_time=50s');
    const { nextUri = '' } = pageOf(await post(bed.router.url, 'SELECT 1', headers));
    expect(onlyWaiter(bed.admission)?.limit?.message).toBe('Query exceeded maximum queued time limit of 10.00s');
    bed.free();
    await rest(await pollUntilHandedOver(nextUri));
    await run(bed.router.url, 'SELECT 2', headers);
    for (const sent of sessionsAt(bed.trino)) expect(sent).toBe('a=1,query_max_run_time=50s');
  });
});

test('a query that does not wait is sent as it came', async () => {
  await using bed = await startQueueBed({ taken: 0 });
  await run(bed.router.url, 'SELECT 1', session(' query_max_run_time= 5s ,a=1'));
  expect(sessionsAt(bed.trino)).toEqual([' query_max_run_time= 5s ,a=1'.trim()]);
});
