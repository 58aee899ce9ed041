import { afterEach, expect, jest, test } from '@jest/globals';
import { startScriptedTrino } from '@trino-gateway/testing';
import { until } from '@trino-gateway/testing/processes/until';
import { startFakeGatewayserver } from './support/fake-gatewayserver.ts';
import { ask, endless, statementsOf } from './support/lease-queries.ts';
import { startTestMonitor } from './support/test-monitor.ts';

jest.setTimeout(120_000); // only a machine that is busy elsewhere needs it

let running = new AsyncDisposableStack();
afterEach(async () => {
  await running.disposeAsync();
  running = new AsyncDisposableStack();
});

const own = <T extends AsyncDisposable>(starting: Promise<T>): Promise<T> => starting.then((one) => running.use(one));

test('external queries are counted without our own queries and probes', async () => {
  const gatewayserver = await own(startFakeGatewayserver());
  const trino = await own(startScriptedTrino());
  const ours = await endless(trino);
  await endless(trino);
  await endless(trino);
  gatewayserver.setLeases({ one: [ours] });
  gatewayserver.setBackends([
    { id: 'one', url: trino.url, maxRunningQueries: 5 },
    { id: 'unlimited', url: trino.url },
  ]);
  const monitor = await own(startTestMonitor(gatewayserver));
  await until('two of others', () => gatewayserver.last('one')?.foreignRunning === 2);
  const metrics = await (await fetch(`${monitor.opsUrl}/metrics`)).text();
  expect(metrics).toContain('backend_foreign_running{backend="one"} 2');
  expect(gatewayserver.last('unlimited')?.foreignRunning).toBeUndefined();
  await trino.stop();
});

test('queries that begin and end during a sweep do not count as external', async () => {
  const gatewayserver = await own(startFakeGatewayserver());
  const trino = await own(startScriptedTrino());
  const listed = await endless(trino);
  // Begun after the list of leases was made, ended before anybody asked again.
  const passing = await endless(trino);
  await endless(trino);
  gatewayserver.setLeases({ one: [listed] });
  gatewayserver.setEnded([passing]);
  gatewayserver.setBackends([{ id: 'one', url: trino.url, maxRunningQueries: 5 }]);
  await own(startTestMonitor(gatewayserver));
  const found = await until('a sweep', () => gatewayserver.last('one')?.foreignRunning);
  expect(found).toBe(1);
  await trino.stop();
});

test('with a limit and no leases the cluster is asked only for what runs there', async () => {
  const gatewayserver = await own(startFakeGatewayserver());
  const trino = await own(startScriptedTrino());
  await endless(trino);
  gatewayserver.setBackends([{ id: 'one', url: trino.url, maxRunningQueries: 5 }]);
  await own(startTestMonitor(gatewayserver));
  await until('one of others', () => gatewayserver.last('one')?.foreignRunning === 1);
  expect(statementsOf(trino, /query_id IN/)).toEqual([]);
  await trino.stop();
});

test('a backend without leases and limit costs its cluster no statement', async () => {
  const gatewayserver = await own(startFakeGatewayserver());
  const trino = await own(startScriptedTrino());
  gatewayserver.setBackends([{ id: 'one', url: trino.url }]);
  await own(startTestMonitor(gatewayserver, { interval: '20ms' }));
  await until('ten probes', () => gatewayserver.statuses.length >= 10);
  expect(statementsOf(trino, /query_id/)).toEqual([]);
});

test('the leases of a disabled backend are settled, although it is not probed', async () => {
  const gatewayserver = await own(startFakeGatewayserver());
  const trino = await own(startScriptedTrino());
  const { queryId } = await ask(trino, 'SELECT 1');
  gatewayserver.setLeases({ one: [queryId] });
  gatewayserver.setBackends([{ id: 'one', url: trino.url, enabled: false }]);
  await own(startTestMonitor(gatewayserver));
  await until('it to be settled', () => gatewayserver.settled.length === 1);
  expect(gatewayserver.statuses).toEqual([]);
});
