import { expect, test } from '@jest/globals';
import { header, startEndless } from './queries.ts';
import { next, run, send, session } from './wire.ts';

export function statements(url: () => string): void {
  test.each<[string, string, number]>([
    ['SELECT 1 / 0', 'DIVISION_BY_ZERO', 8],
    ['SELECT * FROM tpch.tiny.nope', 'TABLE_NOT_FOUND', 46],
    ['SELECT 1;', 'SYNTAX_ERROR', 1],
    ['   ', 'SYNTAX_ERROR', 1],
    ['-- nothing', 'SYNTAX_ERROR', 1],
    ['EXECUTE nope', 'NOT_FOUND', 5],
    ['COMMIT', 'NOT_IN_TRANSACTION', 21],
  ])('%j fails at a poll with %s', async (statement, errorName, errorCode) => {
    const { first, last } = await run(url(), statement);
    expect(first.error).toBeUndefined();
    expect(last).toMatchObject({
      stats: { state: 'FAILED' },
      error: { errorName, errorCode, errorType: 'USER_ERROR' },
    });
    expect(last.error?.failureInfo).toMatchObject({
      type: expect.any(String),
      message: last.error?.message,
      suppressed: [],
      stack: expect.any(Array),
    });
    expect(last.data).toBeUndefined();
  });

  test.each<[string, Record<string, string>, string]>([
    ["SET SESSION query_max_run_time = '17m'", { 'x-trino-set-session': 'query_max_run_time=17m' }, 'SET SESSION'],
    ['RESET SESSION query_max_run_time', { 'x-trino-clear-session': 'query_max_run_time' }, 'RESET SESSION'],
    ['USE tpch.tiny', { 'x-trino-set-catalog': 'tpch', 'x-trino-set-schema': 'tiny' }, 'USE'],
  ])('%s tells the client to keep it', async (statement, headers, updateType) => {
    const seen = await run(url(), statement);
    expect(seen.last).toMatchObject({ stats: { state: 'FINISHED' }, updateType, columns: [] });
    // A query that ends while a page is on its way says it on that one and on the last.
    for (const [name, value] of Object.entries(headers)) expect(new Set(header(seen, name))).toEqual(new Set([value]));
  });

  test('a prepared statement lives in the headers of the client', async () => {
    const added = header(await run(url(), 'PREPARE one FROM SELECT 1'), 'x-trino-added-prepare');
    expect(added[0]).toMatch(/^one=SELECT\+1/);
    const prepared = { ...session, 'X-Trino-Prepared-Statement': added[0] ?? '' };
    expect((await run(url(), 'EXECUTE one', prepared)).rows).toEqual([[1]]);
    expect(header(await run(url(), 'DEALLOCATE PREPARE one', prepared), 'x-trino-deallocated-prepare')).toEqual([
      'one',
    ]);
    expect((await run(url(), "EXECUTE IMMEDIATE 'SELECT ''a'''")).rows).toEqual([['a']]);
  });

  test('a transaction is known from its start to its end, and only to those who know it', async () => {
    const [id = ''] = header(await run(url(), 'START TRANSACTION'), 'x-trino-started-transaction-id');
    const inside = { ...session, 'X-Trino-Transaction-Id': id };
    expect((await run(url(), 'SELECT 1', inside)).rows).toEqual([[1]]);
    expect(header(await run(url(), 'COMMIT', inside), 'x-trino-clear-transaction-id')).toEqual(['true']);
    const { last } = await run(url(), 'SELECT 1', inside);
    expect(last.error).toMatchObject({
      errorName: 'UNKNOWN_TRANSACTION',
      errorCode: 20,
      message: `Unknown transaction ID: ${id}. Possibly expired? Commands ignored until end of transaction block`,
    });
    const { last: without } = await run(url(), 'START TRANSACTION', { 'X-Trino-User': 'joe' });
    expect(without.error).toMatchObject({ errorName: 'INCOMPATIBLE_CLIENT', errorCode: 27 });
  });

  test('running queries can be counted by SQL, and told apart by their source', async () => {
    const running = await startEndless(url());
    const live = "FROM system.runtime.queries WHERE state NOT IN ('FINISHED', 'FAILED')";
    const counts = (await run(url(), `SELECT state, count(*) ${live} GROUP BY state`)).rows;
    expect(counts.reduce((sum, [, found]) => sum + Number(found), 0)).toBeGreaterThanOrEqual(2);
    // Others may ask the same cluster, a monitor for one: only the own query tells whether the source decides.
    const ids = async (where: string) =>
      (await run(url(), `SELECT query_id, state ${live} ${where}`)).rows.map(([id]) => id);
    expect(await ids('')).toContain(running.last.id);
    expect(await ids("AND source <> 'somebody'")).toContain(running.last.id);
    expect(await ids("AND source <> 'protocol-tests'")).not.toContain(running.last.id);
    await send('DELETE', next(running.last));
  });
}
