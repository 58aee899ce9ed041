import { zstdCompressSync } from 'node:zlib';
import { describe, expect, test } from '@jest/globals';
import { ask, pageOf, post, run, user } from '../support/client.ts';
import { pollUntilHandedOver, posted, startQueueBed } from '../support/queue-bed.ts';

describe('the temporary id', () => {
  const mallory = ['X-Trino-User', 'mallory'];
  async function waiting() {
    const bed = await startQueueBed();
    const { nextUri = '', id } = pageOf(await post(bed.router.url, 'SELECT 1'));
    return { ...bed, nextUri, id, [Symbol.asyncDispose]: () => bed[Symbol.asyncDispose]() };
  }
  async function handedOver() {
    const bed = await startQueueBed();
    bed.trino.when('SLEEP', { runMs: Number.POSITIVE_INFINITY });
    const { nextUri = '', id } = pageOf(await post(bed.router.url, 'SLEEP'));
    bed.free();
    const first = await pollUntilHandedOver(nextUri);
    const second = await ask(pageOf(first).nextUri ?? '');
    bed.admission.slots.trino = 5;
    return {
      ...bed,
      id,
      realId: pageOf(first).id,
      next: pageOf(second).nextUri ?? '',
      [Symbol.asyncDispose]: () => bed[Symbol.asyncDispose](),
    };
  }

  test('of a waiting query is shown, cancelled and killed for its user alone', async () => {
    await using bed = await waiting();
    const url = `${bed.router.url}/v1/query/${bed.id}`;
    expect(JSON.parse((await ask(url, { headers: user })).text)).toMatchObject({ queryId: bed.id, state: 'QUEUED' });
    expect((await ask(url, {})).status).toBe(401);
    for (const method of ['GET', 'DELETE']) expect((await ask(url, { method, headers: mallory })).status).toBe(403);
    expect((await ask(`${url}/killed`, { method: 'PUT', headers: mallory, body: 'no' })).status).toBe(403);
    expect((await ask(`${url}/killed`, { method: 'PUT', headers: user, body: 'because' })).status).toBe(202);
    expect((await ask(`${url}/killed`, { method: 'PUT', headers: user, body: 'because' })).status).toBe(409);
    expect((await ask(url, { method: 'DELETE', headers: user })).status).toBe(204);
    expect(pageOf(await ask(bed.nextUri)).error).toMatchObject({
      errorName: 'ADMINISTRATIVELY_KILLED',
      message: 'Query killed. Message: because',
    });
    expect(posted(bed.trino)).toEqual([]);
  });

  test('of a waiting query is cancelled by DELETE /v1/query/{id}', async () => {
    await using bed = await waiting();
    await using second = await bed.start();
    const url = `${second.url}/v1/query/${bed.id}`;
    bed.admission.down = true;
    expect((await ask(url, { method: 'DELETE', headers: user })).status).toBeGreaterThanOrEqual(500);
    bed.admission.down = false;
    expect((await ask(url, { method: 'DELETE', headers: user })).status).toBe(204);
    expect(pageOf(await ask(bed.nextUri)).error?.errorName).toBe('USER_CANCELED');
  });

  test('of a waiting query is killed by a statement of its user, which ends as in Trino', async () => {
    await using bed = await waiting();
    const call = `CALL system.runtime.kill_query('${bed.id}', 'enough')`;
    expect((await run(bed.router.url, call, mallory)).last.error?.errorName).toBe('PERMISSION_DENIED');
    const { last } = await run(bed.router.url, call);
    expect(bed.router.submissions.at(-1)?.[2]).toBe('carried_out');
    expect(last).toMatchObject({ stats: { state: 'FINISHED' }, updateType: 'CALL' });
    expect(pageOf(await ask(bed.nextUri)).error).toMatchObject({
      errorName: 'ADMINISTRATIVELY_KILLED',
      message: 'Query killed. Message: enough',
    });
    expect((await run(bed.router.url, call)).last.error?.errorName).toBe('NOT_SUPPORTED');
    expect(bed.trino.queries).toEqual([]);
  });

  test.each<[string, (url: string, id: string) => Promise<unknown>, string]>([
    [
      'DELETE /v1/query/{id}',
      (url, id) => ask(`${url}/v1/query/${id}`, { method: 'DELETE', headers: user }),
      'USER_CANCELED',
    ],
    [
      'PUT /v1/query/{id}/killed',
      (url, id) => ask(`${url}/v1/query/${id}/killed`, { method: 'PUT', headers: user, body: 'no' }),
      'ADMINISTRATIVELY_KILLED',
    ],
    ['kill_query', (url, id) => run(url, `CALL system.runtime.kill_query('${id}', 'no')`), 'ADMINISTRATIVELY_KILLED'],
  ])(
    'of a running query ends it at its cluster by %s, though its gatewayserver has not heard that it runs',
    async (_, end, name) => {
      await using bed = await handedOver();
      await using second = await bed.start();
      bed.admission.isBehind = true;
      await end(second.url, bed.id);
      expect(bed.trino.queries[0]).toMatchObject({ state: 'FAILED', error: { name } });
    },
  );

  test('of a running query stands for that of the cluster, on every router', async () => {
    await using bed = await handedOver();
    await using second = await bed.start();
    const url = `${second.url}/v1/query/${bed.id}`;
    expect(JSON.parse((await ask(url, { headers: user })).text)).toMatchObject({ queryId: bed.realId, query: 'SLEEP' });
    expect((await ask(`${url}/killed`, { method: 'PUT', headers: user, body: 'because' })).status).toBe(202);
    expect(bed.trino.queries[0]).toMatchObject({ state: 'FAILED', error: { name: 'ADMINISTRATIVELY_KILLED' } });
    expect((await ask(url, { method: 'DELETE', headers: user })).status).toBe(204);
  });

  test.each([
    [
      'in plain text',
      (id: string) => ({ sql: `CALL system.runtime.kill_query(query_id => '${id}', message => 'm')`, headers: [] }),
    ],
    [
      'in two parts',
      (id: string) => ({
        sql: `CALL system.runtime.kill_query('${id.slice(0, 9)}' || '${id.slice(9)}', 'm')`,
        headers: [],
      }),
    ],
    [
      'in a prepared statement',
      (id: string) => ({
        sql: 'EXECUTE k',
        headers: [
          'X-Trino-Prepared-Statement',
          `k=${encodeURIComponent(`CALL system.runtime.kill_query('${id}', 'm')`)}`,
        ],
      }),
    ],
    [
      'in a compressed one, after one in plain text of the same name',
      (id: string) => {
        const call = `CALL system.runtime.kill_query('${id}', 'm')`;
        const packed = `$zstd:${zstdCompressSync(call).toString('base64url')}`;
        return {
          sql: 'EXECUTE k',
          headers: ['X-Trino-Prepared-Statement', `k=${encodeURIComponent(call)},k=${packed}`],
        };
      },
    ],
  ])('of a running query is killed by a statement that names it %s', async (_how, make) => {
    await using bed = await handedOver();
    const { sql, headers } = make(bed.id);
    expect((await run(bed.router.url, sql, [...user, ...headers])).last.error).toBeUndefined();
    expect(bed.trino.queries[0]).toMatchObject({ state: 'FAILED', error: { name: 'ADMINISTRATIVELY_KILLED' } });
  });

  test('has a page of its own while it waits, and then leads to that of the cluster', async () => {
    await using bed = await waiting();
    const link = `${bed.router.url}/ui/query.html?${bed.id}`;
    const shown = await ask(link);
    expect(shown).toMatchObject({ status: 200, headers: { 'content-type': 'text/html;charset=utf-8' } });
    expect(shown.headers['content-security-policy']).toContain("default-src 'none'");
    expect(shown.text).toContain('<dt>Group</dt><dd>g</dd>');
    expect(shown.text).toContain('<dt>Position</dt><dd>1</dd>');
    bed.admission.end(bed.id, 'QUERY_REJECTED', '<script>alert("x")</script>');
    expect((await ask(link)).text).toContain('&lt;script&gt;');
    await using after = await handedOver();
    const redirect = await ask(`${after.router.url}/ui/query.html?${after.id}`);
    expect(redirect).toMatchObject({
      status: 307,
      headers: { location: `${after.router.url}/ui/query.html?${after.realId}` },
    });
  });
});
