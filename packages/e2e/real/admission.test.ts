import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { type Coordinator, startCoordinator } from '../../../scripts/trino/coordinator.ts';
import { MissingTool } from '../../../scripts/trino/missing-tool.ts';
import { runStatement } from '../../../scripts/trino/statement.ts';
import { type ManyClient, runMany } from '../src/battery/many.ts';
import { until } from '../src/condition.ts';
import { highWaterMark } from '../src/high-water-mark.ts';
import { type Suite, startSuite } from '../src/suite.ts';
import { runQuery } from '../src/trino-query.ts';

// Two real clusters with two slots each, and 60 statements at the same time by clients of five kinds: twelve in one process
// of each driver, twelve by the bare protocol. Every third statement writes.
const LIMIT = 2;
const OF_EACH = 12;
const DRIVERS: ManyClient[] = ['dbapi', 'go', 'js', 'jdbc'];
const ALL = OF_EACH * (DRIVERS.length + 1);
const TABLE = 'memory.default.counted';
const say = (line: string) => void process.stderr.write(`${line}\n`);

let clusters: Coordinator[] = [];
let suite: Suite;

beforeAll(async () => {
  // Queries of clients that died are given up after 20 s instead of five minutes.
  const properties = { 'query.client.timeout': '20s' };
  clusters = [await startCoordinator({ name: 'one', properties, say })];
  clusters.push(await startCoordinator({ name: 'two', properties, say }));
  for (const { url } of clusters) await runStatement(url, `CREATE TABLE ${TABLE} (n bigint)`, { user: 'e2e' });
  suite = await startSuite({
    gatewayserver: { DEFAULT_GROUP: 'all' },
    router: { GATEWAYSERVER_WAIT: '60s', SUBMIT_TIME_LIMIT: '60s' },
  });
  const [one, two] = clusters;
  await suite.addBackends({ one: one?.url ?? '', two: two?.url ?? '' }, { maxRunningQueries: LIMIT });
  await suite.addGroup('all', ['one', 'two']);
}, 600_000);

afterAll(async () => {
  await suite?.[Symbol.asyncDispose]();
  await Promise.all(clusters.map((cluster) => cluster.stop()));
}, 60_000);

/** A cluster's own record of a statement: which, when it was created, when it ended. */
type Ran = { mark: string; number: number; from: number; to: number | undefined };

type Listed = { query: string; queryStats: { createTime: string; endTime?: string } };

/** What a cluster says it ran of a series. */
async function ran(cluster: Coordinator, mark: string): Promise<Ran[]> {
  const answer = await fetch(`${cluster.url}/v1/query`, {
    headers: { 'x-trino-user': 'e2e-looks' },
    signal: AbortSignal.timeout(30_000),
  });
  const queries = (await answer.json()) as Listed[];
  return queries.flatMap(({ query, queryStats: { createTime, endTime } }) => {
    const found = /\/\* (\w+) (\d+) \*\//.exec(query);
    if (found?.[1] !== mark) return [];
    return [
      { mark, number: Number(found[2]), from: Date.parse(createTime), to: endTime ? Date.parse(endTime) : undefined },
    ];
  });
}

const writes = (number: number) => number % 3 === 0;

/** The statement of a number; each takes a good part of a second, so that they pile up. */
function statement(mark: string, number: number, base: number): string {
  const comment = `/* ${mark} ${number} */`;
  return writes(number)
    ? `INSERT INTO ${TABLE} SELECT ${base + number} + count(*) - count(*) FROM tpch.sf1.customer ${comment}`
    : `SELECT ${number} + count(*) - count(*) FROM tpch.sf1.customer ${comment}`;
}
const expected = (number: number) => (writes(number) ? '1' : String(number));

/** What the INSERTs of a series left on both clusters, in order. */
async function written(base: number): Promise<number[]> {
  const rows = await Promise.all(
    clusters.map(({ url }) =>
      runStatement(url, `SELECT n FROM ${TABLE} WHERE n >= ${base} AND n < ${base + 1_000}`, { user: 'e2e' }),
    ),
  );
  return rows.flatMap((one) => one.rows.map(([n]) => Number(n) - base)).sort((a, b) => a - b);
}

type Stats = { groups: { queued?: number; running?: number; present?: number }[] };

/** Answers how many still wait: clients that died keep their place for five minutes. */
async function untilAtRest(): Promise<number> {
  return until(
    'all slots to be free, and nobody present to wait',
    async () => {
      const leases = await Promise.all(
        ['one', 'two'].map(async (id) => {
          const backend = await suite.call<{ condition?: { leases?: number } }>('BackendService/GetBackend', { id });
          return backend.condition?.leases ?? 0;
        }),
      );
      const { groups } = await suite.call<Stats>('QueueService/GetQueueStats', {});
      const busy = groups.some(({ running = 0, present = 0 }) => running + present > 0);
      if (busy || leases.some((count) => count > 0)) throw new Error(JSON.stringify({ leases, groups }));
      return groups.reduce((sum, { queued = 0 }) => sum + queued, 0);
    },
    60_000,
  );
}

/** All 60, over the five kinds; what each got. */
async function runAll(mark: string, base: number, kinds: readonly ManyClient[] = DRIVERS): Promise<string[]> {
  const numbers = (kind: number) => Array.from({ length: OF_EACH }, (_, at) => kind * OF_EACH + at);
  const options = { url: suite.router.url, user: 'e2e', timeoutMs: 600_000, say };
  const bare = numbers(0).map(async (number) => {
    const { rows, error } = await runQuery(suite.router.url, statement(mark, number, base), { retryForMs: 60_000 });
    return error ? `error: ${error.message}` : String(rows[0]?.[0]);
  });
  const drivers = kinds.map((kind, at) =>
    runMany(kind, { ...options, statements: numbers(at + 1).map((number) => statement(mark, number, base)) }),
  );
  const [first, ...others] = await Promise.all([Promise.all(bare), ...drivers]);
  return [...(first ?? []), ...others.flat()];
}

async function expectExact(mark: string, base: number, count: number): Promise<Ran[]> {
  expect(await untilAtRest()).toBe(0);
  const seen = await Promise.all(clusters.map((cluster) => ran(cluster, mark)));
  expect(seen.map(highWaterMark)).toEqual(seen.map(() => LIMIT));
  const all = seen.flat();
  expect(all.map(({ number }) => number).sort((a, b) => a - b)).toEqual(Array.from({ length: count }, (_, at) => at));
  const numbers = Array.from({ length: count }, (_, at) => at).filter(writes);
  expect(await written(base)).toEqual(numbers);
  return all;
}

/** Which of these clients can be had here; the others are said to be missing. */
async function presentDrivers(): Promise<ManyClient[]> {
  const found: ManyClient[] = [];
  for (const kind of DRIVERS) {
    try {
      const [url] = clusters.map((cluster) => cluster.url);
      const answer = await runMany(kind, {
        url: url ?? '',
        user: 'e2e',
        statements: ['SELECT 7'],
        timeoutMs: 240_000,
        say,
      });
      expect([kind, answer]).toEqual([kind, ['7']]);
      found.push(kind);
    } catch (error) {
      if (!(error instanceof MissingTool)) throw error;
      say(`${kind}: skipped: ${error.message}`);
    }
  }
  return found;
}

test('60 clients of five kinds: a cluster gets one query more than its limit, or an INSERT is done twice', async () => {
  const kinds = await presentDrivers();
  const results = await runAll('calm', 1_000, kinds);
  expect(results).toEqual(results.map((_, number) => expected(number)));
  await expectExact('calm', 1_000, OF_EACH * (kinds.length + 1));
});

test('60 clients while the gatewayserver is killed five times: a result is wrong, or the order of arrival is lost', async () => {
  const mark = 'restarts';
  const base = 10_000;
  const results: Promise<string>[] = [];
  // One after the other, so that there is an order of arrival.
  for (let number = 0; number < ALL; number++) {
    const submitted = Promise.withResolvers<void>();
    results.push(
      runQuery(suite.router.url, statement(mark, number, base), {
        retryForMs: 120_000,
        onPage: () => submitted.resolve(),
      }).then(({ rows, error }) => (error ? `error: ${error.message}` : String(rows[0]?.[0]))),
    );
    await submitted.promise;
  }
  const ended = async () =>
    (await Promise.all(clusters.map((cluster) => ran(cluster, mark)))).flat().filter(({ to }) => to);
  for (let kills = 1; kills <= 5; kills++) {
    await until(`${kills * 8} to have ended`, async () => (await ended()).length >= kills * 8, 300_000);
    await suite.gatewayserver.kill();
    await suite.gatewayserver.start();
  }
  expect(await Promise.all(results)).toEqual(Array.from({ length: ALL }, (_, number) => expected(number)));
  const all = await expectExact(mark, base, ALL);
  const order = all.toSorted((a, b) => a.from - b.from).map(({ number }) => number);
  const farthest = Math.max(...order.map((number, rank) => Math.abs(number - rank)));
  say(`gatewayserver killed five times: a query started at most ${farthest} places from its turn`);
  // Four slots may be filled at the same time, on two clusters; who starts first among those is the clusters' business. And
  // when the gatewayserver is back those are served first who poll first.
  expect(farthest).toBeLessThanOrEqual(2 * (2 * LIMIT));
});

test('60 clients while the router is killed: those that retry get a wrong result, or something is doubled or leaks', async () => {
  const mark = 'routerkills';
  const base = 20_000;
  const retries = (number: number) => number % 2 === 0;
  const outcomes = Array.from({ length: ALL }, (_, number) =>
    runQuery(suite.router.url, statement(mark, number, base), { retryForMs: retries(number) ? 120_000 : 0 }).then(
      ({ rows, error }) => (error ? `error: ${error.message}` : String(rows[0]?.[0])),
      (error: Error) => `broken: ${error.message}`,
    ),
  );
  await until(
    'some to have ended',
    async () => (await Promise.all(clusters.map((cluster) => ran(cluster, mark)))).flat().some(({ to }) => to),
    300_000,
  );
  await suite.router.kill();
  await suite.router.start();
  const got = await Promise.all(outcomes);
  const wrong = got.filter(
    (value, number) =>
      value !== expected(number) && (retries(number) || !/^broken: (fetch failed|terminated)$/.test(value)),
  );
  expect(wrong).toEqual([]);
  await untilAtRest();
  const seen = await Promise.all(clusters.map((cluster) => ran(cluster, mark)));
  for (const one of seen) expect(highWaterMark(one)).toBeLessThanOrEqual(LIMIT);
  const numbers = seen.flat().map(({ number }) => number);
  expect(new Set(numbers).size).toBe(numbers.length);
  const left = await written(base);
  expect(new Set(left).size).toBe(left.length);
  for (const [number, value] of got.entries()) if (writes(number) && value === '1') expect(left).toContain(number);
});
