import { afterAll, beforeAll, expect, jest, test } from '@jest/globals';
import { until } from '@trino-gateway/testing/processes/until';
import { startGatewayserver, type TestGatewayserver } from '@trino-gateway/testing/suite/start-gatewayserver';
import type { RunningMonitor } from '../src/index.ts';
import { type ScriptedKubernetes, startScriptedKubernetes } from './support/scripted-kubernetes.ts';
import { recordingLogger, startTestMonitor } from './support/test-monitor.ts';

jest.setTimeout(240_000);

const SERVICES = '/api/v1/namespaces/trino/services';
const CLUSTERS = '/apis/trino.stackable.tech/v1alpha1/namespaces/trino/trinoclusters';
const logger = recordingLogger();

let api: ScriptedKubernetes;
let server: TestGatewayserver;
let monitor: RunningMonitor;

beforeAll(async () => {
  api = await startScriptedKubernetes();
  server = await startGatewayserver({ file: 'backends: [{ id: declared, url: "http://declared" }]' });
  monitor = await startMonitor();
});
afterAll(async () => {
  await monitor?.[Symbol.asyncDispose]();
  await server?.[Symbol.asyncDispose]();
  await api?.[Symbol.asyncDispose]();
});

const startMonitor = () =>
  startTestMonitor(
    server,
    {
      discovery: 'true',
      discovery_kinds: 'Service,TrinoCluster',
      discovery_namespaces: 'trino',
      kubeconfig: api.kubeconfig,
    },
    logger,
  );
/** Puts a Service, with its annotations without their prefix. */
function service(name: string, annotations: Record<string, string> = {}) {
  const all = Object.entries({ id: name, group: 'found', ...annotations });
  const own = Object.fromEntries(all.map(([key, value]) => [`trino-gateway.io/${key}`, value]));
  api.put(SERVICES, {
    metadata: { namespace: 'trino', name, annotations: own },
    spec: { ports: [{ name: 'http', port: 8080 }] },
  });
}
type Listed = { backends?: { id: string; weight?: number; managedBy?: string; condition: { draining?: boolean } }[] };
const backends = async () => ((await server.call('BackendService/ListBackends')) as Listed).backends ?? [];
const ids = async () => (await backends()).map(({ id }) => id);
const backend = async (id: string) => (await backends()).find((one) => one.id === id);
const discovered = async () => JSON.stringify(await server.call('DiscoveryService/ListDiscovered'));
const has = (id: string) => until(`backend ${id}`, async () => (await ids()).includes(id));
const hasNot = (id: string) => until(`no backend ${id}`, async () => !(await ids()).includes(id));
/** Both sources are looked at by somebody from now on. */
async function areLookedAt(before = api.calls.length) {
  await until(
    'a look at both',
    () => new Set(api.calls.slice(before).filter((call) => call.startsWith('list'))).size === 2,
  );
}

test('objects become backends, change, and leave', async () => {
  service('blue', { weight: '3' });
  await has('blue');
  expect(await backend('blue')).toMatchObject({
    url: 'http://blue.trino.svc:8080',
    weight: 3,
    managedBy: 'kubernetes',
  });
  expect(await server.call('GroupService/GetGroup', { id: 'found' })).toMatchObject({ backendIds: ['blue'] });
  await until('its probe', async () => JSON.stringify(await backend('blue')).includes('UNREACHABLE'));

  api.put(CLUSTERS, {
    metadata: { namespace: 'trino', name: 'stack', annotations: { 'trino-gateway.io/scaler': 'stackable' } },
  });
  await has('trino.stack');
  expect(await backend('trino.stack')).toMatchObject({ scaler: { stackable: { namespace: 'trino', name: 'stack' } } });

  service('blue', { weight: '4' });
  await until('the new weight', async () => (await backend('blue'))?.weight === 4);
  service('blue', { weight: 'heavy' });
  await until('the problem', async () => (await discovered()).includes('weight: expected a whole number'));
  expect(await backend('blue')).toMatchObject({ weight: 4, discovery: { problem: 'weight: expected a whole number' } });
  expect(logger.lines.filter((line) => line.includes('no backend as it is'))).toHaveLength(1);

  service('declared');
  await until('the conflict', async () =>
    (await discovered()).includes('is declared in the configuration file, which wins'),
  );
  expect(await backend('declared')).toMatchObject({ url: 'http://declared', managedBy: 'file' });

  api.remove(CLUSTERS, 'stack');
  await hasNot('trino.stack');
});

test('an outage takes nothing away, nor does an API server that knows of nothing yet; what left meanwhile leaves after it', async () => {
  service('green');
  await has('green');
  api.become('away');
  api.remove(SERVICES, 'green');
  await until('the outage', async () => (await discovered()).includes('etcd is away'));
  expect(await ids()).toEqual(expect.arrayContaining(['blue', 'green']));
  api.become('empty');
  await areLookedAt();
  api.become('well');
  await hasNot('green');
  expect(await backend('blue')).toMatchObject({ weight: 4 });
  expect((await backend('blue'))?.condition.draining).toBeFalsy();
});

test('another monitor takes over, and a restart changes nothing', async () => {
  const before = await backends();
  const calls = api.calls.length;
  await using _second = await startMonitor();
  await areLookedAt(calls);
  await monitor[Symbol.asyncDispose]();
  const since = performance.now();
  service('red');
  await has('red');
  expect(performance.now() - since).toBeLessThan(30_000);
  expect((await backends()).filter(({ id }) => id !== 'red').map(({ id }) => id)).toEqual(before.map(({ id }) => id));
  api.remove(SERVICES, 'red');
  await hasNot('red');
  monitor = await startMonitor();
  service('blue', { weight: '9' });
  await until('the new weight', async () => (await backend('blue'))?.weight === 9);
});
