// A database that goes away under the whole suite. Not among the plain tests: scripts/databases/test-databases.ts runs it
// with an engine. TEST_OUTAGE_SECONDS says how long it is away.
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, expect, jest, test } from '@jest/globals';
import { type ScriptedTrino, startScriptedTrino } from '@trino-gateway/testing';
import { ENGINES, type RunningDatabase, startDatabase } from '@trino-gateway/testing/databases/start-database';
import { until } from '@trino-gateway/testing/processes/until';
import { type Suite, startSuite } from '@trino-gateway/testing/suite/suite';
import { runQuery } from '@trino-gateway/testing/trino-client/run-query';
import { completedEvent } from '@trino-gateway/testing/trino-events';

const engine = ENGINES.find((name) => name === process.env.TEST_OUTAGE_ENGINE) ?? 'postgres';
const outageMs = Number(process.env.TEST_OUTAGE_SECONDS ?? 20) * 1_000;
const AROUND_MS = 2_000;
const BETWEEN_QUERIES_MS = 200;
jest.setTimeout(outageMs + 300_000);

let database: RunningDatabase;
let trino: ScriptedTrino;
let suite: Suite;

beforeAll(async () => {
  database = await startDatabase(engine);
  trino = await startScriptedTrino();
  suite = await startSuite({ databaseUrl: database.url, gatewayserver: { DEFAULT_GROUP: 'all' } });
  await suite.addBackends({ one: trino.url });
  await suite.addGroup('all', ['one']);
});

afterAll(async () => {
  await suite?.[Symbol.asyncDispose]();
  await trino?.stop();
  await database?.[Symbol.asyncDispose]();
});

type Row = { id: string; state: string; submittedAt?: string; endedAt?: string; rows?: string };

async function history(): Promise<Map<string, Row>> {
  const rows = new Map<string, Row>();
  for (let pageToken = ''; ; ) {
    const request = { pageSize: 1_000, pageToken };
    const page = await suite.call<{ queries?: Row[]; nextPageToken?: string }>('QueryService/ListQueries', request);
    for (const row of page.queries ?? []) rows.set(row.id, row);
    if (!page.nextPageToken) return rows;
    pageToken = page.nextPageToken;
  }
}

test(`${engine}: while the database is away for ${outageMs / 1_000} s no submission fails, and afterwards history lacks nothing`, async () => {
  const ids: string[] = [];
  const failures: unknown[] = [];
  const submitFor = async (ms: number) => {
    for (const deadline = Date.now() + ms; Date.now() < deadline; await delay(BETWEEN_QUERIES_MS)) {
      const { id, error } = await runQuery(suite.router.url, 'SELECT 1');
      if (error) failures.push(error);
      ids.push(id);
      // What only the cluster knows comes as an event: how many rows it were.
      const event = completedEvent({
        queryId: id,
        executionStartTime: new Date().toISOString(),
        endTime: new Date().toISOString(),
        statistics: { outputRows: ids.length },
      });
      const posted = await fetch(`${suite.gatewayserver.url}/v1/trino/events`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(event),
      });
      if (!posted.ok) failures.push(`an event was answered ${posted.status}`);
    }
  };
  await submitFor(AROUND_MS);
  await database.stop();
  const before = ids.length;
  await submitFor(outageMs);
  const during = ids.length - before;
  const { status } = await fetch(`${suite.gatewayserver.opsUrl}/readyz`);
  await database.restart();
  await submitFor(AROUND_MS);
  expect(failures).toEqual([]);
  expect(status).toBe(200);
  expect(during).toBeGreaterThan(outageMs / 10_000);

  const isWhole = (row: Row | undefined, index: number) =>
    row?.state === 'FINISHED' && row.submittedAt && row.endedAt && row.rows === String(index + 1);
  const stored = await until(
    'history to have all of it',
    async () => {
      const rows = await history().catch(() => new Map<string, Row>());
      return ids.every((id, index) => isWhole(rows.get(id), index)) ? rows : undefined;
    },
    120_000,
  );
  expect(stored.size).toBe(new Set(ids).size);
  const metrics = await (await fetch(`${suite.router.opsUrl}/metrics`)).text();
  expect(metrics).toMatch(/^trino_gateway_router_history_dropped_total 0$/m);
  process.stdout.write(
    `${engine}: ${ids.length} queries, ${during} of them during ${outageMs / 1_000} s without a database: none lost\n`,
  );
});
