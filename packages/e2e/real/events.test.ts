import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { until } from '@trino-gateway/testing/processes/until';
import { type Suite, startSuite } from '@trino-gateway/testing/suite/suite';
import { type Coordinator, startCoordinator } from '@trino-gateway/testing/trino/coordinator';
import { eventListenerPlugin } from '@trino-gateway/testing/trino/event-listener';
import { runQuery } from '@trino-gateway/testing/trino-client/run-query';

const TOKEN = 'events-of-the-real-one';
const say = (line: string) => void process.stderr.write(`${line}\n`);
// The plugin comes in 821 MB: where they cannot be fetched there is nothing to try.
const missing = await eventListenerPlugin(say).then(
  () => undefined,
  (error: Error) => error.message,
);
if (missing !== undefined) say(`skipped, the event listener of Trino cannot be fetched: ${missing}`);

(missing === undefined ? describe : describe.skip)('the event listener of a real Trino', () => {
  let suite: Suite;
  let trino: Coordinator;

  beforeAll(async () => {
    suite = await startSuite({ gatewayserver: { DEFAULT_GROUP: 'all', EVENTS_TOKEN: TOKEN } });
    trino = await startCoordinator({
      name: 'telling',
      events: { url: `${suite.gatewayserver.url}/v1/trino/events`, token: TOKEN },
      say,
    });
    await suite.addBackends({ telling: trino.url });
    await suite.addGroup('all', ['telling']);
  }, 900_000);

  afterAll(async () => {
    await trino?.stop();
    await suite?.[Symbol.asyncDispose]();
  }, 60_000);

  type Row = { user?: string; source?: string; text?: string; state?: string; startedAt?: string; endedAt?: string };
  type Told = Row & { rows?: string; error?: { name: string; message?: string } };

  /** The row of a query once its event has come: only events tell rows. */
  const reported = (id: string) =>
    until(
      `the event of ${id}`,
      async () => {
        const row = await suite.call<Told>('QueryService/GetQuery', { id }).catch(() => undefined);
        return row?.rows === undefined ? undefined : row;
      },
      60_000,
    );

  test.each<[string, string, string]>([
    ['a query: the rows it showed', 'SELECT * FROM tpch.tiny.nation', '25'],
    [
      'CREATE TABLE AS: the rows it wrote',
      'CREATE TABLE memory.default.nation AS SELECT * FROM tpch.tiny.nation',
      '25',
    ],
    ['INSERT: the rows it wrote', 'INSERT INTO memory.default.nation SELECT * FROM tpch.tiny.nation LIMIT 7', '7'],
    ['a query without a row', 'SELECT * FROM tpch.tiny.nation WHERE nationkey < 0', '0'],
  ])('history has from the event of %s', async (_, statement, rows) => {
    const { id, error } = await runQuery(suite.router.url, statement, { headers: { 'x-trino-source': 'real-events' } });
    expect(error).toBeUndefined();
    const row = await reported(id);
    expect(row).toMatchObject({ state: 'FINISHED', rows, text: statement, source: 'real-events' });
    const [startedAt, endedAt] = [row.startedAt, row.endedAt].map((time) => Date.parse(time ?? ''));
    expect(endedAt).toBeGreaterThanOrEqual(startedAt ?? Number.NaN);
  });

  test('a failed query has the error of its event, in the words its client saw', async () => {
    const { id, error } = await runQuery(suite.router.url, 'SELECT 1 / (nationkey - nationkey) FROM tpch.tiny.nation');
    expect(error?.errorName).toBe('DIVISION_BY_ZERO');
    expect(await reported(id)).toMatchObject({
      state: 'FAILED',
      error: { name: 'DIVISION_BY_ZERO', message: error?.message },
    });
  });

  test('a query whose client went away ends in history when the cluster gives it up', async () => {
    const gone = new AbortController();
    let id = '';
    await runQuery(suite.router.url, 'SELECT count(*) FROM tpch.sf100.lineitem', {
      signal: gone.signal,
      onPage: (page) => {
        if (page.stats.state !== 'RUNNING') return;
        id = page.id;
        gone.abort();
      },
    }).catch(() => undefined);
    // Behind the gateway's back, as an operator of the cluster would: no page of it passes the router.
    const kill = `CALL system.runtime.kill_query(query_id => '${id}', message => 'enough')`;
    expect((await runQuery(trino.url, kill)).error).toBeUndefined();
    expect(await reported(id)).toMatchObject({ state: 'FAILED', error: { name: 'ADMINISTRATIVELY_KILLED' } });
  });

  test('queries that do not pass the gateway, and its own probes, make no history', async () => {
    const aside = await runQuery(trino.url, 'SELECT 42 -- aside');
    const inside = await runQuery(suite.router.url, 'SELECT 42 -- inside');
    await reported(inside.id);
    const { queries = [] } = await suite.call<{ queries?: { id: string; source?: string }[] }>(
      'QueryService/ListQueries',
      { pageSize: 1_000 },
    );
    expect(queries.map(({ id }) => id)).toContain(inside.id);
    expect(queries.map(({ id }) => id)).not.toContain(aside.id);
    expect(queries.filter(({ source }) => source?.includes('trino-gateway'))).toEqual([]);
  });
});
