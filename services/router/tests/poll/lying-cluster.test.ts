import { describe, expect, test } from '@jest/globals';
import { Backend_ForwardedHeaders as Setting } from '@trino-gateway/api/gateway';
import { startScriptedTrino } from '@trino-gateway/testing';
import type { Coordinator } from '../../src/stickiness/coordinator.ts';
import { ask, pageOf, post, run, user } from '../support/client.ts';
import { startQueueBed } from '../support/queue-bed.ts';
import { answerJson, firstPage, type Stub, startStub } from '../support/stub-cluster.ts';
import { startTestbed } from '../support/testbed.ts';

const basic = ['Authorization', `Basic ${Buffer.from('alice:secret').toString('base64')}`, ...user];
const idOf = (suffix: string) => `20261121_080808_00130_${suffix}`;

/** A cluster whose every answer is a first page with this id. */
function liar(id: string, headers: readonly string[] = []): Promise<Stub> {
  return startStub((request, response) => answerJson(response, firstPage(request, id), headers));
}

describe('query ids that end like those of another live backend', () => {
  test('are refused: another cluster takes the statement, and no poll goes to the one that claims them', async () => {
    await using honest = await startScriptedTrino();
    await using lying = await liar(idOf(honest.suffix));
    const coordinatorIds = { honest: honest.suffix };
    await using router = await startTestbed({ clusters: { lying, honest }, coordinatorIds });
    expect((await run(router.url, 'SELECT 1', basic)).rows).toEqual([[1]]);
    expect(router.contradictions).toEqual(['lying']);
    expect(router.incarnations).toEqual([]);
    expect(lying.requests.map(({ method }) => method)).toEqual(['POST']);
    expect((await ask(`${router.url}/v1/query/${idOf(honest.suffix)}`, { headers: basic })).status).toBe(410);
    expect(lying.requests).toHaveLength(1);
  });

  test('end the statement with a clear error, which names no address, where there is no other cluster', async () => {
    await using honest = await startScriptedTrino();
    await using lying = await liar(idOf(honest.suffix));
    const open = { clusters: { lying, honest }, coordinatorIds: { honest: honest.suffix } };
    await using router = await startTestbed({
      ...open,
      route: ({ excludedBackendIds }) =>
        excludedBackendIds.length > 0
          ? { refusal: 'no backend is left', refusalErrorName: 'NO_NODES_AVAILABLE' }
          : { decision: { backendId: 'lying', groupId: 'g' } as never },
    });
    const { last } = await run(router.url, 'SELECT 1');
    expect(last.error).toMatchObject({
      errorName: 'NO_NODES_AVAILABLE',
      message: 'no backend is left (lying: answered with a query id that is not its own)',
    });
  });

  test('end a statement that is bound to that cluster as if the cluster were gone', async () => {
    await using honest = await startScriptedTrino();
    await using lying = await liar(idOf(honest.suffix));
    const id = '01234567-89ab-cdef-0123-456789abcdef';
    const owner: Coordinator = { backendId: 'lying', url: lying.url, forwardedHeaders: Setting.AUTO };
    await using router = await startTestbed({
      clusters: { lying, honest },
      coordinatorIds: { honest: honest.suffix },
      transactions: {
        recordTransaction: async () => owner,
        findTransaction: async () => owner,
        endTransaction: () => {},
      },
    });
    const { last } = await run(router.url, 'SELECT 1', [...user, 'X-Trino-Transaction-Id', id]);
    expect(last.error?.errorName).toBe('UNKNOWN_TRANSACTION');
    expect(router.contradictions.length).toBeGreaterThan(0);
    expect(lying.requests.every(({ method }) => method === 'POST')).toBe(true);
  });

  test('send a queued statement back to its place in the queue', async () => {
    await using honest = await startScriptedTrino();
    await using lying = await liar(idOf(honest.suffix));
    const config = { submit_time_limit: 1_000, attempt_time_limit: 900 };
    const more = { clusters: { trino: lying, honest }, coordinatorIds: { honest: honest.suffix }, config };
    await using bed = await startQueueBed({ trino: await startScriptedTrino(), router: more });
    const { nextUri = '', id } = pageOf(await post(bed.router.url, 'SELECT 1'));
    bed.free();
    expect(pageOf(await ask(nextUri)).id).toBe(id);
    expect(bed.admission.calls).toContain('release FAILED');
    expect(bed.router.contradictions).toContain('trino');
    expect(bed.router.handOvers[0]).toEqual(['g', 'failed']);
  });

  test('are refused also where only the gatewayserver knows which backend they belong to', async () => {
    await using honest = await startScriptedTrino();
    await using lying = await liar(idOf('abcde'));
    const refusesIncarnation = (backendId: string) => backendId === 'lying';
    await using router = await startTestbed({ clusters: { lying, honest }, refusesIncarnation });
    expect((await run(router.url, 'SELECT 1')).rows).toEqual([[1]]);
    expect(router.contradictions).toEqual(['lying']);
  });

  test('are accepted where it is the same cluster under another name', async () => {
    await using trino = await startScriptedTrino();
    const coordinatorIds = { one: trino.suffix };
    await using router = await startTestbed({ clusters: { two: trino, one: trino }, coordinatorIds });
    expect((await run(router.url, 'SELECT 1')).rows).toEqual([[1]]);
    expect(router.contradictions).toEqual([]);
    expect(router.routes).toHaveLength(1);
  });

  test('are accepted once the other backend has new ones', async () => {
    await using restarted = await startScriptedTrino();
    await using second = await startScriptedTrino();
    const clusters = { second, restarted };
    await using router = await startTestbed({ clusters, coordinatorIds: { restarted: restarted.suffix } });
    router.ownership.restore({
      suffix: second.suffix,
      backendId: 'restarted',
      url: restarted.url,
      forwardedHeaders: Setting.AUTO,
    });
    expect((await run(router.url, 'SELECT 1')).rows).toEqual([[1]]);
    expect(router.contradictions).toEqual([]);
  });
});

test.each([
  ['no id', 'hello'],
  ['a path', '../../v1/info'],
  ['markup', '<script>alert(1)</script>'],
  ['an id of the gateway itself', idOf('0abcd')],
  ['an id with one of the four characters no cluster draws', idOf('abcdl')],
  ['three megabytes', 'a'.repeat(3_000_000)],
])('an answer whose id is %s is not a first page: another cluster takes the statement', async (_what, id) => {
  await using honest = await startScriptedTrino();
  await using lying = await liar(id);
  await using router = await startTestbed({ clusters: { lying, honest } });
  expect((await run(router.url, 'SELECT 1')).rows).toEqual([[1]]);
  expect(router.incarnations).toEqual([{ suffix: honest.suffix, backendId: 'honest' }]);
});

test('an answer with the link of another query is not a first page: its polls would go to the cluster of that query', async () => {
  await using honest = await startScriptedTrino();
  await using lying = await startStub((request, response) =>
    answerJson(
      response,
      firstPage(request, idOf('abcde')).replace(`queued/${idOf('abcde')}`, `queued/${idOf(honest.suffix)}`),
    ),
  );
  await using router = await startTestbed({ clusters: { lying, honest } });
  expect((await run(router.url, 'SELECT 1')).rows).toEqual([[1]]);
  expect(router.incarnations).toEqual([{ suffix: honest.suffix, backendId: 'honest' }]);
});

test('a page of one cluster never moves an open transaction of another, whichever router opened it', async () => {
  await using honest = await startScriptedTrino();
  const id = '01234567-89ab-cdef-0123-456789abcdef';
  await using lying = await liar(idOf('abcde'), ['X-Trino-Started-Transaction-Id', id]);
  const holder: Coordinator = { backendId: 'honest', url: honest.url, forwardedHeaders: Setting.AUTO };
  const open = new Map([[id, holder]]);
  const transactions = {
    recordTransaction: async () => holder,
    findTransaction: async (asked: string) => open.get(asked),
    endTransaction: () => {},
  };
  await using router = await startTestbed({ clusters: { lying, honest }, transactions });
  expect(pageOf(await post(router.url, 'SELECT 1')).id).toBe(idOf('abcde'));
  expect(router.contradictions).toEqual(['lying']);
  const asked = lying.requests.length;
  await run(router.url, 'SELECT 1', [...user, 'X-Trino-Transaction-Id', id]);
  expect(lying.requests).toHaveLength(asked);
  expect(honest.requests.filter(({ method }) => method === 'POST')).toHaveLength(1);
  expect(pageOf(await post(router.url, 'SELECT 2')).id).toBe(idOf('abcde'));
  expect(router.contradictions).toEqual(['lying', 'lying']);
});
