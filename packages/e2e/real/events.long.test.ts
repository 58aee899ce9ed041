import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { until } from '@trino-gateway/testing/processes/until';
import { type Suite, startSuite } from '@trino-gateway/testing/suite/suite';
import { type Coordinator, startCoordinator } from '@trino-gateway/testing/trino/coordinator';
import { eventListenerPlugin } from '@trino-gateway/testing/trino/event-listener';
import { type OpenQuery, openQuery } from '@trino-gateway/testing/trino-client/open-query';
import { runQuery } from '@trino-gateway/testing/trino-client/run-query';
import { type EventRecorder, startEventRecorder } from '../support/event-recorder.ts';

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
  let recorder: EventRecorder;

  beforeAll(async () => {
    suite = await startSuite({ gatewayserver: { DEFAULT_GROUP: 'all', EVENTS_TOKEN: TOKEN } });
    recorder = await startEventRecorder();
    recorder.passOnTo([suite.gatewayserver.url]);
    trino = await startCoordinator({
      name: 'telling',
      events: { url: recorder.url, token: TOKEN },
      properties: { 'query.client.timeout': '20s' },
      say,
    });
    await suite.addBackends({ telling: trino.url }, { maxRunningQueries: 20 });
    await suite.addGroup('all', ['telling']);
  }, 900_000);

  afterAll(async () => {
    await trino?.stop();
    await recorder?.[Symbol.asyncDispose]();
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
  ])('case 114: history has from the event of %s', async (_, statement, rows) => {
    const { id, error } = await runQuery(suite.router.url, statement, { headers: { 'x-trino-source': 'real-events' } });
    expect(error).toBeUndefined();
    const row = await reported(id);
    expect(row).toMatchObject({ state: 'FINISHED', rows, text: statement, source: 'real-events' });
    const [startedAt, endedAt] = [row.startedAt, row.endedAt].map((time) => Date.parse(time ?? ''));
    expect(endedAt).toBeGreaterThanOrEqual(startedAt ?? Number.NaN);
  });

  test('case 114: a failed query has the error of its event, in the words its client saw', async () => {
    const { id, error } = await runQuery(suite.router.url, 'SELECT 1 / (nationkey - nationkey) FROM tpch.tiny.nation');
    expect(error?.errorName).toBe('DIVISION_BY_ZERO');
    expect(await reported(id)).toMatchObject({
      state: 'FAILED',
      error: { name: 'DIVISION_BY_ZERO', message: error?.message },
    });
  });

  test('case 114: a query whose client went away ends in history when the cluster gives it up', async () => {
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

  type Kept = { trinoQueryId: string; state: string; user: string; error?: { name: string; code?: number } };

  /** All rows of the history of this user. */
  async function historyOf(user: string): Promise<Kept[]> {
    const rows: Kept[] = [];
    for (let pageToken = ''; ; ) {
      type Answer = { queries?: Kept[]; nextPageToken?: string };
      const request = { user, pageSize: 500, ...(pageToken !== '' && { pageToken }) };
      const { queries = [], nextPageToken = '' } = await suite.call<Answer>('QueryService/ListQueries', request);
      rows.push(...queries);
      if (nextPageToken === '') return rows;
      pageToken = nextPageToken;
    }
  }

  const eventsOf = (user: string) => recorder.events.filter(({ context }) => context.user === user);
  /** It has begun to answer, is read no further, and costs the cluster nothing. */
  async function unread(user: string, at = suite.router.url): Promise<OpenQuery> {
    const query = await openQuery(at, 'SELECT * FROM tpch.tiny.lineitem', { 'x-trino-user': user });
    await until('it to have rows', async () => (await query.poll()).data !== undefined, 120_000, 0);
    return query;
  }

  test('case 114: of statements with five kinds of ends history says what the events say, and no slot is left', async () => {
    const user = 'accounted';
    const ends = [
      (at: string) => runQuery(at, 'SELECT 1', { user }),
      (at: string) => runQuery(at, 'SELECT 1 / (nationkey - nationkey) FROM tpch.tiny.nation', { user }),
      async () => (await unread(user)).cancel(),
      () => unread(user), // which the cluster gives up
      async (at: string) => {
        const { page } = await unread(user);
        await fetch(`${at}/v1/query/${page.id}/killed`, { method: 'PUT', headers: { 'x-trino-user': user } });
      },
    ];
    const count = Number(process.env.ACCOUNTED ?? 60);
    const left = Array.from({ length: count }, (_, number) => ends[number % ends.length]);
    const worker = async () => {
      for (let run = left.shift(); run !== undefined; run = left.shift()) await run(suite.router.url);
    };
    await Promise.all(Array.from({ length: 4 }, worker));
    await until('all events', () => eventsOf(user).length >= count, 300_000);
    const told = eventsOf(user).map(({ metadata, context, failureInfo }) => [
      ...[metadata.queryId, metadata.queryState, context.user],
      ...[failureInfo?.errorCode.name, failureInfo?.errorCode.code],
    ]);
    const kept = async () =>
      (await historyOf(user)).map(({ trinoQueryId, state, user: name, error }) => [
        ...[trinoQueryId, state, name],
        ...[error?.name, error?.code],
      ]);
    const sorted = (rows: unknown[][]) => rows.map((row) => JSON.stringify(row)).sort();
    await until('history to be complete', async () => (await kept()).every(([, state]) => /^F/.test(String(state))));
    expect(sorted(await kept())).toEqual(sorted(told));
    const names = Map.groupBy(told, ([, , , name]) => name ?? 'none');
    say(`of ${count} statements: ${[...names].map(([name, rows]) => `${rows.length} ${name}`).join(', ')}`);
    await until('no slot to be taken', async () => {
      type Known = { condition?: { leases?: number } };
      const { condition } = await suite.call<Known>('BackendService/GetBackend', { id: 'telling' });
      return (condition?.leases ?? 0) === 0;
    });
  }, 900_000);

  test('case 115: events that come twice, late or before the last page make one row', async () => {
    const user = 'repeated';
    recorder.keepBack();
    const late = await runQuery(suite.router.url, "SELECT 'late'", { user });
    await until('its event to be kept back', () => eventsOf(user).length === 1);
    await until('its end to be known', async () => (await historyOf(user))[0]?.state === 'FINISHED');
    await recorder.release(2);
    expect(await reported(late.id)).toMatchObject({ state: 'FINISHED', rows: '1' });
    const early = await openQuery(suite.router.url, "SELECT 'early'", { 'x-trino-user': user });
    await until('its rows', async () => (await early.poll()).data !== undefined, 60_000, 0);
    expect(await reported(early.page.id)).toMatchObject({ state: 'FINISHED', rows: '1' });
    if (early.page.nextUri !== undefined) await early.finish();
    const rows = await historyOf(user);
    expect(rows.map(({ trinoQueryId, state }) => [trinoQueryId, state]).sort()).toEqual(
      [late.id, early.page.id].map((id) => [id, 'FINISHED']).sort(),
    );
  }, 300_000);

  test.each([10, -10])(
    'case 116: with clocks that are %i minutes apart waits and runs are what they were, in pages and in the history',
    async (minutes) => {
      const ms = minutes * 60_000;
      const shifted = `const D=Date;globalThis.Date=class extends D{constructor(...a){if(a.length)super(...a);else super(D.now()+${ms})}static now(){return D.now()+${ms}}}`;
      const apart = `--import=data:text/javascript,${encodeURIComponent(shifted)}`;
      await using other = await startSuite({
        gatewayserver: { DEFAULT_GROUP: 'all', EVENTS_TOKEN: TOKEN },
        nodeOptions: { gatewayserver: apart, monitor: apart, router: apart },
      });
      recorder.passOnTo([suite.gatewayserver.url, other.gatewayserver.url]);
      try {
        await other.addBackends({ telling: trino.url }, { maxRunningQueries: 1 });
        await other.addGroup('all', ['telling']);
        const first = await unread('apart', other.router.url);
        const waiting = await openQuery(other.router.url, "SELECT 'waited'", { 'x-trino-user': 'apart' });
        expect((await waiting.poll()).stats.state).toBe('QUEUED');
        await first.cancel();
        expect((await waiting.finish()).stats.state).toBe('FINISHED');
        type Timed = { rows?: string; queuedMs: number; submittedAt: string; startedAt: string; endedAt: string };
        const row = await until('its event', async () => {
          const found = await other.call<Timed>('QueryService/GetQuery', { id: waiting.id });
          return found.rows !== undefined && found;
        });
        say(`${minutes} minutes apart: ${JSON.stringify(row)}`);
        const [submitted = 0, started = 0, ended = 0] = [row.submittedAt, row.startedAt, row.endedAt].map(Date.parse);
        expect(row.queuedMs).toBeGreaterThan(0);
        expect(row.queuedMs).toBeLessThan(60_000);
        expect(started - submitted).toBeGreaterThanOrEqual(row.queuedMs);
        expect(started - submitted).toBeLessThan(60_000);
        expect(ended - started).toBeGreaterThan(0);
        expect(ended - started).toBeLessThan(60_000);
        const { stats } = waiting.page as unknown as { stats: Record<string, number> };
        for (const [name, value] of Object.entries(stats))
          if (/Millis$/.test(name)) expect([name, value >= 0]).toEqual([name, true]);
      } finally {
        recorder.passOnTo([suite.gatewayserver.url]);
      }
    },
    300_000,
  );
});
