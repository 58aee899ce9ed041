import { describe, expect, test } from '@jest/globals';
import { isTemporaryQueryId } from '@trino-gateway/trino';
import { ask, pageOf, post, type Reply } from '../support/client.ts';
import { pollUntilHandedOver, startQueueBed } from '../support/queue-bed.ts';

describe('a client that waits', () => {
  test('cancels by DELETE, twice, and reads what Trino says of a cancelled query', async () => {
    await using bed = await startQueueBed();
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
    expect(bed.router.endedInQueue[0]).toEqual({ id, error: 'USER_CANCELED' });
    expect(bed.trino.requests).toEqual([]);
  });

  test('that cancels after the assignment: nothing starts at the cluster', async () => {
    await using bed = await startQueueBed();
    const { nextUri = '' } = pageOf(await post(bed.router.url, 'SELECT 1'));
    bed.free();
    const first = await pollUntilHandedOver(nextUri);
    expect((await ask(nextUri, { method: 'DELETE' })).status).toBe(204);
    expect(pageOf(await ask(pageOf(first).nextUri ?? '')).error?.errorName).toBe('USER_CANCELED');
    expect(bed.trino.queries.filter(({ state }) => state !== 'FAILED')).toEqual([]);
  });
});

describe('an assignment', () => {
  test('racing a cancel never leaves a cancelled statement running, nor a slot taken', async () => {
    await using bed = await startQueueBed({ taken: 0, router: { holdMs: 10_000 } });
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
});
