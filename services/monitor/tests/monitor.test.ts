import { afterEach, expect, jest, test } from '@jest/globals';
import { BackendStatus_State as State } from '@trino-gateway/api/gateway';
import { startScriptedTrino } from '@trino-gateway/testing';
import { until } from '@trino-gateway/testing/processes/until';
import type { RunningMonitor } from '../src/index.ts';
import { startFakeGatewayserver } from './support/fake-gatewayserver.ts';
import { recordingLogger, startTestMonitor } from './support/test-monitor.ts';

jest.setTimeout(120_000); // only a machine that is busy elsewhere needs it

let running = new AsyncDisposableStack();
afterEach(async () => {
  await running.disposeAsync();
  running = new AsyncDisposableStack();
});

const own = <T extends AsyncDisposable>(starting: Promise<T>): Promise<T> => starting.then((one) => running.use(one));

/** See startTestMonitor; ends with the test. */
const monitorOf = (...given: Parameters<typeof startTestMonitor>): Promise<RunningMonitor> =>
  own(startTestMonitor(...given));

const readyz = async ({ opsUrl }: RunningMonitor) => {
  const response = await fetch(`${opsUrl}/readyz`);
  return `${response.status} ${(await response.text()).trim()}`;
};

test('clusters that hang do not delay the reports about the others', async () => {
  const gatewayserver = await own(startFakeGatewayserver());
  const hung = await own(startScriptedTrino());
  hung.fault({ on: 'any', times: Number.POSITIVE_INFINITY, action: { kind: 'silence' } });
  const good = await own(startScriptedTrino());
  gatewayserver.setBackends([
    ...Array.from({ length: 100 }, (_, at) => ({ id: `hung-${at}`, url: hung.url })),
    { id: 'good', url: good.url },
  ]);
  await monitorOf(gatewayserver, { probe_time_limit: '1h' });
  const status = await until('the good cluster to be found', () => gatewayserver.last('good'));
  expect(status).toMatchObject({ state: State.UP, healthy: true });
  expect(gatewayserver.statuses.map(({ backendId }) => backendId)).toEqual(['good']);
});

test('a starting cluster goes through probation before it is up', async () => {
  const gatewayserver = await own(startFakeGatewayserver());
  const trino = await own(startScriptedTrino({ startingMs: 3_000 }));
  gatewayserver.setBackends([{ id: 'one', url: trino.url }]);
  await monitorOf(gatewayserver, { probation: '1s' });
  await until('the cluster to be up', () => gatewayserver.last('one')?.healthy);
  const states = gatewayserver.statuses.map(({ state }) => state);
  expect(states.filter((state, at) => state !== states[at - 1])).toEqual([State.STARTING, State.PROBATION, State.UP]);
});

test('a restart is noticed, and the new incarnation is reported with its address', async () => {
  const gatewayserver = await own(startFakeGatewayserver());
  const trino = await own(startScriptedTrino());
  const before = trino.suffix;
  gatewayserver.setBackends([{ id: 'one', url: trino.url }]);
  await monitorOf(gatewayserver, { interval: '50ms', probation: '200ms', failures_before_unhealthy: '100' });
  await until('the cluster to be up', () => gatewayserver.last('one')?.healthy);
  await trino.restart();
  await until('the probation after the restart', () =>
    gatewayserver.statuses.some(
      ({ state, coordinatorId }) => state === State.PROBATION && coordinatorId === trino.suffix,
    ),
  );
  await until('the end of the probation', () => gatewayserver.last('one')?.healthy);
  await until('both incarnations', () => gatewayserver.incarnations.length === 2);
  expect(gatewayserver.incarnations.map(({ suffix, backendId, url }) => [suffix, backendId, url])).toEqual([
    [before, 'one', trino.url],
    [trino.suffix, 'one', trino.url],
  ]);
});

test('the health changes after as many probes in a row as are set', async () => {
  const gatewayserver = await own(startFakeGatewayserver());
  const trino = await own(startScriptedTrino());
  gatewayserver.setBackends([{ id: 'one', url: trino.url }]);
  const settings = { interval: '300ms', failures_before_unhealthy: '3', passes_before_healthy: '2' };
  await monitorOf(gatewayserver, settings);
  await until('the cluster to be up', () => gatewayserver.last('one')?.healthy);
  await trino.kill();
  await until('the cluster to be unhealthy', () => gatewayserver.last('one')?.healthy === false);
  const spared = gatewayserver.statuses.filter(({ state, healthy }) => state !== State.UP && healthy);
  expect(spared.map(({ reason }) => reason)).toContainEqual(expect.stringContaining('of 3 failures'));
  await trino.restart();
  await until('the cluster to be healthy again', () => gatewayserver.last('one')?.healthy);
  const awaited = gatewayserver.statuses.filter(({ state, healthy }) => state === State.UP && !healthy);
  expect(awaited.map(({ reason }) => reason)).toEqual(['1 of 2 passes before it counts as healthy']);
});

test('an added, enabled or changed backend is probed at once', async () => {
  const gatewayserver = await own(startFakeGatewayserver());
  const [one, two] = [await own(startScriptedTrino()), await own(startScriptedTrino())];
  await monitorOf(gatewayserver);
  gatewayserver.setBackends([{ id: 'one', url: one.url, enabled: false }]);
  gatewayserver.setBackends([
    { id: 'one', url: one.url, enabled: false },
    { id: 'two', url: two.url },
  ]);
  await until('the added one', () => gatewayserver.last('two')?.healthy);
  expect(one.requests).toEqual([]);

  gatewayserver.setBackends([
    { id: 'one', url: one.url, enabled: true },
    { id: 'two', url: two.url },
  ]);
  await until('the enabled one', () => gatewayserver.last('one')?.healthy);
  expect(gatewayserver.statuses).toHaveLength(2);

  const statement = { statement: 'SELECT 1, 2', user: '', password: '' };
  gatewayserver.setBackends([
    { id: 'one', url: one.url, probe: statement },
    { id: 'two', url: one.url },
  ]);
  await until('the new probe and the new address', () => gatewayserver.statuses.length === 4);
  expect(one.queries.map((query) => query.statement)).toContain('SELECT 1, 2');
  expect(gatewayserver.incarnations.at(-1)).toMatchObject({ suffix: one.suffix, backendId: 'two', url: one.url });

  gatewayserver.setBackends([{ id: 'one', url: one.url, probe: statement, weight: 7 }]);
  await until('the monitor to have the list', gatewayserver.newestListIsKnown);
  expect(gatewayserver.statuses).toHaveLength(4); // the weight is nothing a probe depends on
});

test('a removed backend is probed no longer', async () => {
  const gatewayserver = await own(startFakeGatewayserver());
  const [gone, kept] = [await own(startScriptedTrino()), await own(startScriptedTrino())];
  gatewayserver.setBackends([
    { id: 'gone', url: gone.url },
    { id: 'kept', url: kept.url },
  ]);
  const monitor = await monitorOf(gatewayserver, { interval: '10ms' });
  await until('both', () => gatewayserver.last('gone') && gatewayserver.last('kept'));
  gatewayserver.setBackends([{ id: 'kept', url: kept.url }]);
  const metrics = async () => (await fetch(`${monitor.opsUrl}/metrics`)).text();
  await until('its figures to go', async () => !(await metrics()).includes('backend="gone"'));
  const asked = gone.counts.submitted;
  const others = kept.counts.submitted;
  await until('some more probes of the other', () => kept.counts.submitted > others + 9);
  expect(gone.counts.submitted).toBe(asked);
});

test('a probe that changes nothing logs nothing', async () => {
  const gatewayserver = await own(startFakeGatewayserver());
  const trino = await own(startScriptedTrino());
  trino.when("SELECT 'hunter2'", {
    error: { name: 'SYNTAX_ERROR', code: 1, type: 'USER_ERROR', message: "line 1: mismatched 'hunter2'" },
  });
  const probe = { statement: "SELECT 'hunter2'", user: '', password: '' };
  gatewayserver.setBackends([{ id: 'one', url: trino.url, probe }]);
  const logger = recordingLogger();
  await monitorOf(gatewayserver, { interval: '10ms' }, logger);
  await until('ten probes', () => gatewayserver.statuses.length >= 10);
  expect(logger.lines.filter((line) => line.includes('"one"'))).toHaveLength(1);
  expect(logger.lines.join()).toContain('SYNTAX_ERROR');
  expect(logger.lines.join()).not.toContain('hunter2');
});

test('while the gatewayserver is away probes go on, and the newest results are reported when it is back', async () => {
  const first = await startFakeGatewayserver();
  const trino = await own(startScriptedTrino());
  const backends = [{ id: 'one', url: trino.url }];
  first.setBackends(backends);
  const logger = recordingLogger();
  const monitor = await monitorOf(first, { interval: '20ms', failures_before_unhealthy: '1' }, logger);
  await until('the cluster to be up', () => first.last('one')?.healthy);
  await first[Symbol.asyncDispose]();
  const asked = trino.counts.submitted;
  await until('more probes', () => trino.counts.submitted > asked + 9);
  await trino.kill();
  expect(await readyz(monitor)).toMatch(/^200 ready: the gatewayserver does not answer/);

  const again = await own(startFakeGatewayserver(first.port));
  again.setBackends(backends);
  const reported = await until('the newest', () => again.statuses[0]);
  await until('the cluster to be reported dead', () => again.last('one')?.healthy === false);
  expect(reported.observedAt).toBeDefined();
  const said = () => logger.lines.filter((line) => line.startsWith('the gatewayserver'));
  await until('its return to be said', () => said().length > 1);
  expect(said()).toEqual([expect.stringContaining('does not answer'), expect.stringContaining('answers again')]);
});

test.each([
  [undefined, 'requires a token: set monitor.gatewayserver_token'],
  ['wrong', 'refuses monitor.gatewayserver_token'],
])('with the token %s the monitor reads nothing, and logs why', async (token, said) => {
  const gatewayserver = await own(startFakeGatewayserver());
  gatewayserver.requireToken('right');
  const logger = recordingLogger();
  const monitor = await monitorOf(gatewayserver, token === undefined ? {} : { gatewayserver_token: token }, logger);
  await until('the refusal', async () => (await readyz(monitor)).startsWith('503'));
  expect(await readyz(monitor)).toContain(said);
  await until('it to be logged', () => logger.lines.some((line) => line.includes(said)));
  expect(logger.lines).toHaveLength(1);
  gatewayserver.requireToken(token);
  await until('it to be ready', async () => (await readyz(monitor)) === '200 ready');
  monitor.announceStop();
  expect(await readyz(monitor)).toBe('503 stopping');
});

test('a stop does not wait for a cluster that hangs', async () => {
  const gatewayserver = await own(startFakeGatewayserver());
  const trino = await own(startScriptedTrino());
  trino.fault({ on: 'poll', times: Number.POSITIVE_INFINITY, action: { kind: 'silence' } });
  gatewayserver.setBackends([{ id: 'one', url: trino.url }]);
  const monitor = await monitorOf(gatewayserver, { probe_time_limit: '1h' });
  await until('a probe under way', () => trino.requests.some(({ path }) => path.includes('/queued/')));
  const began = performance.now();
  await monitor[Symbol.asyncDispose]();
  expect(performance.now() - began).toBeLessThan(8_000);
});

test('the metrics show health, load, schedule and age of all backends', async () => {
  const gatewayserver = await own(startFakeGatewayserver());
  const trino = await own(startScriptedTrino());
  trino.pretendLoad({ RUNNING: 4, QUEUED: 3 });
  const never = { id: 'never', url: trino.url, uptimeSchedule: '* * 30 2 *' };
  gatewayserver.setBackends([
    { id: 'one', url: trino.url, uptimeSchedule: '* * * * *' },
    never,
    { id: 'none', url: trino.url },
  ]);
  const monitor = await monitorOf(gatewayserver);
  await until('all reports', () => ['one', 'never', 'none'].every((id) => gatewayserver.last(id)));
  const metrics = async () => (await fetch(`${monitor.opsUrl}/metrics`)).text();
  await until('all reports to be sent', async () =>
    (await metrics()).includes('trino_gateway_monitor_reports_waiting 0'),
  );
  const text = await metrics();
  expect(text.split('\n')).toEqual(
    expect.arrayContaining([
      'trino_gateway_monitor_backend_healthy{backend="one"} 1',
      'trino_gateway_monitor_backend_load{backend="one"} 9',
      'trino_gateway_monitor_backend_running{backend="one"} 4',
      'trino_gateway_monitor_backend_queued{backend="one"} 3',
      'trino_gateway_monitor_backend_scheduled_up{backend="one"} 1',
      'trino_gateway_monitor_backend_scheduled_up{backend="never"} 0',
      'trino_gateway_monitor_probes_total{result="UP"} 3',
      'trino_gateway_monitor_probe_seconds_count 3',
      'trino_gateway_monitor_rpc_total{method="ReportBackendStatus",code="ok"} 3',
      'trino_gateway_monitor_rpc_total{method="ReportBackendSchedule",code="ok"} 2',
      'trino_gateway_monitor_rpc_seconds_count{method="ReportBackendStatus"} 3',
    ]),
  );
  expect(text).toMatch(/^trino_gateway_monitor_sweep_seconds \d/m);
  expect(text).toMatch(/^process_resident_memory_bytes \d/m);
  expect(text).not.toContain('scheduled_up{backend="none"}');
  gatewayserver.setBackends([never]);
  await until('the figures of what is gone to go', async () => !(await metrics()).includes('backend="one"'));
});

test('refused calls are counted by their code', async () => {
  const gatewayserver = await own(startFakeGatewayserver());
  gatewayserver.requireToken('right');
  const monitor = await monitorOf(gatewayserver);
  const metrics = async () => (await fetch(`${monitor.opsUrl}/metrics`)).text();
  await until('the refusal', async () =>
    /rpc_total\{method="WatchBackends",code="Unauthenticated"\} \d/.test(await metrics()),
  );
});

test('a schedule is reported at once, and again to a gatewayserver that was away', async () => {
  const first = await startFakeGatewayserver();
  const trino = await own(startScriptedTrino());
  const backends = [{ id: 'one', url: trino.url, uptimeSchedule: '* * 30 2 *', timeZone: 'Europe/Vienna' }];
  first.setBackends(backends);
  await monitorOf(first);
  const reported = await until('the schedule', () => first.schedules[0]);
  expect(reported).toMatchObject({ backendId: 'one', scheduledUp: false, timeZone: 'Europe/Vienna', nextChanges: [] });
  first.setBackends([{ ...backends[0], uptimeSchedule: '* * * * *' }]);
  expect(await until('the other schedule', () => first.schedules[1])).toMatchObject({ scheduledUp: true });
  await first[Symbol.asyncDispose]();
  const again = await own(startFakeGatewayserver(first.port));
  again.setBackends([{ ...backends[0], uptimeSchedule: '* * * * *' }]);
  expect(await until('the same schedule', () => again.schedules[0])).toMatchObject({ scheduledUp: true });
});

test('a cluster that is down is logged only inside its schedule', async () => {
  const gatewayserver = await own(startFakeGatewayserver());
  const trino = await startScriptedTrino();
  await trino.stop();
  const backend = { id: 'one', url: trino.url };
  gatewayserver.setBackends([{ ...backend, uptimeSchedule: '* * 30 2 *' }]);
  const logger = recordingLogger();
  await monitorOf(gatewayserver, { interval: '20ms' }, logger);
  await until('some probes', () => gatewayserver.statuses.length > 3);
  const said = () => logger.lines.filter((line) => line.includes('UNREACHABLE'));
  expect(said()).toEqual([]);
  expect(gatewayserver.last('one')).toMatchObject({ healthy: false, state: State.UNREACHABLE });
  gatewayserver.setBackends([{ ...backend, uptimeSchedule: '* * * * *' }]);
  await until('it to be said', () => said().length > 0);
  const probes = gatewayserver.statuses.length;
  await until('some more probes', () => gatewayserver.statuses.length > probes + 3);
  expect(said()).toHaveLength(1);
});
