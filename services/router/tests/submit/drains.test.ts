import { create } from '@bufbuild/protobuf';
import { describe, expect, test } from '@jest/globals';
import { DecisionSchema, DrainSchema, SnapshotBackendSchema } from '@trino-gateway/api/gateway';
import { startScriptedTrino } from '@trino-gateway/testing';
import { ask, pageOf, post, run, user } from '../support/client.ts';
import { startTestbed, type Testbed } from '../support/testbed.ts';

/** The router learns of a drain, or of a seal. */
function learn({ drains }: Testbed, backendId: string, revision: bigint, sealedSuffixes: string[] = []): void {
  const drain = create(DrainSchema, { backendId, coordinatorId: 'abcde', revision });
  drains.replace({ drains: [drain], sealedSuffixes, drainsRevision: revision });
}

describe('a backend that is drained', () => {
  test('gets no statement by a decision that was made before its drain was known; the next cluster does', async () => {
    await using first = await startScriptedTrino();
    await using second = await startScriptedTrino();
    await using router = await startTestbed({ clusters: { first, second } });
    learn(router, 'first', 5n);
    expect((await run(router.url, 'SELECT 1', user)).last.error).toBeUndefined();
    expect([first.queries.length, second.queries.length]).toEqual([0, 1]);
    expect(router.routes.map(({ excludedBackendIds }) => excludedBackendIds)).toEqual([[], ['first']]);
  });

  test('where it is the only one, the client reads that no other cluster is available', async () => {
    await using only = await startScriptedTrino();
    await using router = await startTestbed({ clusters: { only } });
    learn(router, 'only', 5n);
    expect((await run(router.url, 'SELECT 1', user)).last.error).toMatchObject({ errorName: 'NO_NODES_AVAILABLE' });
    expect(only.queries).toEqual([]);
  });

  test('gets it by a decision that knew of the drain: it takes queries again', async () => {
    await using only = await startScriptedTrino();
    const backend = create(SnapshotBackendSchema, { id: 'only', url: only.url });
    const decision = create(DecisionSchema, { backendId: 'only', groupId: 'g', decidedBy: 'x' });
    await using router = await startTestbed({
      clusters: { only },
      route: () => ({ backend, decision, drainsRevision: 6n }),
    });
    learn(router, 'only', 5n);
    expect((await run(router.url, 'SELECT 1', user)).last.error).toBeUndefined();
  });

  test('a snapshot of a replica that is behind takes nothing back; one of another database counts anew', async () => {
    await using only = await startScriptedTrino();
    await using router = await startTestbed({ clusters: { only } });
    learn(router, 'only', 5n);
    router.drains.replace({ drains: [], sealedSuffixes: [], drainsRevision: 4n });
    expect(router.drains.isStale('only', 4n)).toBe(true);
    router.drains.replace({ drains: [], sealedSuffixes: [], drainsRevision: 6n });
    expect(router.drains.isStale('only', 4n)).toBe(false);
    learn(router, 'only', 7n);
    const refusalKey = new Uint8Array([1]);
    router.drains.replace({ drains: [], sealedSuffixes: [], drainsRevision: 1n, refusalKey });
    expect(router.drains.isStale('only', 4n)).toBe(false);
  });

  test('a statement counts as under way until its client has the first page', async () => {
    await using only = await startScriptedTrino();
    const told: (number | undefined)[] = [];
    await using router = await startTestbed({
      clusters: { only },
      transactions: {
        recordTransaction: async (_, owner) => owner,
        findTransaction: async () => undefined,
        endTransaction() {},
      },
      route: () => {
        learn(router, 'only', 5n);
        told.push(router.drains.told().drains[0]?.underWay);
        const backend = create(SnapshotBackendSchema, { id: 'only', url: only.url });
        return { backend, decision: create(DecisionSchema, { backendId: 'only' }), drainsRevision: 5n };
      },
    });
    router.drains.attempting('another', 'only');
    await post(router.url, 'SELECT 1', user);
    expect(told).toEqual([1]);
    expect(router.drains.told().drains[0]?.underWay).toBe(1);
    router.drains.over('another');
    expect(router.drains.told().drains[0]?.underWay).toBe(0);
  });
});

describe('a sealed incarnation', () => {
  test('gets no kill_query: its client reads that the query does not run', async () => {
    await using first = await startScriptedTrino();
    await using second = await startScriptedTrino();
    const coordinatorIds = { first: first.suffix, second: second.suffix };
    await using router = await startTestbed({ clusters: { first, second }, coordinatorIds });
    const { id } = pageOf(await post(router.url, 'SELECT 1', user));
    const before = first.queries.length;
    learn(router, 'first', 5n, [first.suffix]);
    const kill = await run(router.url, `CALL system.runtime.kill_query(query_id => '${id}')`, user);
    expect(kill.last.error).toMatchObject({
      errorName: 'NOT_SUPPORTED',
      message: `Target query is not running: ${id}`,
    });
    expect([first.queries.length - before, second.queries.length]).toEqual([0, 0]);
  });

  test('gets no statement of a transaction, by the word of the gatewayserver alone: it is unknown', async () => {
    await using first = await startScriptedTrino();
    await using second = await startScriptedTrino();
    let sealed = false;
    const backend = create(SnapshotBackendSchema, { id: 'first', url: first.url });
    await using router = await startTestbed({
      clusters: { first, second },
      route: () =>
        sealed ? { sealed } : { backend, decision: create(DecisionSchema, { backendId: 'first', groupId: 'g' }) },
    });
    const { replies } = await run(router.url, 'START TRANSACTION', [...user, 'X-Trino-Transaction-Id', 'NONE']);
    const id = String(replies.map(({ headers }) => headers['x-trino-started-transaction-id']).find(Boolean));
    sealed = true;
    const inside = await run(router.url, 'SELECT 1', [...user, 'X-Trino-Transaction-Id', id]);
    expect(inside.last.error).toMatchObject({ errorName: 'UNKNOWN_TRANSACTION' });
    expect(first.queries.map(({ statement }) => statement)).toEqual(['START TRANSACTION']);
  });

  test('still serves polls and cancels', async () => {
    await using only = await startScriptedTrino();
    await using router = await startTestbed({ clusters: { only }, coordinatorIds: { only: only.suffix } });
    const first = pageOf(await post(router.url, 'SELECT 1', user));
    learn(router, 'only', 5n, [only.suffix]);
    const next = await ask(String(first.nextUri), { headers: user });
    expect(next.status).toBe(200);
    expect((await ask(String(pageOf(next).nextUri), { method: 'DELETE', headers: user })).status).toBe(204);
  });
});
