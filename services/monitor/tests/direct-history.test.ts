import { timestampFromMs } from '@bufbuild/protobuf/wkt';
import { afterEach, expect, jest, test } from '@jest/globals';
import { Backend_Forwarding, Query_State as State } from '@trino-gateway/api/gateway';
import { type ScriptedTrino, startScriptedTrino } from '@trino-gateway/testing';
import { until } from '@trino-gateway/testing/processes/until';
import { runStatement } from '@trino-gateway/trino/client';
import { startFakeGatewayserver } from './support/fake-gatewayserver.ts';
import { recordingLogger, startTestMonitor } from './support/test-monitor.ts';

jest.setTimeout(120_000); // only a machine that is busy elsewhere needs it

let running = new AsyncDisposableStack();
afterEach(async () => {
  await running.disposeAsync();
  running = new AsyncDisposableStack();
});

const own = <T extends AsyncDisposable>(starting: Promise<T>): Promise<T> => starting.then((one) => running.use(one));

const ask = ({ url }: ScriptedTrino, statement: string) =>
  runStatement({ url, user: 'ann', statement, timeLimitMs: 60_000 });
const entry = (id: string, state: State, submittedAt = Date.now() - 1_000, backendId = 'direct') => ({
  id,
  trinoQueryId: id,
  backendId,
  state,
  submittedAt: timestampFromMs(submittedAt),
});

test('queries whose pages do not pass the gateway get their end in the history', async () => {
  const gatewayserver = await own(startFakeGatewayserver());
  const trino = await own(startScriptedTrino());
  const good = await ask(trino, 'SELECT 1');
  const bad = await ask(trino, 'SELECT 1/0');
  const proxied = await ask(trino, 'SELECT 2');
  const endless = ask(trino, 'SELECT count(*) FROM tpch.sf100.lineitem').catch(() => {});
  const open = await until('the long query to run', () =>
    trino.queries.find(({ statement, state }) => statement.includes('sf100') && state === 'RUNNING'),
  );
  const lost = '20260101_000000_00001_zzzzz';
  const young = '20260101_000000_00002_zzzzz';
  gatewayserver.setHistory([
    entry(good.queryId, State.RUNNING),
    entry(bad.queryId, State.QUEUED),
    entry(open.id, State.QUEUED),
    entry(lost, State.RUNNING, Date.now() - 3_600_000),
    entry(young, State.QUEUED),
    entry("no id'; DROP", State.QUEUED),
    entry(proxied.queryId, State.RUNNING, Date.now(), 'proxied'),
  ]);
  gatewayserver.setBackends([
    { id: 'direct', url: trino.url, forwarding: Backend_Forwarding.DIRECT },
    { id: 'proxied', url: trino.url },
  ]);
  await own(startTestMonitor(gatewayserver, { interval: '50ms' }));
  await until('all that is known', () => gatewayserver.queryReports.length >= 4);
  const probes = gatewayserver.statuses.length;
  await until('some more probes', () => gatewayserver.statuses.length > probes + 10);
  const reported = Object.fromEntries(gatewayserver.queryReports.map((report) => [report.id, report]));
  expect(gatewayserver.queryReports).toHaveLength(4);
  expect(reported[good.queryId]).toMatchObject({ state: State.FINISHED, endedAt: expect.anything() });
  expect(reported[bad.queryId]).toMatchObject({ state: State.FAILED, error: { name: 'DIVISION_BY_ZERO' } });
  expect(reported[open.id]).toMatchObject({ state: State.RUNNING, startedAt: expect.anything() });
  expect(reported[lost]).toMatchObject({ state: State.UNKNOWN });
  await trino.stop();
  await endless;
});

test('of many open queries all are followed in time', async () => {
  const gatewayserver = await own(startFakeGatewayserver());
  const trino = await own(startScriptedTrino());
  const { queryId } = await ask(trino, 'SELECT 1');
  const young = Array.from({ length: 700 }, (_, at) =>
    entry(`20260101_000000_${String(at).padStart(5, '0')}_zzzzz`, State.RUNNING),
  );
  gatewayserver.setHistory([...young, entry(queryId, State.RUNNING)]);
  gatewayserver.setBackends([{ id: 'direct', url: trino.url, forwarding: Backend_Forwarding.DIRECT }]);
  await own(startTestMonitor(gatewayserver, { interval: '50ms' }));
  await until('the last one', () => gatewayserver.queryReports[0]);
  expect(gatewayserver.queryReports.map(({ id, state }) => [id, state])).toEqual([[queryId, State.FINISHED]]);
});

test('a cluster that does not show its queries is healthy, and that is logged once', async () => {
  const gatewayserver = await own(startFakeGatewayserver());
  const trino = await own(startScriptedTrino());
  const { queryId } = await ask(trino, 'SELECT 1');
  trino.when(/query_id IN/, {
    error: { name: 'PERMISSION_DENIED', code: 4, type: 'USER_ERROR', message: `Access Denied to '${queryId}'` },
  });
  gatewayserver.setHistory([entry(queryId, State.RUNNING)]);
  gatewayserver.setBackends([{ id: 'direct', url: trino.url, forwarding: Backend_Forwarding.DIRECT }]);
  const logger = recordingLogger();
  await own(startTestMonitor(gatewayserver, { interval: '20ms' }, logger));
  await until('ten probes', () => gatewayserver.statuses.length >= 10);
  expect(gatewayserver.statuses.every(({ healthy }) => healthy)).toBe(true);
  const lines = logger.lines.filter((line) => line.includes('cannot be followed'));
  expect(lines).toEqual([expect.stringContaining('PERMISSION_DENIED')]);
  expect(lines.join()).not.toContain(queryId);
  expect(gatewayserver.queryReports).toEqual([]);
});

test('a cluster that hangs when asked about its queries goes on being probed', async () => {
  const gatewayserver = await own(startFakeGatewayserver());
  const trino = await own(startScriptedTrino());
  const { queryId } = await ask(trino, 'SELECT 1');
  trino.when(/query_id IN/, { runMs: 3_600_000 });
  gatewayserver.setHistory([entry(queryId, State.RUNNING)]);
  gatewayserver.setBackends([{ id: 'direct', url: trino.url, forwarding: Backend_Forwarding.DIRECT }]);
  const logger = recordingLogger();
  await own(startTestMonitor(gatewayserver, { interval: '20ms', probe_time_limit: '1s' }, logger));
  await until('three probes', () => gatewayserver.statuses.length >= 3);
  expect(gatewayserver.statuses.every(({ healthy }) => healthy)).toBe(true);
  const lines = logger.lines.filter((line) => line.includes('cannot be followed'));
  expect(lines).toEqual([expect.stringContaining('no answer within monitor.probe_time_limit (1000 ms)')]);
});
