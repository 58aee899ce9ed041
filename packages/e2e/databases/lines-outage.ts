// What every process logs while the database is away: which process does not answer, once a minute with a count. Not among the
// plain tests: scripts/databases/test-databases.ts runs it with an engine.
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, expect, jest, test } from '@jest/globals';
import { type ScriptedTrino, startScriptedTrino } from '@trino-gateway/testing';
import { ENGINES, type RunningDatabase, startDatabase } from '@trino-gateway/testing/databases/start-database';
import { until } from '@trino-gateway/testing/processes/until';
import { type Suite, startSuite } from '@trino-gateway/testing/suite/suite';
import { runQuery } from '@trino-gateway/testing/trino-client/run-query';
import { linesSince } from '../support/log-lines.ts';

const engine = ENGINES.find((name) => name === process.env.TEST_OUTAGE_ENGINE) ?? 'postgres';
// On one of the engines long enough for lines that come once a minute: what is said does not depend on the engine, and this one is done
// with the rest first.
const outageMs = Number(process.env.TEST_OUTAGE_SECONDS ?? (engine === 'postgres' ? 70 : 10)) * 1_000;
jest.setTimeout(outageMs + 300_000);

let database: RunningDatabase;
let trino: ScriptedTrino;
let suite: Suite;

beforeAll(async () => {
  database = await startDatabase(engine);
  trino = await startScriptedTrino();
  suite = await startSuite({
    databaseUrl: database.url,
    gatewayserver: { DEFAULT_GROUP: 'all' },
    router: { GATEWAYSERVER_WAIT: '1s', SUBMIT_TIME_LIMIT: '2s' },
  });
  await suite.addBackends({ limited: trino.url }, { maxRunningQueries: 1 });
  await suite.addBackends({ open: trino.url });
  await suite.addGroup('all', ['open']);
  await suite.addGroup('few', ['limited']);
  const policy = { id: 'few', clientTags: { anyOf: ['few'] }, groupId: 'few' };
  await suite.call('PolicyService/PutPolicy', { policy });
});

afterAll(async () => {
  await suite?.[Symbol.asyncDispose]();
  await trino?.stop();
  await database?.[Symbol.asyncDispose]();
});

/** Statements that need slots, and such that need none. */
async function traffic(until: number): Promise<void> {
  while (Date.now() < until) {
    void runQuery(suite.router.url, 'SELECT 1').catch(() => {});
    const headers = { 'X-Trino-Client-Tags': 'few' };
    void runQuery(suite.router.url, 'SELECT 2', { headers } as never).catch(() => {});
    await delay(500);
  }
}

test(`${engine}: while the database is away for ${outageMs / 1_000} s each process says so in a few lines, and lists say as of when they are`, async () => {
  const since = linesSince({ gatewayserver: suite.gatewayserver, monitor: suite.monitor, router: suite.router });
  const wentAt = Date.now();
  await database.stop();
  const busy = traffic(wentAt + outageMs);
  type List = { asOf?: string; backends?: { id: string }[] };
  const list = () => suite.call<List>('BackendService/ListBackends', {});
  const stale = await until('lists to be as of then', async () => {
    const answer = await list();
    return answer.asOf === undefined ? undefined : answer;
  });
  expect(stale.backends?.map(({ id }) => id)).toEqual(['limited', 'open']);
  expect(Math.abs(Date.parse(stale.asOf ?? '') - wentAt)).toBeLessThan(15_000);
  const ready = await fetch(`${suite.gatewayserver.opsUrl}/readyz`);
  expect([ready.status, await ready.text()]).toEqual([
    200,
    expect.stringContaining('the database does not answer since'),
  ]);
  await busy;
  await database.restart();
  await until('lists to be of now', async () => (await list()).asOf === undefined);
  const { origin } = new URL(suite.gatewayserver.url);
  const named = `the database of gatewayserver ${origin} does not answer`;
  const warned = since.messages('warn');
  process.stderr.write(`${engine}: lines in ${outageMs / 1_000} s: ${JSON.stringify(since.counts())}\n`);
  expect(warned.gatewayserver).toEqual(expect.arrayContaining([expect.stringContaining('the database is away')]));
  expect(warned.monitor).toEqual(expect.arrayContaining([named]));
  expect(warned.router).toEqual(expect.arrayContaining([expect.stringContaining(named)]));
  expect(JSON.stringify(warned.monitor)).not.toContain('the gatewayserver does not answer');
  // One line a minute for each kind of thing that does not work.
  const minutes = Math.ceil(outageMs / 60_000);
  const most = { gatewayserver: 5 * minutes, monitor: 2 * minutes, router: 2 * minutes };
  for (const name of ['gatewayserver', 'monitor', 'router'] as const)
    expect(warned[name].length).toBeLessThanOrEqual(most[name]);
});
