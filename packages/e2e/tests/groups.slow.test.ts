import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { type ScriptedTrino, startScriptedTrino } from '@trino-gateway/testing';
import { until } from '@trino-gateway/testing/processes/until';
import { type Suite, startSuite } from '@trino-gateway/testing/suite/suite';
import { openQuery } from '@trino-gateway/testing/trino-client/open-query';
import { runQuery } from '@trino-gateway/testing/trino-client/run-query';
import { type HeldQueries, holdQueries } from '../support/held-queries.ts';

// Group etl of cluster one spills over to group adhoc of cluster two, where what went is seen from Trino's side.
const LIMIT_MS = 240_000;
type Row = { groupId: string; backendId: string; decidedBy: string; observed?: string[]; queuedMs?: number };
let suite: Suite;
let one: ScriptedTrino;
let two: ScriptedTrino;
let held: { one: HeldQueries; two: HeldQueries };

beforeAll(async () => {
  one = await startScriptedTrino();
  two = await startScriptedTrino();
  held = { one: holdQueries(one), two: holdQueries(two) };
  suite = await startSuite({ gatewayserver: { DEFAULT_GROUP: 'etl' } });
  await suite.addBackends({ one: one.url, two: two.url }, { maxRunningQueries: 1 });
  await suite.addGroup('adhoc', ['two']);
}, LIMIT_MS);

afterAll(async () => {
  await suite?.[Symbol.asyncDispose]();
  for (const trino of [one, two]) await trino?.stop();
}, LIMIT_MS);

const putGroup = (more: object) =>
  suite.call('GroupService/PutGroup', {
    group: { id: 'etl', backendIds: ['one'], spillOverGroupId: 'adhoc', ...more },
  });

/** The row of a query in history, once it is complete there. */
const historyOf = (id: string) =>
  until(`${id} in history`, async () => {
    const row = await suite.call<Row & { state: string }>('QueryService/GetQuery', { id }).catch(() => undefined);
    return row?.state === 'FINISHED' ? row : undefined;
  });

const metric = async (name: string) => {
  const text = await (await fetch(`${suite.gatewayserver.opsUrl}/metrics`)).text();
  return text.split('\n').filter((line) => line.startsWith(name));
};

test(
  'a full group spills over after a second: the oldest waiter first, before who waits in the other group and came later',
  async () => {
    await putGroup({ spillOverAfterMs: 1_000 });
    const first = runQuery(suite.router.url, 'SELECT held 1');
    const running = await held.one.untilRunning('SELECT held 1');
    const etl = await openQuery(suite.router.url, 'SELECT held 2');
    expect(etl.page).toMatchObject({ stats: { state: 'QUEUED' } });
    const began = performance.now();
    const done = etl.finish();
    const spilled = await held.two.untilRunning('SELECT held 2');
    expect(performance.now() - began).toBeGreaterThan(700);
    const behind = await openQuery(suite.router.url, 'SELECT held 3');
    const last = behind.finish();
    await until('the next to wait', async () => {
      const { queries } = await suite.call<{ queries?: { reason: string }[] }>('QueueService/ListQueued', {});
      return queries?.[0]?.reason.includes('group adhoc, to which it spills over, has no slot either');
    });
    expect([held.one.mostAtOnce(), held.two.mostAtOnce()]).toEqual([1, 1]);
    spilled.finishEarly();
    await done;
    (await held.two.untilRunning('SELECT held 3')).finishEarly();
    running.finishEarly();
    await Promise.all([first, last]);
    expect(await historyOf(etl.id)).toMatchObject({
      groupId: 'adhoc',
      backendId: 'two',
      decidedBy: 'default_group, spilled over from group etl',
    });
    expect(await metric('trino_gateway_spill_overs_total')).toEqual([
      'trino_gateway_spill_overs_total{from="etl",to="adhoc"} 2',
    ]);
  },
  LIMIT_MS,
);

test(
  'a limit that only observes makes nobody wait, and says in history whom it would have',
  async () => {
    await putGroup({ maxRunningQueriesPerBackend: 1, observeLimits: true, spillOverGroupId: '' });
    await suite.call('BackendService/PutBackend', { backend: { id: 'one', url: one.url } });
    const both = ['SELECT held 11', 'SELECT held 12'];
    const results = both.map((statement) => runQuery(suite.router.url, statement));
    const running = await Promise.all(both.map((statement) => held.one.untilRunning(statement)));
    for (const query of running) query.finishEarly();
    const rows = await Promise.all((await Promise.all(results)).map(({ id }) => historyOf(id)));
    const observed = rows.flatMap((row) => row.observed ?? []);
    expect(observed).toEqual([
      'slot: would have waited in group etl: all of its slots are taken (max_running_queries_per_backend)',
    ]);
    expect(await metric('trino_gateway_limits_observed_total')).toEqual([
      'trino_gateway_limits_observed_total{group="etl",limit="max_running_queries_per_backend",would="wait"} 1',
    ]);
  },
  LIMIT_MS,
);

test(
  'a group passes over who may not use it: to the fallback group of the policy, else with the reason to the client',
  async () => {
    await putGroup({ allowed: { users: ['ann'], userPatterns: ['etl_.*'] } });
    const policy = { id: 'p', clientTags: { anyOf: ['etl'] }, groupId: 'etl', fallbackGroupId: 'adhoc' };
    await suite.call('PolicyService/PutPolicy', { policy });
    const ran = async (user: string, headers: Record<string, string> = {}) => {
      const statement = `SELECT ${user.length}${user.charCodeAt(0)}`;
      const { error } = await runQuery(suite.router.url, statement, { user, headers });
      if (error) return error.message;
      return [one, two].findIndex(({ queries }) => queries.some((query) => query.statement === statement));
    };
    const tagged = { 'x-trino-client-tags': 'etl' };
    expect([await ran('ann', tagged), await ran('etl_7', tagged), await ran('bob', tagged)]).toEqual([0, 0, 1]);
    expect(await ran('carl')).toContain('group etl: user carl may not use it');
  },
  LIMIT_MS,
);
