import { timestampMs } from '@bufbuild/protobuf/wkt';
import { afterEach, expect, jest, test } from '@jest/globals';
import { Backend_Probe_Kind } from '@trino-gateway/api/gateway';
import { type ScriptedTrino, startScriptedTrino } from '@trino-gateway/testing';
import { until } from '@trino-gateway/testing/processes/until';
import { runStatement } from '@trino-gateway/trino/client';
import { startFakeGatewayserver } from './support/fake-gatewayserver.ts';
import { endless, statementsOf } from './support/lease-queries.ts';
import { startTestMonitor } from './support/test-monitor.ts';

jest.setTimeout(120_000); // only a machine that is busy elsewhere needs it

let running = new AsyncDisposableStack();
afterEach(async () => {
  await running.disposeAsync();
  running = new AsyncDisposableStack();
});

const own = <T extends AsyncDisposable>(starting: Promise<T>): Promise<T> => starting.then((one) => running.use(one));

const begin = ({ url }: ScriptedTrino) =>
  runStatement({
    url,
    user: 'ann',
    statement: 'START TRANSACTION',
    headers: { 'X-Trino-Transaction-Id': 'NONE' },
    timeLimitMs: 60_000,
  });

test('a draining cluster is asked what ties it until it is sealed, whether or not it is enabled', async () => {
  const gatewayserver = await own(startFakeGatewayserver());
  const [one, two, three] = await Promise.all([1, 2, 3].map(() => own(startScriptedTrino())));
  if (!one || !two || !three) throw new Error('not started');
  const id = await endless(one);
  await begin(one);
  const sent = Date.now();
  const draining = [
    { id: 'one', url: one.url, condition: { draining: true } },
    { id: 'two', url: two.url, enabled: false, condition: { draining: true } },
    { id: 'sealed', url: three.url, condition: { draining: true, sealed: true } },
    { id: 'in use', url: three.url, condition: {} },
    { id: 'of an old gatewayserver', url: three.url, enabled: false },
  ];
  gatewayserver.setBackends(draining);
  await own(startTestMonitor(gatewayserver));
  const found = await until('the evidence of one', () => gatewayserver.last('one')?.evidence);
  expect(found).toMatchObject({
    coordinatorId: one.suffix,
    queries: { count: 1, ids: [id] },
    transactions: { count: 1, ids: [expect.stringMatching(/^[0-9a-f-]{36}$/)] },
  });
  expect(found.askedAt && timestampMs(found.askedAt)).toBeGreaterThanOrEqual(sent);
  await until('the probe of one', () => gatewayserver.last('one')?.healthy);
  const disabled = await until('the evidence of two', () => gatewayserver.last('two'));
  expect(disabled).toMatchObject({ state: 0, evidence: { queries: { count: 0 }, transactions: { count: 0 } } });
  await until('a second round', () => gatewayserver.statuses.filter(({ backendId }) => backendId === 'two').length > 1);
  expect(statementsOf(three, /of_others|transactions/)).toEqual([]);

  gatewayserver.setBackends([{ id: 'one', url: one.url, condition: {} }]);
  await until('a report without evidence', () => gatewayserver.last('one')?.evidence === undefined);
  await one.stop();
});

test('a cluster that hangs, answers rubbish, refuses or takes no statement is never said to be idle', async () => {
  const gatewayserver = await own(startFakeGatewayserver());
  const clusters = await Promise.all([1, 2, 3, 4].map(() => own(startScriptedTrino())));
  const [hung, odd, refusing, quiet] = clusters;
  if (!hung || !odd || !refusing || !quiet) throw new Error('not started');
  hung.fault({ on: 'any', times: Number.POSITIVE_INFINITY, action: { kind: 'silence' } });
  odd.when(/system\.runtime/, { columns: [{ name: 'query_id', type: 'varchar' }], rows: [] });
  const error = { name: 'PERMISSION_DENIED', code: 4, type: 'USER_ERROR', message: 'Access Denied' } as const;
  refusing.when(/system\.runtime\.transactions/, { error, errorAt: 'queued' });
  gatewayserver.setBackends(
    Object.entries({ hung, odd, refusing, quiet }).map(([id, { url }]) => ({
      id,
      url,
      condition: { draining: true },
      ...(id === 'quiet' && { probe: { kind: Backend_Probe_Kind.INFO_ONLY } }),
    })),
  );
  await own(startTestMonitor(gatewayserver, { probe_time_limit: '3s' }));
  const evidence = (id: string) => until(`evidence of ${id}`, () => gatewayserver.last(id)?.evidence);
  for (const id of ['hung', 'odd', 'quiet']) {
    const { queries, transactions, coordinatorId } = await evidence(id);
    expect([id, coordinatorId, queries?.count, transactions?.count]).toEqual([id, '', undefined, undefined]);
    expect(queries?.problem).not.toBe('');
  }
  const { queries, transactions } = await evidence('refusing');
  expect([queries?.count, transactions?.count]).toEqual([0, undefined]);
  expect(transactions?.problem).toContain('Access Denied');
  expect(statementsOf(quiet, /./)).toEqual([]);
  await hung.stop();
});

test('evidence after a restart names the new incarnation', async () => {
  const gatewayserver = await own(startFakeGatewayserver());
  const trino = await own(startScriptedTrino());
  const before = trino.suffix;
  gatewayserver.setBackends([{ id: 'one', url: trino.url, condition: { draining: true } }]);
  await own(startTestMonitor(gatewayserver));
  const told = () => gatewayserver.last('one')?.evidence?.coordinatorId;
  await until('evidence', () => told() === before);
  await trino.restart();
  await until('evidence of the new one', () => told() === trino.suffix);
  expect(trino.suffix).not.toBe(before);
});
