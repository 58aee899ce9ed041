import { timestampFromMs } from '@bufbuild/protobuf/wkt';
import { afterEach, expect, jest, test } from '@jest/globals';
import { Backend_Probe_Kind, Query_State as State } from '@trino-gateway/api/gateway';
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
const entry = (id: string, state: State, ageMs = 45_000) => ({
  id,
  trinoQueryId: id,
  backendId: 'one',
  state,
  submittedAt: timestampFromMs(Date.now() - ageMs),
});
const FORGOTTEN = '20260101_000000_00001_zzzzz';

test('the cluster says how queries ended that were not read to their end; one that it has forgotten is UNKNOWN', async () => {
  const gatewayserver = await own(startFakeGatewayserver());
  const trino = await own(startScriptedTrino());
  const [good, bad, guessed, young] = [
    await ask(trino, 'SELECT 1'),
    await ask(trino, 'SELECT 1/0'),
    await ask(trino, 'SELECT 2'),
    await ask(trino, 'SELECT 3'),
  ].map(({ queryId }) => queryId);
  gatewayserver.setHistory([
    entry(good ?? '', State.RUNNING),
    entry(bad ?? '', State.QUEUED),
    entry(guessed ?? '', State.UNKNOWN),
    entry(young ?? '', State.RUNNING, 1_000),
    entry(FORGOTTEN, State.RUNNING, 3_000_000),
    entry('20260101_000000_00002_zzzzz', State.RUNNING), // not forgotten for sure yet
    entry('20260101_000000_00003_zzzzz', State.UNKNOWN),
  ]);
  gatewayserver.setBackends([{ id: 'one', url: trino.url }]);
  await own(startTestMonitor(gatewayserver, { interval: '50ms' }));
  await until('the reports', () => gatewayserver.queryReports.length >= 4);
  const probes = gatewayserver.statuses.length;
  await until('some more probes', () => gatewayserver.statuses.length > probes + 10);
  expect(Object.fromEntries(gatewayserver.queryReports.map(({ id, state }) => [id, state]))).toEqual({
    [good ?? '']: State.FINISHED,
    [bad ?? '']: State.FAILED,
    [guessed ?? '']: State.FINISHED,
    [FORGOTTEN]: State.UNKNOWN,
  });
  // Many probes, and one question.
  expect(trino.requests.filter(({ body }) => body.includes('query_id IN'))).toHaveLength(1);
});

test.each<[string, { kind: 'status'; status: number; body?: string } | { kind: 'silence' }]>([
  ['refuses credentials', { kind: 'status', status: 401 }],
  ['refuses', { kind: 'status', status: 403 }],
  ['does not serve this', { kind: 'status', status: 404 }],
  ['has gone', { kind: 'status', status: 410 }],
  ['fails', { kind: 'status', status: 500 }],
  ['hangs', { kind: 'silence' }],
  ['answers what is no page', { kind: 'status', status: 200, body: '<html>' }],
  ['answers 20 MB', { kind: 'status', status: 200, body: ' '.repeat(20_000_000) }],
])(
  'a cluster that %s when asked late changes no history, is asked no more for a while, and stays healthy',
  async (_what, action) => {
    const gatewayserver = await own(startFakeGatewayserver());
    const trino = await own(startScriptedTrino());
    const { queryId } = await ask(trino, 'SELECT 1');
    trino.fault({ on: ({ body }) => body.includes('query_id IN'), times: Number.POSITIVE_INFINITY, action });
    gatewayserver.setHistory([entry(queryId, State.RUNNING), entry(FORGOTTEN, State.RUNNING, 3_000_000)]);
    gatewayserver.setBackends([{ id: 'one', url: trino.url }]);
    const logger = recordingLogger();
    await own(startTestMonitor(gatewayserver, { interval: '20ms', probe_time_limit: '1s' }, logger));
    await until('ten probes', () => gatewayserver.statuses.length >= 10);
    expect(gatewayserver.statuses.every(({ healthy }) => healthy)).toBe(true);
    expect(gatewayserver.queryReports).toEqual([]);
    expect(trino.requests.filter(({ body }) => body.includes('query_id IN'))).toHaveLength(1);
    expect(logger.lines.filter((line) => line.includes('does not say how queries ended'))).toHaveLength(1);
  },
);

test('a cluster that lies about other queries changes those that were asked about alone', async () => {
  const gatewayserver = await own(startFakeGatewayserver());
  const trino = await own(startScriptedTrino());
  const { queryId } = await ask(trino, 'SELECT 1');
  trino.when(/query_id IN/, {
    columns: ['query_id', 'state'].map((name) => ({ name, type: 'varchar' })),
    rows: [
      [FORGOTTEN, 'FINISHED'],
      ["'; DROP", 'FAILED'],
      [null, null],
      [queryId, 'NO SUCH STATE'],
    ],
  });
  gatewayserver.setHistory([entry(queryId, State.QUEUED)]);
  gatewayserver.setBackends([{ id: 'one', url: trino.url }]);
  await own(startTestMonitor(gatewayserver, { interval: '20ms' }));
  await until('ten probes', () => gatewayserver.statuses.length >= 10);
  expect(gatewayserver.queryReports.map(({ id, state }) => [id, state])).toEqual([[queryId, State.RUNNING]]);
});

test('a query that its cluster hides is not taken for a forgotten one', async () => {
  const gatewayserver = await own(startFakeGatewayserver());
  const trino = await own(startScriptedTrino());
  trino.fault({ on: ({ path }) => path.includes(FORGOTTEN), times: 100, action: { kind: 'status', status: 403 } });
  gatewayserver.setHistory([entry(FORGOTTEN, State.RUNNING, 3_000_000)]);
  gatewayserver.setBackends([{ id: 'one', url: trino.url }]);
  await own(startTestMonitor(gatewayserver, { interval: '20ms' }));
  await until('ten probes', () => gatewayserver.statuses.length >= 10);
  expect(gatewayserver.queryReports).toEqual([]);
});

test('a cluster that takes no statements of ours is asked by id', async () => {
  const gatewayserver = await own(startFakeGatewayserver());
  const trino = await own(startScriptedTrino());
  const { queryId } = await ask(trino, 'SELECT 1');
  gatewayserver.setHistory([entry(queryId, State.RUNNING)]);
  gatewayserver.setBackends([{ id: 'one', url: trino.url, probe: { kind: Backend_Probe_Kind.INFO_ONLY } }]);
  await own(startTestMonitor(gatewayserver, { interval: '20ms' }));
  await until('the report', () => gatewayserver.queryReports.length > 0);
  expect(gatewayserver.queryReports.map(({ id, state }) => [id, state])).toEqual([[queryId, State.FINISHED]]);
});
