import { describe, expect, test } from '@jest/globals';
import { startScriptedTrino } from '@trino-gateway/testing';
import { until } from '@trino-gateway/testing/processes/until';
import { ask, pageOf, post } from '../support/client.ts';
import { basic } from '../support/fake-auth-provider.ts';
import { isWaiting, onlyWaiter, posted, rest, startQueueBed } from '../support/queue-bed.ts';

// How long a poll of a waiting client is held: some have a time limit of three seconds for every answer.

const HOUR = 3_600_000;

describe('a hand-over that takes longer than a poll is held', () => {
  test('goes on: its client reads that it waits, and the next poll gets the page, of one submission', async () => {
    await using bed = await startQueueBed();
    const { nextUri = '', id } = pageOf(await post(bed.router.url, 'SELECT 1'));
    const slow = Promise.withResolvers<void>();
    bed.admission.onHandOver = () => slow.promise;
    bed.free();
    const waiting = [await ask(nextUri), await ask(nextUri)];
    for (const page of waiting.map(pageOf)) expect(page).toMatchObject({ id, stats: { state: 'QUEUED' } });
    expect(posted(bed.trino)).toHaveLength(1);
    slow.resolve();
    await until('the cluster has it', () => onlyWaiter(bed.admission)?.phase === 'handedOver');
    const first = await ask(pageOf(waiting[1] ?? (await ask(nextUri))).nextUri ?? '');
    expect(isWaiting(first)).toBe(false);
    expect((await ask(nextUri)).text).toBe(first.text);
    expect((await rest(first)).rows).toEqual([[1]]);
    expect(posted(bed.trino)).toHaveLength(1);
    expect(bed.admission.leases.size).toBe(0);
  });

  test('and ends with a challenge gives it to the next poll, whose credentials are then used', async () => {
    const trino = await startScriptedTrino({ passwords: { alice: 'secret' } });
    const client = { externalUrl: 'https://gw.example' };
    await using bed = await startQueueBed({ trino, router: { client } });
    const { nextUri = '' } = pageOf(await post(bed.router.url, 'SELECT 1', basic('alice', 'old')));
    const path = bed.router.url + new URL(nextUri).pathname;
    trino.fault({ on: 'submit', action: { kind: 'slow', ms: 700 } });
    bed.free();
    expect(isWaiting(await ask(path, { headers: basic('alice', 'old') }))).toBe(true);
    await until('the cluster has answered', () => bed.admission.calls.includes('release UNAUTHENTICATED'));
    const refused = await ask(path, { headers: basic('alice', 'secret') });
    expect([refused.status, refused.headers['www-authenticate']]).toEqual([401, 'Basic realm="Trino"']);
    await until(
      'the slot is offered again',
      async () => !isWaiting(await ask(path, { headers: basic('alice', 'secret') })),
    );
    expect(posted(trino)).toHaveLength(2);
  });

  test('is given up when the only client that waits for it hangs up', async () => {
    await using bed = await startQueueBed();
    const { nextUri = '' } = pageOf(await post(bed.router.url, 'SELECT 1'));
    bed.trino.fault({ on: 'submit', action: { kind: 'silence' } });
    bed.free();
    expect(isWaiting(await ask(nextUri))).toBe(true);
    const hangUp = new AbortController();
    const second = ask(nextUri, { signal: hangUp.signal });
    hangUp.abort();
    await expect(second).rejects.toThrow();
    // The first request may have been answered before the router saw the second: one more poll joins, and leaves.
    await until('its slot is free', async () => {
      const leaving = new AbortController();
      const poll = ask(nextUri, { signal: leaving.signal }).catch(() => undefined);
      setTimeout(() => leaving.abort(), 20);
      await poll;
      return bed.admission.calls.includes('release ABSENT');
    });
  });
});

describe('a poll', () => {
  test('is answered as soon as its client asks for that', async () => {
    await using bed = await startQueueBed({ router: { holdMs: HOUR } });
    const { nextUri = '' } = pageOf(await post(bed.router.url, 'SELECT 1'));
    for (const maxWait of ['60ms', '0s']) expect(isWaiting(await ask(`${nextUri}?maxWait=${maxWait}`))).toBe(true);
    bed.free();
    expect(isWaiting(await ask(`${nextUri}?maxWait=60s`))).toBe(false);
  });

  test('is held while the gatewayserver does not answer, and served when it answers again in that time', async () => {
    await using bed = await startQueueBed({ router: { holdMs: 1_000 } });
    const { nextUri = '' } = pageOf(await post(bed.router.url, 'SELECT 1'));
    bed.admission.down = true;
    const began = performance.now();
    expect(isWaiting(await ask(nextUri))).toBe(true);
    expect(performance.now() - began).toBeGreaterThan(900);
    const held = ask(nextUri);
    bed.free();
    bed.admission.down = false;
    const reply = await held;
    expect(isWaiting(reply)).toBe(false);
    expect((await rest(reply)).rows).toEqual([[1]]);
  });
});

describe('a client that polls on', () => {
  const polls = (calls: readonly string[], what: string) => calls.filter((call) => call.startsWith(what)).length;

  test('is attended by one call for many polls, and served in the poll that is held when its slot is free', async () => {
    await using bed = await startQueueBed({ router: { holdMs: 60 } });
    const { calls } = bed.admission;
    let page = await post(bed.router.url, 'SELECT 1');
    for (let poll = 0; poll < 12; poll++) {
      page = await ask(pageOf(page).nextUri ?? '');
      expect(isWaiting(page)).toBe(true);
    }
    expect(polls(calls, 'attend ')).toBeGreaterThan(0);
    expect(polls(calls, 'await ') + polls(calls, 'attend ')).toBeLessThan(10);
    const held = ask(pageOf(page).nextUri ?? '');
    bed.free();
    const reply = await held;
    expect(isWaiting(reply)).toBe(false);
    expect((await rest(reply)).rows).toEqual([[1]]);
    expect(posted(bed.trino)).toHaveLength(1);
  });

  test('is passed over as soon as it hangs up', async () => {
    await using bed = await startQueueBed({ router: { holdMs: 500 } });
    const { nextUri = '' } = pageOf(await post(bed.router.url, 'SELECT 1'));
    for (let poll = 0; poll < 5; poll++) expect(isWaiting(await ask(nextUri))).toBe(true);
    await until('the poll before to be over', () => bed.router.pollsHeld() === 0);
    const hangUp = new AbortController();
    const poll = ask(nextUri, { signal: hangUp.signal });
    const rejected = expect(poll).rejects.toThrow();
    await until('its poll to be held', () => bed.router.pollsHeld() === 1);
    hangUp.abort();
    await rejected;
    await until('it has left', () => polls(bed.admission.calls, 'leave ') === 1);
    expect(onlyWaiter(bed.admission)?.present).toBe(0);
  });
});
