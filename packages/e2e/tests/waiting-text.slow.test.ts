import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { openDataSource } from '@trino-gateway/gatewayserver/storage/data-source';
import { parseDatabaseUrl } from '@trino-gateway/gatewayserver/storage/database-url';
import { startScriptedTrino } from '@trino-gateway/testing';
import { until } from '@trino-gateway/testing/processes/until';
import { type Suite, startSuite } from '@trino-gateway/testing/suite/suite';
import { openQuery } from '@trino-gateway/testing/trino-client/open-query';
import { holdQueries } from '../support/held-queries.ts';

const MARKER = 'marker-of-a-statement';
type Row = { text?: string; state?: string };

/** The files, and the tables of the database, in which a text stands as it is. */
async function placesOf(text: string, { folder, databaseUrl }: Suite): Promise<string[]> {
  const places: string[] = [];
  for (const name of await readdir(folder))
    if ((await readFile(join(folder, name))).includes(text)) places.push(`file ${name}`);
  const source = await openDataSource(parseDatabaseUrl(databaseUrl), { poolSize: 1, timeLimitMs: 60_000 });
  try {
    const tables: { name: string }[] = await source.query("SELECT name FROM sqlite_master WHERE type = 'table'");
    for (const { name } of tables)
      if (JSON.stringify(await source.query(`SELECT * FROM "${name}"`)).includes(text)) places.push(`table ${name}`);
  } finally {
    await source.destroy();
  }
  return places;
}

test('the text of a waiting statement is in no table and no file; history has it once it has started', async () => {
  await using trino = await startScriptedTrino();
  const held = holdQueries(trino);
  await using suite = await startSuite({ gatewayserver: { DEFAULT_GROUP: 'all' }, monitor: { INTERVAL: '200ms' } });
  await suite.addBackends({ one: trino.url }, { maxRunningQueries: 1 });
  await suite.addGroup('all', ['one']);
  const row = (id: string) => suite.call<Row>('QueryService/GetQuery', { id });
  const untilState = (id: string, state: string) =>
    until(`${id} to be ${state} in history`, async () => (await row(id)).state === state);
  const first = await openQuery(suite.router.url, 'SELECT held 1');
  const running = first.finish();
  const one = await held.untilRunning('SELECT held 1');
  const statement = `SELECT held /* ${MARKER} */`;
  const prepared = { 'x-trino-prepared-statement': `p=${encodeURIComponent(`SELECT '${MARKER}'`)}` };
  const waiting = await openQuery(suite.router.url, statement, prepared);
  const cancelled = await openQuery(suite.router.url, statement, prepared);
  for (const { id } of [waiting, cancelled]) await untilState(id, 'QUEUED');
  expect(await cancelled.cancel()).toBe(204);
  await untilState(cancelled.id, 'FAILED');
  expect(await placesOf(MARKER, suite)).toEqual([]);
  const filter = { text: MARKER };
  expect(await suite.call('QueryService/ListQueries', filter)).toEqual({});
  for (const [rpc, request] of [
    ['QueueService/ListQueued', {}],
    ['QueueService/GetQueueStats', {}],
    ['QueryService/GetQuery', { id: waiting.id }],
    ['QueryService/GetQuery', { id: cancelled.id }],
  ] as const)
    expect(JSON.stringify(await suite.call(rpc, request))).not.toContain(MARKER);

  one.finishEarly();
  await running;
  const result = waiting.finish();
  (await held.untilRunning(statement)).finishEarly();
  await result;
  expect(await until('its text', async () => (await row(waiting.id)).text)).toBe(statement);
  expect(await suite.call<{ queries: unknown[] }>('QueryService/ListQueries', filter)).toMatchObject({
    queries: [{ id: waiting.id, text: statement }],
  });
  expect(await row(cancelled.id)).not.toHaveProperty('text');
}, 240_000);
