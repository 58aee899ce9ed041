import { monitorEventLoopDelay } from 'node:perf_hooks';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { type RunningDatabase, startDatabase } from '@trino-gateway/testing/databases/start-database';
import { until } from '@trino-gateway/testing/processes/until';
import type { ServiceProcess } from '@trino-gateway/testing/suite/start-service';
import { type Suite, startSuite } from '@trino-gateway/testing/suite/suite';
import { MissingToolError } from '@trino-gateway/testing/toolchains/missing-tool';
import { runQuery } from '@trino-gateway/testing/trino-client/run-query';
import type { ManyClient } from '../client-matrix/run-many.ts';
import { type Balancer, startBalancer } from '../support/balancer.ts';
import { grantedSlots } from '../support/granted-slots.ts';
import { highWaterMark } from '../support/high-water-mark.ts';
import { overtakings } from '../support/overtakings.ts';
import { type LimitedClusters, type Ran, startLimitedClusters } from './limited-clusters.ts';
import { expected, isBare, isWrite, presentDrivers, runSixty } from './sixty-clients.ts';

// Two real clusters with two slots each, in front of them one of each process on SQLite, then two gatewayservers and two
// routers on each database server, and 60 clients of five kinds who know one address. Everything is killed in turn.
const LIMIT = 2;
const KILLS = 5;
const SLOTS = 2 * LIMIT;
/** After this a poll has arrived at the database, and for each of so many steps as much longer as this busy machine delays one. */
const ARRIVES_WITHIN_MS = 2_000;
const STEPS = 10;
const delays = monitorEventLoopDelay();
const say = (line: string) => void process.stderr.write(`${line}\n`);

let clusters: LimitedClusters;
let drivers: ManyClient[];

beforeAll(async () => {
  clusters = await startLimitedClusters(say);
  drivers = await presentDrivers(clusters.urls[0]);
}, 900_000);

afterAll(async () => {
  await clusters?.[Symbol.asyncDispose]();
}, 60_000);

type Stage = { name: string; replicas: number; database: RunningDatabase | undefined };
const stages: Stage[] = [{ name: 'one of each process on SQLite', replicas: 1, database: undefined }];
for (const engine of ['mysql', 'postgres'] as const) {
  const name = `two gatewayservers and two routers on ${engine}`;
  try {
    stages.push({ name, replicas: 2, database: await startDatabase(engine) });
  } catch (error) {
    if (!(error instanceof MissingToolError)) throw error;
    test.skip(`${name}: ${error.message}`, () => {});
  }
}
afterAll(() => Promise.all(stages.map(({ database }) => database?.[Symbol.asyncDispose]())), 60_000);

describe.each(stages)('$name', ({ replicas, database }) => {
  let suite: Suite;
  let balancer: Balancer;
  const restarts: { from: number; to: number }[] = [];

  beforeAll(async () => {
    suite = await startSuite({
      gatewayservers: replicas,
      routers: replicas,
      ...(database && { databaseUrl: database.url }),
      gatewayserver: { DEFAULT_GROUP: 'all' },
      router: { GATEWAYSERVER_WAIT: '60s', SUBMIT_TIME_LIMIT: '60s' },
    });
    const [one, two] = clusters.urls;
    await suite.addBackends({ one, two }, { maxRunningQueries: LIMIT });
    await suite.addGroup('all', ['one', 'two']);
    // A new group is known to the other gatewayserver a moment later.
    for (const { url } of suite.routers)
      await until('a first query to run', async () => (await runQuery(url, 'SELECT 1')).error === undefined);
    balancer = await startBalancer(suite.routers.map(({ url }) => url));
  }, 300_000);

  afterAll(async () => {
    await balancer?.[Symbol.asyncDispose]();
    await suite?.[Symbol.asyncDispose]();
  }, 60_000);

  const runAll = (mark: string, retries = (_: number) => true) => {
    delays.reset();
    delays.enable();
    return runSixty({ url: balancer.url, mark, drivers, retries });
  };

  test('case 58, 59: 60 clients while gatewayservers are killed: every result is right, written once and in queue order, within the limits', async () => {
    const mark = markOf('servers');
    const results = runAll(mark);
    await killInTurn(mark, suite.gatewayservers, 4);
    const all = await expectAllRight(mark, await results);
    await expectOrder(mark, all);
  });

  test('case 58, 59: 60 clients while routers are killed: each that retries gets its right result, nothing is doubled, nothing leaks', async () => {
    const mark = markOf('routers');
    const retries = (number: number) => isBare(number) && number % 2 === 0;
    const results = runAll(mark, retries);
    await killInTurn(mark, suite.routers, 1);
    const got = await results;
    const wrong = got.filter(
      (value, number) => value !== expected(number) && (retries(number) || !isCleanlyBroken(value)),
    );
    expect(wrong).toEqual([]);
    await clusters.giveUp(mark);
    await untilAtRest();
    const seen = await clusters.ran(mark);
    for (const one of seen) expect(highWaterMark(one)).toBeLessThanOrEqual(LIMIT);
    const numbers = seen.flat().map(({ number }) => number);
    expect(new Set(numbers).size).toBe(numbers.length);
    const left = await clusters.written(mark);
    expect(new Set(left).size).toBe(left.length);
    for (const [number, value] of got.entries()) if (isWrite(number) && value === '1') expect(left).toContain(number);
    await expectOrder(mark, seen.flat());
  });

  /** Unlike that of any other run on these clusters. */
  const markOf = (what: string) => `${what}${stages.findIndex((stage) => stage.database === database)}`;

  /** Kills five times, one after the other, each when so many more statements have ended, and starts it again. */
  async function killInTurn(mark: string, processes: readonly ServiceProcess[], each: number): Promise<void> {
    const ended = async () => (await clusters.ran(mark)).flat().filter(({ to }) => to).length;
    for (let kills = 1; kills <= KILLS; kills++) {
      await until(`${kills * each} to have ended`, async () => (await ended()) >= kills * each, 300_000, 200);
      const victim = processes[kills % processes.length];
      const from = Date.now();
      await victim?.kill();
      await victim?.start();
      restarts.push({ from, to: Date.now() });
    }
  }

  async function expectAllRight(mark: string, results: readonly string[]): Promise<Ran[]> {
    const numbers = results.map((_, number) => number);
    expect(results).toEqual(numbers.map(expected));
    expect(await untilAtRest()).toBe(0);
    const seen = await clusters.ran(mark);
    expect(seen.map(highWaterMark)).toEqual(seen.map(() => LIMIT));
    expect(
      seen
        .flat()
        .map(({ number }) => number)
        .sort((a, b) => a - b),
    ).toEqual(numbers);
    expect(await clusters.written(mark)).toEqual(numbers.filter(isWrite));
    return seen.flat();
  }

  async function expectOrder(mark: string, all: readonly Ran[]): Promise<void> {
    const grants = await grantedSlots(suite.databaseUrl, mark);
    const certainAfterMs = ARRIVES_WITHIN_MS + STEPS * (delays.max / 1e6);
    // A poll that a kill has cut inside has to find its way back once all are there again.
    const pollsOf = (id: string) =>
      balancer.polls(id).map(({ from, to = Number.POSITIVE_INFINITY }) => {
        const back = restarts
          .filter((restart) => restart.from <= to && restart.to >= from)
          .map((restart) => restart.to);
        return { from: Math.max(from, ...back), to };
      });
    expect(overtakings(grants, pollsOf, certainAfterMs)).toEqual([]);
    // A query begins some time after it was granted its slot; those granted before it that have not begun hold the other slots.
    const startOf = new Map(all.map(({ queryId, from }) => [queryId, from]));
    const started = grants.flatMap(({ queryId, grantedAt }) => {
      const from = startOf.get(queryId);
      return from === undefined ? [] : [{ grantedAt, from }];
    });
    const before = started.map((late) =>
      started.filter((early) => early.grantedAt < late.grantedAt && early.from > late.from),
    );
    const most = Math.max(...before.map(({ length }) => length));
    say(`${mark}: a query began before at most ${most} that was granted its slot earlier`);
    expect(most).toBeLessThan(SLOTS);
  }

  /** Answers how many still wait: clients that died keep their place for five minutes. */
  function untilAtRest(): Promise<number> {
    return until(
      'all slots to be free, and nobody present to wait',
      async () => {
        const leases = await Promise.all(
          ['one', 'two'].map(async (id) => {
            const backend = await suite.call<{ condition?: { leases?: number } }>('BackendService/GetBackend', { id });
            return backend.condition?.leases ?? 0;
          }),
        );
        const { groups = [] } = await suite.call<Stats>('QueueService/GetQueueStats', {});
        const busy = groups.some(({ running = 0, present = 0 }) => running + present > 0);
        if (busy || leases.some((count) => count > 0)) throw new Error(JSON.stringify({ leases, groups }));
        return groups.reduce((sum, { queued = 0 }) => sum + queued, 0);
      },
      120_000,
    );
  }
});

type Stats = { groups?: { queued?: number; running?: number; present?: number }[] };

/** A client that was cut off, in the words of the five kinds. */
function isCleanlyBroken(value: string): boolean {
  return /^(broken|error): .*(fetch failed|terminated|Connection aborted|hang up|ECONNRESET|EOF|unexpected end of stream|closed|reset)/i.test(
    value,
  );
}
