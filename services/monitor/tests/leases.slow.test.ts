import { afterEach, expect, jest, test } from '@jest/globals';
import { Backend_Probe_Kind } from '@trino-gateway/api/gateway';
import { startScriptedTrino } from '@trino-gateway/testing';
import { until } from '@trino-gateway/testing/processes/until';
import { runStatement } from '@trino-gateway/trino/client';
import { startFakeGatewayserver } from './support/fake-gatewayserver.ts';
import { ask, endless, statementsOf } from './support/lease-queries.ts';
import { recordingLogger, startTestMonitor } from './support/test-monitor.ts';

// What takes several sweeps.

jest.setTimeout(120_000); // only a machine that is busy elsewhere needs it

let running = new AsyncDisposableStack();
afterEach(async () => {
  await running.disposeAsync();
  running = new AsyncDisposableStack();
});

const own = <T extends AsyncDisposable>(starting: Promise<T>): Promise<T> => starting.then((one) => running.use(one));

test('leases of ended queries are settled, those of running ones are kept', async () => {
  const gatewayserver = await own(startFakeGatewayserver());
  const trino = await own(startScriptedTrino());
  const good = await ask(trino, 'SELECT 1');
  const bad = await ask(trino, 'SELECT 1/0');
  const open = await endless(trino);
  const ofEarlierIncarnation = '20260101_000000_00001_zzzzz';
  gatewayserver.setLeases({ one: [good.queryId, open, bad.queryId, ofEarlierIncarnation] });
  gatewayserver.setBackends([{ id: 'one', url: trino.url }]);
  const monitor = await own(startTestMonitor(gatewayserver));
  await until('three settled', () => gatewayserver.settled.length === 3);
  const sweeps = statementsOf(trino, /query_id IN/).length;
  await until('two more sweeps', () => statementsOf(trino, /query_id IN/).length >= sweeps + 2);
  expect(gatewayserver.settled.toSorted()).toEqual([good.queryId, bad.queryId, ofEarlierIncarnation].toSorted());
  const metrics = await (await fetch(`${monitor.opsUrl}/metrics`)).text();
  expect(gatewayserver.unknown).toEqual([]);
  expect(metrics).toContain('leases_settled_total{why="ended"} 2');
  expect(metrics).toContain('leases_settled_total{why="restarted"} 1');
});

test('without statements, the ends of queries are asked for by their ids, with the login of the probe', async () => {
  const gatewayserver = await own(startFakeGatewayserver());
  const trino = await own(startScriptedTrino({ tokens: { 'a.b.c': 'ann' } }));
  const asAnn = { url: trino.url, user: 'ann', token: 'a.b.c', headers: { 'X-Forwarded-Proto': 'https' } };
  const run = (statement: string) => runStatement({ ...asAnn, statement, timeLimitMs: 60_000 });
  const { queryId: ended } = await run('SELECT 1');
  void run('SELECT count(*) FROM tpch.sf100.lineitem').catch(() => {});
  const open = (await until('an endless query to run', () => trino.queries.find((one) => one.state === 'RUNNING'))).id;
  gatewayserver.setLeases({ one: [ended, open] });
  const probe = { kind: Backend_Probe_Kind.INFO_ONLY, token: 'a.b.c' };
  gatewayserver.setBackends([{ id: 'one', url: trino.url, probe }]);
  await own(startTestMonitor(gatewayserver));
  await until('one settled', () => gatewayserver.settled.length === 1);
  const askedFor = (id: string) => trino.requests.filter(({ path }) => path.startsWith(`/v1/query/${id}?`)).length;
  await until('two more sweeps', () => askedFor(open) >= 3);
  expect([gatewayserver.settled, gatewayserver.unknown]).toEqual([[ended], []]);
  expect(statementsOf(trino, /system\.runtime/)).toEqual([]);
});

test('a query that its cluster does not know is settled after three seconds, not at once', async () => {
  const gatewayserver = await own(startFakeGatewayserver());
  const trino = await own(startScriptedTrino());
  const forgotten = `20260101_000000_99999_${trino.suffix}`;
  gatewayserver.setLeases({ one: [forgotten] });
  gatewayserver.setBackends([{ id: 'one', url: trino.url }]);
  const monitor = await own(startTestMonitor(gatewayserver, { interval: '100ms' }));
  await until('several sweeps', () => statementsOf(trino, /query_id IN/).length >= 3);
  expect(gatewayserver.settled).toEqual([]);
  await until('it to be settled', () => gatewayserver.settled.length === 1);
  expect(gatewayserver.unknown).toEqual([forgotten]);
  await until('it to be counted', async () =>
    (await (await fetch(`${monitor.opsUrl}/metrics`)).text()).includes('leases_settled_total{why="lost"} 1'),
  );
});

test('a query that the cluster hides from the monitor keeps its lease, and that is logged', async () => {
  const gatewayserver = await own(startFakeGatewayserver());
  const trino = await own(startScriptedTrino());
  const hidden = await endless(trino);
  trino.when(/query_id IN/, { columns: [{ name: 'query_id', type: 'varchar' }], rows: [] });
  trino.fault({
    on: ({ path }) => path.startsWith('/v1/query/'),
    times: Number.POSITIVE_INFINITY,
    action: { kind: 'status', status: 403 },
  });
  gatewayserver.setLeases({ one: [hidden] });
  gatewayserver.setBackends([{ id: 'one', url: trino.url }]);
  const logger = recordingLogger();
  await own(startTestMonitor(gatewayserver, { interval: '100ms' }, logger));
  const logged = await until('it to be logged', () => logger.lines.find((line) => line.includes('hold a slot')));
  expect(logged).toContain('403');
  expect(gatewayserver.settled).toEqual([]);
  await trino.stop();
});

test('a cluster that does not answer settles nothing, and its backend stays healthy', async () => {
  const gatewayserver = await own(startFakeGatewayserver());
  const trino = await own(startScriptedTrino());
  trino.when(/query_id IN/, { runMs: 3_600_000 });
  gatewayserver.setLeases({ one: [`20260101_000000_99999_${trino.suffix}`], gone: ['20260101_000000_00001_zzzzz'] });
  gatewayserver.setBackends([
    { id: 'one', url: trino.url },
    { id: 'gone', url: 'http://127.0.0.1:1' },
  ]);
  const logger = recordingLogger();
  await own(startTestMonitor(gatewayserver, { interval: '50ms', probe_time_limit: '5s' }, logger));
  await until('both to be logged', () => logger.lines.filter((line) => line.includes('hold a slot')).length === 2);
  await until('ten probes', () => gatewayserver.statuses.filter(({ backendId }) => backendId === 'one').length > 10);
  expect(gatewayserver.settled).toEqual([]);
  expect(gatewayserver.last('one')?.healthy).toBe(true);
});

test('after an outage of the gatewayserver a query must be missing anew before it is settled', async () => {
  const gatewayserver = await own(startFakeGatewayserver());
  const trino = await own(startScriptedTrino());
  const forgotten = `20260101_000000_99999_${trino.suffix}`;
  gatewayserver.setLeases({ one: [forgotten] });
  gatewayserver.setBackends([{ id: 'one', url: trino.url }]);
  await own(startTestMonitor(gatewayserver, { interval: '200ms' }));
  await until('it to be missed', () => statementsOf(trino, /query_id IN/).length >= 2);
  gatewayserver.setLeases(undefined);
  const statuses = gatewayserver.statuses.length;
  await until('a second without leases', () => gatewayserver.statuses.length >= statuses + 6);
  const sweeps = statementsOf(trino, /query_id IN/).length;
  const backAt = Date.now();
  gatewayserver.setLeases({ one: [forgotten] });
  await until('it to be settled', () => gatewayserver.settled.length === 1);
  expect(statementsOf(trino, /query_id IN/).length).toBeGreaterThanOrEqual(sweeps + 2);
  expect(Date.now() - backAt).toBeGreaterThan(2_900);
});
