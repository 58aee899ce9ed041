import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { type ScriptedTrino, startScriptedTrino } from '@trino-gateway/testing';
import { until } from '@trino-gateway/testing/processes/until';
import { type Suite, startSuite } from '@trino-gateway/testing/suite/suite';
import { type QueryResult, runQuery } from '@trino-gateway/testing/trino-client/run-query';

// kill -9 while 50 queries run, one test per victim.
const QUERIES = 50;
let one: ScriptedTrino;
let two: ScriptedTrino;
let suite: Suite;

beforeEach(async () => {
  const script = { runMs: 8_000, columns: [{ name: 'n', type: 'bigint' }], rows: [[7]] };
  [one, two] = await Promise.all([startScriptedTrino(), startScriptedTrino()]);
  for (const trino of [one, two]) trino.when(/^SELECT slow/, script);
  suite = await startSuite({
    routers: 2,
    gatewayserver: { DEFAULT_GROUP: 'all' },
    router: { GATEWAYSERVER_WAIT: '60s', SUBMIT_TIME_LIMIT: '60s' },
  });
  await suite.addBackends({ one: one.url, two: two.url });
  await suite.addGroup('all', ['one', 'two'], { strategy: 'ROUND_ROBIN' });
}, 240_000);

afterEach(async () => {
  await suite?.[Symbol.asyncDispose]();
  await Promise.all([one?.stop(), two?.stop()]);
}, 240_000);

type Outcome = { ok: QueryResult } | { failed: Error };

/** 50 queries through this router; resolves once all have begun on their clusters, where they run for 8 s. */
async function startQueries(retryForMs: number): Promise<Promise<Outcome>[]> {
  const running = new Set<number>();
  const outcomes = Array.from({ length: QUERIES }, (_, index) =>
    runQuery(suite.router.url, `SELECT slow ${index}`, {
      retryForMs,
      onPage: (page) => {
        if (page.stats.state === 'RUNNING') running.add(index);
      },
    }).then(
      (ok): Outcome => ({ ok }),
      (failed: Error): Outcome => ({ failed }),
    ),
  );
  await until(`${QUERIES} queries to begin`, () => began().length === QUERIES);
  return outcomes;
}

const rowsOf = (outcome: Outcome) => ('ok' in outcome ? outcome.ok.rows : outcome.failed.message);

/** The slow queries that began, over both clusters and all their incarnations. */
const began = () => [...one.queries, ...two.queries].filter(({ statement }) => statement.startsWith('SELECT slow'));

/** How often each statement began. */
const timesRun = () =>
  Array.from(
    { length: QUERIES },
    (_, index) => began().filter(({ statement }) => statement === `SELECT slow ${index}`).length,
  );

test('a coordinator dies: its queries fail clearly, the others go on, new ones avoid it at once', async () => {
  const outcomes = await startQueries(0);
  await one.kill();
  const next = await Promise.all(
    Array.from({ length: 10 }, (_, index) => runQuery(suite.router.url, `SELECT ${index}`)),
  );
  expect(next.map(({ error }) => error)).toEqual(Array(10).fill(undefined));
  expect(next.every(({ id }) => id.endsWith(two.suffix))).toBe(true);
  const ended = (await Promise.all(outcomes)).map((outcome) => ('ok' in outcome ? outcome.ok : undefined));
  expect(ended).not.toContain(undefined);
  const failed = ended.filter((result) => result?.error);
  expect(failed.length).toBeGreaterThan(0);
  expect(new Set(failed.map((result) => result?.error?.errorName))).toEqual(new Set(['REMOTE_HOST_GONE']));
  expect(failed.every((result) => !result?.id.endsWith(two.suffix))).toBe(true);
  const survived = ended.filter((result) => result?.id.endsWith(two.suffix));
  expect(survived.map((result) => result?.rows)).toEqual(Array(QUERIES / 2).fill([[7]]));
  expect(timesRun()).toEqual(Array(QUERIES).fill(1));
}, 240_000);

test('a coordinator comes back: it gets queries again without an operator', async () => {
  await one.kill();
  await until(
    'one to be found unhealthy',
    async () => {
      const { condition } = await suite.call<{ condition?: { available?: boolean } }>('BackendService/GetBackend', {
        id: 'one',
      });
      return condition?.available !== true;
    },
    60_000,
  );
  await one.restart();
  await until(
    'a query on one again',
    async () => (await runQuery(suite.router.url, 'SELECT 1')).id.endsWith(one.suffix),
    60_000,
  );
}, 240_000);

test('the gatewayserver dies: running queries are unaffected, new ones wait for it, nothing is lost', async () => {
  const outcomes = await startQueries(0);
  await suite.gatewayserver.kill();
  const waiting = runQuery(suite.router.url, 'SELECT 1');
  const ended = await Promise.all(outcomes);
  expect(ended.map(rowsOf)).toEqual(Array(QUERIES).fill([[7]]));
  await suite.gatewayserver.start();
  expect((await waiting).error).toBeUndefined();
  expect(timesRun()).toEqual(Array(QUERIES).fill(1));
  const entries = await until(
    'all 50 in history as finished',
    async () => {
      const { queries = [] } = await suite.call<{ queries?: { text: string; state: string }[] }>(
        'QueryService/ListQueries',
        { state: 'FINISHED', text: 'slow', pageSize: 1000 },
      );
      return queries.length === QUERIES ? queries : undefined;
    },
    60_000,
  );
  expect(new Set(entries.map(({ text }) => text)).size).toBe(QUERIES);
}, 240_000);

test('the router dies and comes back: clients that retry finish, nothing runs twice', async () => {
  const outcomes = await startQueries(30_000);
  await suite.router.kill();
  await suite.router.start();
  const ended = await Promise.all(outcomes);
  expect(ended.map(rowsOf)).toEqual(Array(QUERIES).fill([[7]]));
  expect(timesRun()).toEqual(Array(QUERIES).fill(1));
}, 240_000);

test('the router dies: clients that do not retry get a clean connection error; another replica serves the same polls', async () => {
  const links: string[] = [];
  const outcomes = Array.from({ length: QUERIES }, (_, index) =>
    runQuery(suite.router.url, `SELECT slow ${index}`, {
      onPage: (page) => {
        if (page.nextUri) links[index] = page.nextUri;
      },
    }).then(
      (ok): Outcome => ({ ok }),
      (failed: Error): Outcome => ({ failed }),
    ),
  );
  await until(`${QUERIES} queries to begin`, () => began().length === QUERIES);
  await suite.router.kill();
  const ended = await Promise.all(outcomes);
  const codes = ended.map((outcome) => ('failed' in outcome ? (outcome.failed as NodeJS.ErrnoException).code : 'rows'));
  expect(codes.filter((code) => code !== 'ECONNRESET' && code !== 'ECONNREFUSED')).toEqual([]);
  const second = suite.routers[1]?.url ?? '';
  const states = await Promise.all(
    links.map(async (link) => {
      const answer = await fetch(`${second}${new URL(link).pathname}`, { headers: { 'x-trino-user': 'e2e' } });
      return answer.status;
    }),
  );
  expect(states).toEqual(Array(QUERIES).fill(200));
  await suite.router.start();
}, 240_000);

test('the monitor dies: queries go on being routed by what it last found', async () => {
  await suite.monitor.kill();
  const results = await Promise.all(
    Array.from({ length: 20 }, (_, index) => runQuery(suite.router.url, `SELECT ${index}`)),
  );
  expect(results.map(({ error }) => error)).toEqual(Array(20).fill(undefined));
  await suite.monitor.start();
}, 240_000);
