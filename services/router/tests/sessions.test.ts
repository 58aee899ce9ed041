import { create } from '@bufbuild/protobuf';
import { describe, expect, test } from '@jest/globals';
import { Backend_ForwardedHeaders as Setting, SnapshotBackendSchema } from '@trino-gateway/api/gateway';
import { startScriptedTrino } from '@trino-gateway/testing';
import { ask, pageOf, post, run, startTestbed, user } from './testbed.ts';

const none = [...user, 'X-Trino-Transaction-Id', 'NONE'];

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
        const decision = {
          $typeName: 'trinogateway.v1.Decision',
          backendId: id,
          groupId: 'g',
          decidedBy: 'x',
          authDelegated: false,
          requestSource: '',
        } as const;
        return { backend, decision };
      },
    });
    const { replies } = await run(router.url, 'START TRANSACTION', none);
    const id = replies
      .map(({ headers }) => headers['x-trino-started-transaction-id'])
      .find((value) => value !== undefined) as string;
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

  test('when its cluster is gone the client hears what Trino says of such a transaction', async () => {
    await using first = await startScriptedTrino();
    await using second = await startScriptedTrino();
    await using router = await startTestbed({ clusters: { first, second } });
    const { replies } = await run(router.url, 'START TRANSACTION', none);
    const id = replies
      .map(({ headers }) => headers['x-trino-started-transaction-id'])
      .find((value) => value !== undefined) as string;
    await first.kill();
    const { last } = await run(router.url, 'SELECT 1', [...user, 'X-Trino-Transaction-Id', id]);
    expect(last.error).toMatchObject({ errorName: 'UNKNOWN_TRANSACTION' });
    expect(second.queries).toEqual([]);
  });

  test('a client that cannot do transactions is told so by Trino: no header is added for it', async () => {
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

  test('also when nobody has taught this router whose id it is', async () => {
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

test('X-Presto clients are served by clusters that know only X-Trino, and hear their own prefix', async () => {
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
