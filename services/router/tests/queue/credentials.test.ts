import { describe, expect, test } from '@jest/globals';
import { headerValue, headerValues, startScriptedTrino } from '@trino-gateway/testing';
import { pageOf, post } from '../support/client.ts';
import { fakeAdmission } from '../support/fake-admission.ts';
import { basic, startAuthProvider } from '../support/fake-auth-provider.ts';
import { isWaiting, onlyWaiter, pollUntilHandedOver, posted, rest, startQueueBed } from '../support/queue-bed.ts';
import { startTestbed } from '../support/testbed.ts';

describe('a client without valid credentials', () => {
  const passwords = { alice: 'secret' };
  const secure = { client: { externalUrl: 'https://gw.example' } };

  test('is asked for credentials at once and takes no place', async () => {
    await using bed = await startQueueBed({ trino: await startScriptedTrino({ passwords }), router: secure });
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
    await using bed = await startQueueBed();
    bed.admission.checksAt = 'trino';
    bed.trino.fault({ on: 'any', action: { kind: 'reset' }, times: 2 });
    expect(isWaiting(await post(bed.router.url, 'SELECT 1'))).toBe(true);
  });

  test('whose credentials expired while it waited gets the challenge and keeps its place; newer ones are used', async () => {
    await using bed = await startQueueBed({ trino: await startScriptedTrino({ passwords }), router: secure });
    const { nextUri = '' } = pageOf(await post(bed.router.url, 'SELECT 1', basic('alice', 'old')));
    const path = bed.router.url + new URL(nextUri).pathname;
    bed.free();
    const refused = await pollUntilHandedOver(path, basic('alice', 'old'));
    expect(refused.status).toBe(401);
    expect(refused.headers['www-authenticate']).toBe('Basic realm="Trino"');
    expect(bed.admission.calls).toContain('release UNAUTHENTICATED');
    expect(onlyWaiter(bed.admission)?.phase).toBe('queued');
    const first = await pollUntilHandedOver(path, basic('alice', 'secret'));
    expect(first.status).toBe(200);
    expect(headerValues(posted(bed.trino).at(-1)?.rawHeaders ?? [], 'authorization')).toEqual([
      basic('alice', 'secret')[1],
    ]);
    expect(bed.router.handOvers.map(([, result]) => result)).toEqual(['unauthenticated', 'handed_over']);
  });
});

test('a user authenticated by the gateway waits under that name, and no password reaches a cluster by a poll', async () => {
  await using provider = await startAuthProvider();
  await using trino = await startScriptedTrino();
  const admission = fakeAdmission({ trino: 0 });
  await using router = await startTestbed({
    clusters: { trino },
    admission,
    config: { auth_provider_url: provider.url },
    route: (request) => ({ ...admission.route(request), authDelegated: true }),
  });
  expect((await post(router.url, 'SELECT 1', basic('alice', 'wrong'))).status).toBe(401);
  expect(admission.waiters.size).toBe(0);
  const { nextUri = '' } = pageOf(await post(router.url, 'SELECT 1', basic('alice')));
  expect(router.routes.at(-1)?.user).toBe('alice');
  expect(onlyWaiter(admission)?.user).toBe('alice');
  admission.slots.trino = 1;
  const first = await pollUntilHandedOver(nextUri, basic('alice'));
  expect((await rest(first, [])).rows).toEqual([[1]]);
  const [submitted] = posted(trino);
  expect(headerValue(submitted?.rawHeaders ?? [], 'authorization')).toBeUndefined();
  expect(headerValue(submitted?.rawHeaders ?? [], 'x-trino-user')).toBe('alice');
});
