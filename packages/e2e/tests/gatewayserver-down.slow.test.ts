import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { type ScriptedTrino, startScriptedTrino } from '@trino-gateway/testing';
import { until } from '@trino-gateway/testing/processes/until';
import { type Suite, startSuite } from '@trino-gateway/testing/suite/suite';
import type { Page } from '@trino-gateway/testing/trino-client/page';
import { runQuery } from '@trino-gateway/testing/trino-client/run-query';
import { spooledResult } from '../support/spooled-result.ts';

let trino: ScriptedTrino;
let other: ScriptedTrino;
let suite: Suite;

beforeAll(async () => {
  [trino, other] = await Promise.all([startScriptedTrino({ spooling: {} }), startScriptedTrino({ spooling: {} })]);
  suite = await startSuite({ gatewayserver: { DEFAULT_GROUP: 'all' }, router: { GATEWAYSERVER_WAIT: '1s' } });
  await suite.addBackends({ one: trino.url, other: other.url });
  await suite.addGroup('all', ['one']);
}, 240_000);

afterAll(async () => {
  await suite?.[Symbol.asyncDispose]();
  await trino?.stop();
  await other?.stop();
});

test('with the gatewayserver down a new query is refused within the configured time, with what to do', async () => {
  await suite.gatewayserver.kill();
  const began = Date.now();
  const { error } = await runQuery(suite.router.url, 'SELECT 1');
  const tookMs = Date.now() - began;
  const { status } = await fetch(`${suite.router.opsUrl}/readyz`);
  await suite.gatewayserver.start();
  expect(tookMs).toBeLessThan(20_000);
  expect(error?.message).toMatch(/gatewayserver/);
  expect(status).toBe(200);
}, 240_000);

test('a router that restarts while the gatewayserver is down still serves the polls of running queries', async () => {
  await until(
    'the router to find the gatewayserver again',
    async () => !(await runQuery(suite.router.url, 'SELECT 2')).error,
  );
  trino.when('SELECT held', { runMs: 20_000, columns: [{ name: 'n', type: 'bigint' }], rows: [[42]] });
  let page: Page | undefined;
  const started = new AbortController();
  await runQuery(suite.router.url, 'SELECT held', {
    signal: started.signal,
    onPage: (latest) => {
      page = latest;
      if (latest.stats.state === 'RUNNING') started.abort();
    },
  }).catch(() => undefined);
  await suite.gatewayserver.kill();
  await suite.router.stop();
  await suite.router.start();
  expect(page).toMatchObject({ stats: { state: 'RUNNING' } });
  const rows: unknown[] = [];
  for (let link = page?.nextUri; link; ) {
    const answer = await fetch(link);
    expect(answer.status).toBe(200);
    const next = (await answer.json()) as Page;
    expect(next.error).toBeUndefined();
    rows.push(...(next.data ?? []));
    link = next.nextUri;
  }
  expect(rows).toEqual([[42]]);
  await suite.gatewayserver.start();
}, 240_000);

test('and the segments of results that were spooled before', async () => {
  const { url } = suite.router;
  await until('the router to decide again', async () => !(await runQuery(url, 'SELECT 3')).error);
  const { segments } = await spooledResult(url, 'SELECT * FROM tpch.tiny.orders');
  await suite.gatewayserver.kill();
  await suite.router.stop();
  await suite.router.start();
  expect(segments.length).toBeGreaterThan(0);
  for (const { uri, ackUri, headers } of segments) {
    expect((await fetch(uri, { headers })).status).toBe(200);
    expect((await fetch(ackUri, { headers })).status).toBe(200);
  }
  expect(other.requests.filter(({ path }) => path.includes('/spooled/'))).toEqual([]);
  await suite.gatewayserver.start();
}, 240_000);
