// A database that goes away while queries wait. Not among the plain tests: scripts/databases/test-databases.ts runs it with
// an engine. TEST_OUTAGE_SECONDS says how long it is away.
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, expect, jest, test } from '@jest/globals';
import { type ScriptedTrino, startScriptedTrino } from '@trino-gateway/testing';
import { ENGINES, type RunningDatabase, startDatabase } from '@trino-gateway/testing/databases/start-database';
import { until } from '@trino-gateway/testing/processes/until';
import { type Suite, startSuite } from '@trino-gateway/testing/suite/suite';
import { openQuery } from '@trino-gateway/testing/trino-client/open-query';
import { runQuery } from '@trino-gateway/testing/trino-client/run-query';
import { type HeldQueries, holdQueries } from '../support/held-queries.ts';

const engine = ENGINES.find((name) => name === process.env.TEST_OUTAGE_ENGINE) ?? 'postgres';
const outageMs = Number(process.env.TEST_OUTAGE_SECONDS ?? 20) * 1_000;
const LONGEST_WAIT = '600s';
jest.setTimeout(outageMs + 300_000);

let database: RunningDatabase;
let trino: ScriptedTrino;
let held: HeldQueries;
let suite: Suite;

beforeAll(async () => {
  database = await startDatabase(engine);
  trino = await startScriptedTrino();
  held = holdQueries(trino);
  suite = await startSuite({
    databaseUrl: database.url,
    gatewayserver: { DEFAULT_GROUP: 'all' },
    router: { GATEWAYSERVER_WAIT: LONGEST_WAIT, SUBMIT_TIME_LIMIT: LONGEST_WAIT },
  });
  await suite.addBackends({ one: trino.url }, { maxRunningQueries: 1 });
  await suite.addGroup('all', ['one']);
});

afterAll(async () => {
  await suite?.[Symbol.asyncDispose]();
  await trino?.stop();
  await database?.[Symbol.asyncDispose]();
});

const submitted = () => trino.requests.filter(({ method }) => method === 'POST').length;

/** A client that polls to the end; what it read while its query waited. */
async function wait(statement: string) {
  const query = await openQuery(suite.router.url, statement);
  const pages: string[] = [];
  const poll = async () => {
    while (query.page.nextUri !== undefined) {
      const { id, stats, error } = await query.poll();
      if (id === query.id) pages.push(`${stats.state} ${error?.errorName ?? ''}`.trim());
    }
    return query.page;
  };
  return { pages, end: poll() };
}

test(`${engine}: while the database is away for ${outageMs / 1_000} s in mid-queue clients read that they wait, nothing starts without a slot, and nothing is lost`, async () => {
  const first = runQuery(suite.router.url, 'SELECT held 0');
  const running = await held.untilRunning('SELECT held 0');
  const waiting: Awaited<ReturnType<typeof wait>>[] = [];
  for (const n of [1, 2, 3]) waiting.push(await wait(`SELECT held ${n}`));
  await until('all of them to poll', () => waiting.every(({ pages }) => pages.length > 0));
  const before = submitted();

  await database.stop();
  const seen = waiting.map(({ pages }) => pages.length);
  // The slot becomes free and cannot be offered; a new query waits for an answer.
  running.finishEarly();
  expect((await first).rows).toEqual([[7]]);
  const late = wait('SELECT held 4');
  late.catch(() => {});
  await delay(outageMs);
  // Its health probes, which hold no slot, go on.
  expect(held.begun()).toEqual(['SELECT held 0']);
  expect(submitted()).toBeGreaterThan(before);
  for (const [at, { pages }] of waiting.entries()) expect(pages.length).toBeGreaterThan(seen[at] ?? 0);
  expect((await fetch(`${suite.gatewayserver.opsUrl}/readyz`)).status).toBe(200);

  await database.restart();
  // While one of the others has the slot: it waits, too.
  waiting.push(await late);
  for (const n of [1, 2, 3, 4]) (await held.untilRunning(`SELECT held ${n}`)).finishEarly();
  for (const { end, pages } of waiting) {
    expect(await end).toMatchObject({ stats: { state: 'FINISHED' } });
    expect(pages.filter((page) => page !== 'QUEUED')).toEqual([]);
  }
  expect(held.begun()).toEqual([0, 1, 2, 3, 4].map((n) => `SELECT held ${n}`));
  expect(held.mostAtOnce()).toBe(1);
  await until('all slots to be free', async () => {
    const { condition } = await suite.call<{ condition?: { leases?: number } }>('BackendService/GetBackend', {
      id: 'one',
    });
    return (condition?.leases ?? 0) === 0;
  });
});
