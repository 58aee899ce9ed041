import { setTimeout } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { type FaultAction, type ScriptedTrino, startScriptedTrino } from '../src/index.ts';
import { next, pageOf, run, send, session, submit } from '../src/protocol/wire.ts';

let trino: ScriptedTrino;

beforeEach(async () => {
  trino = await startScriptedTrino({ clientTimeoutMs: 60_000 });
});
afterEach(async () => {
  await trino.stop();
});

describe('tests see what reached the cluster', () => {
  test('every request, and every query that began', async () => {
    await submit(trino.url, "SELECT 'never polled'");
    await run(trino.url, "SELECT 'polled'");
    expect(trino.requests[0]).toMatchObject({ method: 'POST', path: '/v1/statement', body: "SELECT 'never polled'" });
    expect(trino.requests[0]?.rawHeaders).toEqual(expect.arrayContaining(['X-Trino-Source', 'protocol-tests']));
    expect(trino.queries).toHaveLength(1);
    expect(trino.queries[0]).toMatchObject({
      statement: "SELECT 'polled'",
      user: 'joe',
      source: 'protocol-tests',
      state: 'FINISHED',
    });
    expect(trino.counts).toEqual({ submitted: 2, created: 1, running: 0, highWaterMark: 1, finished: 1, failed: 0 });
  });

  test('how many ran at once', async () => {
    trino.when(/^slow/, { columns: [{ name: 'a', type: 'bigint' }], rows: [[1]], runMs: Number.POSITIVE_INFINITY });
    const slow = await Promise.all(
      [1, 2, 3].map((at) => run(trino.url, `slow ${at}`, session, ({ stats }) => stats.state === 'RUNNING')),
    );
    expect(trino.counts).toMatchObject({ running: 3, highWaterMark: 3 });
    await Promise.all(slow.map(({ last }) => send('DELETE', next(last))));
    expect(trino.counts).toMatchObject({ running: 0, highWaterMark: 3, failed: 3 });
  });
});

describe('statements can be scripted', () => {
  test('rows over several pages, and repeated headers', async () => {
    trino.when('mine', {
      columns: [{ name: 'n', type: 'bigint' }],
      rows: [[1], [2], [3]],
      pages: 2,
      answerHeaders: [
        ['X-Trino-Set-Session', 'a=1'],
        ['X-Trino-Set-Session', 'b=2'],
      ],
    });
    const { rows, pages, answers } = await run(trino.url, 'mine');
    expect(rows).toEqual([[1], [2], [3]]);
    expect(pages.filter(({ data }) => data !== undefined).map(({ data }) => data?.length)).toEqual([2, 1]);
    const names = answers.at(-1)?.rawHeaders.filter((text) => text === 'X-Trino-Set-Session' || /^[ab]=/.test(text));
    expect(names).toEqual(['X-Trino-Set-Session', 'a=1', 'X-Trino-Set-Session', 'b=2']);
  });

  test('pages of a size, and short conversations', async () => {
    trino.when('big', {
      columns: [{ name: 's', type: 'varchar' }],
      pageBytes: 1_000_000,
      pages: 2,
      paging: 'short',
      queuedPolls: 1,
    });
    const { links, rows, answers } = await run(trino.url, 'big');
    expect(links.map((link) => new URL(link).pathname.split('/')[3])).toEqual(['queued', 'executing', 'executing']);
    expect(rows.map(([text]) => String(text).length)).toEqual([1_000_000, 1_000_000]);
    expect(answers.at(-1)?.headers['transfer-encoding']).toBe('chunked');
  });

  test('time in the queue', async () => {
    trino.when('late', { queuedMs: 300 });
    const { pages } = await run(trino.url, 'late');
    expect(pages[0]?.stats.state).toBe('QUEUED');
    expect(pages.at(-1)?.stats.state).toBe('FINISHED');
  });

  test('the load that the monitor reads', async () => {
    trino.pretendLoad({ RUNNING: 3, QUEUED: 2 });
    const { rows } = await run(trino.url, 'SELECT state, count(*) AS n FROM system.runtime.queries GROUP BY state');
    expect(rows).toEqual([
      ['RUNNING', 3],
      ['QUEUED', 2],
    ]);
  });
});

describe('faults', () => {
  const post = () => send('POST', `${trino.url}/v1/statement`, session, 'SELECT 1');

  test('a status fault strikes as often as set and creates nothing', async () => {
    trino.fault({
      on: 'submit',
      times: 2,
      action: { kind: 'status', status: 503, headers: [['Retry-After', '1']], body: 'busy' },
    });
    expect(await post()).toMatchObject({ status: 503, text: 'busy', headers: { 'retry-after': '1' } });
    expect((await post()).status).toBe(503);
    expect((await post()).status).toBe(200);
    expect(trino.counts.submitted).toBe(1);
  });

  test('a reset ends the connection before a byte', async () => {
    trino.fault({ on: 'submit', action: { kind: 'reset' } });
    await expect(post()).rejects.toMatchObject({ code: 'ECONNRESET' });
  });

  test.each<FaultAction>([
    { kind: 'broken-page', bytes: 100 },
    { kind: 'broken-page', bytes: 500_000 },
  ])('%j ends in the middle of the body', async (action) => {
    trino.when('big', {
      columns: [{ name: 's', type: 'varchar' }],
      pageBytes: action.kind === 'broken-page' ? action.bytes * 2 : 0,
    });
    const { last } = await run(trino.url, 'big', session, ({ columns }) => columns !== undefined);
    trino.fault({ on: 'poll', action });
    await expect(send('GET', next(last))).rejects.toMatchObject({ code: 'ECONNRESET' });
    expect(pageOf(await send('GET', next(last))).data).toHaveLength(1);
  });

  test('a wrong content type, and a late answer', async () => {
    trino.fault({ on: 'submit', action: { kind: 'content-type', value: 'text/html' } });
    expect((await post()).headers['content-type']).toBe('text/html');
    trino.fault({ on: ({ body }) => body === 'SELECT 1', action: { kind: 'slow', ms: 150 } });
    const before = Date.now();
    expect((await post()).status).toBe(200);
    expect(Date.now() - before).toBeGreaterThanOrEqual(140);
  });

  test('a failure strikes the query that is polled', async () => {
    trino.fault({
      on: 'poll',
      action: {
        kind: 'fail',
        error: { name: 'CLUSTER_OUT_OF_MEMORY', code: 131076, type: 'INSUFFICIENT_RESOURCES', message: 'too much' },
      },
    });
    expect((await run(trino.url, 'SELECT 1')).last.error).toMatchObject({
      errorName: 'CLUSTER_OUT_OF_MEMORY',
      message: 'too much',
    });
  });

  test('a fault can be taken back', async () => {
    const remove = trino.fault({ on: 'any', times: Number.POSITIVE_INFINITY, action: { kind: 'status', status: 500 } });
    expect((await post()).status).toBe(500);
    remove();
    expect((await post()).status).toBe(200);
  });
});

describe('kill and restart', () => {
  test('a killed one refuses connections; a restarted one has another suffix and forgot its queries', async () => {
    const { url, suffix, port } = trino;
    trino.when('endless', { columns: [{ name: 'a', type: 'bigint' }], runMs: Number.POSITIVE_INFINITY });
    const { last } = await run(url, 'endless', session, ({ stats }) => stats.state === 'RUNNING');
    const held = expect(send('GET', next(last))).rejects.toMatchObject({ code: 'ECONNRESET' });
    while (trino.requests.at(-1)?.path !== new URL(next(last)).pathname) await new Promise(setImmediate);
    await trino.kill();
    await held;
    await expect(send('GET', `${url}/v1/info`)).rejects.toMatchObject({ code: 'ECONNREFUSED' });
    await trino.restart();
    expect(trino.port).toBe(port);
    expect(trino.suffix).not.toBe(suffix);
    expect(await send('GET', next(last))).toMatchObject({ status: 404, text: 'Error 404 Not Found: Query not found' });
    expect((await run(url, 'SELECT 1')).first.id.endsWith(trino.suffix)).toBe(true);
  });

  test('while it starts, it says so and statements fail at their first poll', async () => {
    await trino.restart({ startingMs: 60_000 });
    expect(JSON.parse((await send('GET', `${trino.url}/v1/info`)).text)).toMatchObject({ starting: true });
    expect((await run(trino.url, 'SELECT 1')).last.error).toMatchObject({
      errorName: 'SERVER_STARTING_UP',
      errorCode: 65548,
    });
  });

  test('a query nobody polls any more is abandoned', async () => {
    await using impatient = await startScriptedTrino({ clientTimeoutMs: 1_000 });
    const { last } = await run(
      impatient.url,
      'SELECT count(*) FROM tpch.sf1.lineitem',
      session,
      ({ stats }) => stats.state === 'RUNNING',
    );
    while (impatient.counts.running > 0) await setTimeout(5);
    expect(pageOf(await send('GET', next(last))).error).toMatchObject({ errorName: 'ABANDONED_QUERY', errorCode: 2 });
  });

  test('passwords count only on secure requests', async () => {
    await using locked = await startScriptedTrino({ passwords: { alice: 'secret' } });
    const authorization = (text: string) => ({
      'X-Forwarded-Proto': 'https',
      Authorization: `Basic ${Buffer.from(text).toString('base64')}`,
    });
    const post = (headers: Record<string, string>) => send('POST', `${locked.url}/v1/statement`, headers, 'SELECT 1');
    expect(await post({ 'X-Trino-User': 'alice' })).toMatchObject({
      status: 403,
      text: 'Error 403 Forbidden: Authentication over HTTP is not enabled',
    });
    expect(await post({ 'X-Forwarded-Proto': 'https' })).toMatchObject({ status: 401, text: 'Unauthorized' });
    expect(await post(authorization('alice:nope'))).toMatchObject({
      status: 401,
      text: 'Access Denied: Invalid credentials',
    });
    const other = pageOf(await post({ ...authorization('alice:secret'), 'X-Trino-User': 'bob' }));
    const { pathname } = new URL(next(other));
    expect(pageOf(await send('GET', locked.url + pathname)).error).toMatchObject({
      errorCode: 4,
      message: 'Access Denied: User alice cannot impersonate user bob',
    });
  });
});
