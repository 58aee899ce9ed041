import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { type ScriptedTrino, startScriptedTrino } from '@trino-gateway/testing';
import { until } from '@trino-gateway/testing/processes/until';
import { type Suite, startSuite } from '@trino-gateway/testing/suite/suite';
import { runQuery } from '@trino-gateway/testing/trino-client/run-query';

type Condition = {
  available?: boolean;
  reasons?: string[];
  liveQueries?: number;
  schedule?: { scheduledUp?: boolean; nextChanges?: { at: string; scheduledUp?: boolean }[] };
};

let trinos: [ScriptedTrino, ScriptedTrino];
let suite: Suite;

beforeAll(async () => {
  trinos = [await startScriptedTrino(), await startScriptedTrino()];
  suite = await startSuite({ gatewayserver: { DEFAULT_GROUP: 'all' } });
  await suite.addBackends({ always: trinos[0].url, nightly: trinos[1].url });
  await suite.addGroup('all', ['always', 'nightly'], { strategy: 'ROUND_ROBIN' });
}, 240_000);

afterAll(async () => {
  await suite?.[Symbol.asyncDispose]();
  for (const trino of trinos ?? []) await trino.stop();
});

const condition = async () =>
  (await suite.call<{ condition: Condition }>('BackendService/GetBackend', { id: 'nightly' })).condition;
/** Runs statements, and answers how many of them the backend with the schedule ran. */
const ranOnNightly = async (marker: string): Promise<number> => {
  const statements = Array.from({ length: 6 }, (_, at) => `SELECT '${marker}-${at}'`);
  for (const statement of statements) expect((await runQuery(suite.router.url, statement)).error).toBeUndefined();
  return trinos[1].queries.filter(({ statement }) => statements.includes(statement)).length;
};

test('a cluster outside its schedule gets no new queries, keeps those it has, and operators see when it comes back', async () => {
  expect(await ranOnNightly('before')).toBe(3);
  trinos[1].when('SELECT long', { columns: [{ name: 'x', type: 'integer' }], rows: [[1]], runMs: 3_600_000 });
  trinos[0].when('SELECT long', { columns: [{ name: 'x', type: 'integer' }], rows: [[1]], runMs: 3_600_000 });
  const running = [runQuery(suite.router.url, 'SELECT long'), runQuery(suite.router.url, 'SELECT long')];
  const query = await until('a long query on the backend', () =>
    trinos[1].queries.find(({ statement, state }) => statement === 'SELECT long' && state === 'RUNNING'),
  );

  // A few hours in another half of the year than the one the test runs in.
  const month = new Date().getUTCMonth() < 6 ? 12 : 1;
  const backend = { id: 'nightly', url: trinos[1].url, timeZone: 'Europe/Vienna' };
  await suite.call('BackendService/PutBackend', { backend: { ...backend, uptimeSchedule: `* 2-4 1 ${month} *` } });
  const outside = await until('the schedule to hold', async () => {
    const now = await condition();
    return now.available ? undefined : now;
  });
  expect(outside.reasons).toEqual([
    expect.stringContaining(`it is outside its uptime schedule "* 2-4 1 ${month} *" (Europe/Vienna) until 2`),
  ]);
  expect(outside.schedule?.nextChanges?.slice(0, 2)).toEqual([
    { at: expect.stringMatching(/T01:00:00Z$/), scheduledUp: true },
    { at: expect.stringMatching(/T04:00:00Z$/) },
  ]);
  expect(await ranOnNightly('outside')).toBe(0);
  expect(query.state).toBe('RUNNING');
  const long = trinos.flatMap(({ queries }) => queries.filter(({ statement }) => statement === 'SELECT long'));
  for (const one of long) one.finishEarly();
  for (const result of await Promise.all(running)) expect(result.error).toBeUndefined();

  await suite.call('BackendService/PutBackend', { backend: { ...backend, uptimeSchedule: '* * * * *' } });
  await until('the schedule to hold', async () => (await condition()).schedule?.scheduledUp);
  expect(await ranOnNightly('inside')).toBe(3);
}, 240_000);
