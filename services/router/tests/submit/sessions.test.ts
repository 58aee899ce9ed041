import { create } from '@bufbuild/protobuf';
import { describe, expect, test } from '@jest/globals';
import { DecisionSchema, Backend_ForwardedHeaders as Setting, SnapshotBackendSchema } from '@trino-gateway/api/gateway';
import { startScriptedTrino } from '@trino-gateway/testing';
import { GatewayUnavailableError } from '../../src/control-plane/retry-unreachable.ts';
import type { Coordinator } from '../../src/stickiness/coordinator.ts';
import { ask, pageOf, post, run, user } from '../support/client.ts';
import { startTestbed, transactionStore } from '../support/testbed.ts';

const none = [...user, 'X-Trino-Transaction-Id', 'NONE'];

/** Opens a transaction and answers its id. */
async function begin(url: string): Promise<string> {
  const { replies } = await run(url, 'START TRANSACTION', none);
  const ids = replies.map(({ headers }) => headers['x-trino-started-transaction-id']);
  return String(ids.find((id) => id !== undefined));
}

describe('transactions', () => {
  test('all statements of a transaction go to the cluster that holds it, until it ends', async () => {
    await using first = await startScriptedTrino();
    await using second = await startScriptedTrino();
    let turn = 0;
    const clusters = { first, second };
    await using other = await startTestbed({ clusters });
    await using router = await startTestbed({
      clusters,
      route: async () => {
        const id = turn++ % 2 === 0 ? 'first' : 'second';
        const backend = create(SnapshotBackendSchema, { id, url: clusters[id].url, forwardedHeaders: Setting.AUTO });
        const decision = create(DecisionSchema, { backendId: id, groupId: 'g', decidedBy: 'x' });
        return { backend, decision };
      },
    });
    const id = await begin(router.url);
    const inside = [...user, 'X-Trino-Transaction-Id', id];
    for (const statement of ['SELECT 1', 'SELECT 2', 'SELECT 3'])
      expect((await run(router.url, statement, inside)).last.error).toBeUndefined();
    const { replies: ending } = await run(router.url, 'COMMIT', inside);
    expect(ending.at(-1)?.headers['x-trino-clear-transaction-id']).toBe('true');
    expect(first.queries.map(({ statement }) => statement)).toEqual([
      'START TRANSACTION',
      'SELECT 1',
      'SELECT 2',
      'SELECT 3',
      'COMMIT',
    ]);
    expect(second.queries).toEqual([]);
    expect(router.started.slice(1).map(({ decidedBy }) => decidedBy)).toEqual(Array(4).fill('transaction'));
    const after = await run(router.url, 'SELECT 4', inside);
    expect(after.last.error).toMatchObject({ errorName: 'UNKNOWN_TRANSACTION', errorCode: 20 });
    expect((await run(other.url, 'SELECT 4', inside)).last.error?.message).toContain(id);
  });

  test('when its cluster is gone the client reads what Trino says of an unknown transaction', async () => {
    await using first = await startScriptedTrino();
    await using second = await startScriptedTrino();
    await using router = await startTestbed({ clusters: { first, second } });
    const id = await begin(router.url);
    await first.kill();
    const { last } = await run(router.url, 'SELECT 1', [...user, 'X-Trino-Transaction-Id', id]);
    expect(last.error).toMatchObject({ errorName: 'UNKNOWN_TRANSACTION' });
    expect(second.queries).toEqual([]);
  });

  test('any router goes on with a transaction another has opened, and ends it for all', async () => {
    await using first = await startScriptedTrino();
    await using second = await startScriptedTrino();
    const clusters = { first, second };
    const open = new Map<string, Coordinator>();
    const transactions = transactionStore(open);
    await using one = await startTestbed({ clusters, transactions });
    await using other = await startTestbed({ clusters: { second, first }, transactions });
    const id = await begin(one.url);
    expect([...open]).toMatchObject([[id, { backendId: 'first', url: first.url }]]);
    const inside = [...user, 'X-Trino-Transaction-Id', id];
    expect((await run(other.url, 'SELECT 1', inside)).last.error).toBeUndefined();
    expect((await run(other.url, 'COMMIT', inside)).last.error).toBeUndefined();
    expect([...open]).toEqual([]);
    expect(second.queries).toEqual([]);
    expect((await run(one.url, 'SELECT 1', inside)).last.error?.errorName).toBe('UNKNOWN_TRANSACTION');
  });

  test('no client learns the id of a transaction before it is stored', async () => {
    await using trino = await startScriptedTrino();
    const asked = Promise.withResolvers<void>();
    const stored = Promise.withResolvers<void>();
    const transactions = {
      ...transactionStore(),
      recordTransaction: async (_id: string, owner: Coordinator) => {
        asked.resolve();
        await stored.promise;
        return owner;
      },
    };
    await using router = await startTestbed({ clusters: { trino }, transactions });
    const order: string[] = [];
    const begun = begin(router.url).then(() => order.push('the client knows it'));
    await asked.promise;
    order.push('it is stored');
    stored.resolve();
    await begun;
    expect(order).toEqual(['it is stored', 'the client knows it']);
  });

  test('while the holder of a transaction cannot be found, the client reads to try again, and no other cluster is asked', async () => {
    await using first = await startScriptedTrino();
    await using second = await startScriptedTrino();
    const transactions = {
      ...transactionStore(),
      findTransaction: () => Promise.reject(new GatewayUnavailableError('no answer within 10 ms')),
    };
    await using router = await startTestbed({ clusters: { first, second }, transactions });
    const id = '01234567-89ab-cdef-0123-456789abcdef';
    const { last } = await run(router.url, 'SELECT 1', [...user, 'X-Trino-Transaction-Id', id]);
    expect(last.error?.message).toContain(`cluster of transaction ${id} now`);
    expect(last.error?.message).toContain('try again');
    expect([...first.queries, ...second.queries]).toEqual([]);
  });

  test('a client without transaction support reads so from Trino: no header is added for it', async () => {
    await using trino = await startScriptedTrino();
    await using router = await startTestbed({ clusters: { trino } });
    expect((await run(router.url, 'START TRANSACTION')).last.error?.errorName).toBe('INCOMPATIBLE_CLIENT');
  });
});

describe('kill_query goes to the cluster that runs the query', () => {
  const cases: [string, (id: string) => string, (id: string) => string[]][] = [
    ['in plain words', (id) => `CALL system.runtime.kill_query(query_id => '${id}', message => 'because')`, () => []],
    [
      'by EXECUTE IMMEDIATE',
      (id) => `EXECUTE IMMEDIATE 'CALL system.runtime.kill_query(''${id}'', ''because'')'`,
      () => [],
    ],
    [
      'by a prepared statement',
      (id) => `EXECUTE k USING '${id}', 'because'`,
      () => ['X-Trino-Prepared-Statement', `k=${encodeURIComponent('CALL system.runtime.kill_query(?, ?)')}`],
    ],
  ];
  test.each(cases)('%s', async (_how, statement, headers) => {
    await using first = await startScriptedTrino();
    await using second = await startScriptedTrino();
    second.when('SLEEP', { runMs: Number.POSITIVE_INFINITY });
    await using elsewhere = await startTestbed({ clusters: { second } });
    await using router = await startTestbed({ clusters: { first, second } });
    const { nextUri = '', id } = pageOf(await post(elsewhere.url, 'SLEEP'));
    const link = router.url + new URL(nextUri).pathname;
    const { nextUri: next = '' } = pageOf(await ask(link));
    const { last } = await run(router.url, statement(id), [...user, ...headers(id)]);
    expect(last.error).toBeUndefined();
    expect(first.queries).toEqual([]);
    expect(pageOf(await ask(next)).error).toMatchObject({
      errorName: 'ADMINISTRATIVELY_KILLED',
      message: 'Query killed. Message: because',
    });
    expect(router.started[0]).toMatchObject({ backendId: 'second', decidedBy: 'kill_query' });
  });

  test('also when this router has never seen the suffix of its id', async () => {
    await using first = await startScriptedTrino();
    await using second = await startScriptedTrino();
    second.when('SLEEP', { runMs: Number.POSITIVE_INFINITY });
    await using elsewhere = await startTestbed({ clusters: { second } });
    await using router = await startTestbed({ clusters: { first, second } });
    const { nextUri = '', id } = pageOf(await post(elsewhere.url, 'SLEEP'));
    await ask(nextUri);
    expect((await run(router.url, `CALL system.runtime.kill_query('${id}', 'x')`)).last.error).toBeUndefined();
    expect(first.queries).toEqual([]);
    expect(second.queries[0]?.error?.name).toBe('ADMINISTRATIVELY_KILLED');
  });
});

test('X-Presto clients are served by clusters that know only X-Trino, and get their own prefix back', async () => {
  await using trino = await startScriptedTrino();
  await using router = await startTestbed({ clusters: { trino } });
  const headers = ['X-Presto-User', 'alice', 'X-Presto-Source', 'pyhive', 'X-Presto-Transaction-Id', 'NONE'];
  const { replies } = await run(router.url, 'SET SESSION a.b = 1', headers);
  expect(trino.queries[0]).toMatchObject({ user: 'alice', source: 'pyhive' });
  expect(router.started[0]).toMatchObject({ user: 'alice', source: 'pyhive' });
  expect(replies.at(-1)?.headers['x-presto-set-session']).toBe('a.b=1');
  expect(JSON.stringify(replies.map(({ rawHeaders }) => rawHeaders))).not.toMatch(/x-trino/i);
  const started = await run(router.url, 'START TRANSACTION', headers);
  const id = started.replies.at(-1)?.headers['x-presto-started-transaction-id'] as string;
  const { last } = await run(router.url, 'COMMIT', ['X-Presto-User', 'alice', 'X-Presto-Transaction-Id', id]);
  expect(last.error).toBeUndefined();
});
