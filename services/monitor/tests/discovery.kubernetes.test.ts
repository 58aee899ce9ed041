import { afterAll, beforeAll, expect, jest, test } from '@jest/globals';
import { type RunningKubernetes, startKubernetes } from '@trino-gateway/testing/kubernetes/kubernetes';
import { until } from '@trino-gateway/testing/processes/until';
import { startGatewayserver, type TestGatewayserver } from '@trino-gateway/testing/suite/start-gatewayserver';
import { MissingToolError } from '@trino-gateway/testing/toolchains/missing-tool';
import { startTestMonitor } from './support/test-monitor.ts';

// Against a real API server: what a scripted one cannot show is that its lists, watches and selectors are understood.

jest.setTimeout(600_000);

const CLUSTERS = '/apis/trino.stackable.tech/v1alpha1/namespaces/trino/trinoclusters';
const SERVICES = '/api/v1/namespaces/trino/services';

let running: RunningKubernetes | undefined;
try {
  running = await startKubernetes({
    finder: [
      {
        verbs: ['list', 'watch'],
        groups: ['trino.stackable.tech', ''],
        resources: ['trinoclusters', 'services'],
        namespaces: ['trino'],
      },
    ],
  });
} catch (error) {
  if (!(error instanceof MissingToolError)) throw error;
  test.skip(`a real API server: ${error.message}`, () => {});
}
let server: TestGatewayserver;
let monitor: AsyncDisposable;

beforeAll(async () => {
  if (!running) return;
  server = await startGatewayserver();
  monitor = await startTestMonitor(server, {
    ...{ discovery: 'true', discovery_kinds: 'TrinoCluster,Service', discovery_namespaces: 'trino' },
    kubeconfig: running.kubeconfig('finder'),
  });
});
afterAll(async () => {
  await monitor?.[Symbol.asyncDispose]();
  await server?.[Symbol.asyncDispose]();
  await running?.[Symbol.asyncDispose]();
});

/** Runs where Kubernetes could be had. */
const onKubernetes = (title: string, work: (kubernetes: RunningKubernetes) => Promise<void>) => {
  const real = running;
  if (real) test(title, () => work(real));
};
const metadata = (
  name: string,
  annotations: Record<string, string>,
  labels: object = { 'trino-gateway.io/backend': 'true' },
) => ({
  name,
  namespace: 'trino',
  labels,
  annotations: Object.fromEntries(
    Object.entries(annotations).map(([key, value]) => [`trino-gateway.io/${key}`, value]),
  ),
});
const cluster = (
  kubernetes: RunningKubernetes,
  name: string,
  annotations: Record<string, string> = {},
  labels?: object,
) =>
  kubernetes.calls.call('POST', CLUSTERS, {
    apiVersion: 'trino.stackable.tech/v1alpha1',
    kind: 'TrinoCluster',
    metadata: metadata(name, annotations, labels),
    spec: { clusterOperation: { stopped: false } },
  });
const service = (kubernetes: RunningKubernetes, name: string, annotations: Record<string, string> = {}) =>
  kubernetes.calls.call('POST', SERVICES, {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: metadata(name, annotations),
    spec: { selector: { app: name }, ports: [{ name: 'http', port: 8080 }] },
  });
type Listed = { backends?: { id: string; weight?: number; url: string }[] };
const backends = async () => ((await server.call('BackendService/ListBackends')) as Listed).backends ?? [];
const backend = async (id: string) => (await backends()).find((one) => one.id === id);
const has = (id: string) => until(`backend ${id}`, () => backend(id));
const hasNot = (id: string) => until(`no backend ${id}`, async () => (await backend(id)) === undefined);

onKubernetes(
  'labelled TrinoClusters and Services come, change and leave; without the label they are nothing',
  async (kubernetes) => {
    await cluster(kubernetes, 'unlabelled', {}, {});
    await cluster(kubernetes, 'blue', { group: 'adhoc', scaler: 'stackable' });
    await service(kubernetes, 'green', { group: 'adhoc', weight: '2' });
    await has('trino.blue');
    await has('trino.green');
    expect(await backend('trino.blue')).toMatchObject({
      url: 'https://blue-coordinator.trino.svc:8443',
      managedBy: 'kubernetes',
    });
    expect((await backends()).map(({ id }) => id)).toEqual(['trino.blue', 'trino.green']);
    expect(await server.call('GroupService/GetGroup', { id: 'adhoc' })).toMatchObject({
      backendIds: ['trino.blue', 'trino.green'],
    });
    await kubernetes.calls.call('PATCH', `${SERVICES}/green`, {
      metadata: { annotations: { 'trino-gateway.io/weight': '7' } },
    });
    await until('the new weight', async () => (await backend('trino.green'))?.weight === 7);
    await kubernetes.calls.call('PATCH', `${SERVICES}/green`, {
      metadata: { labels: { 'trino-gateway.io/backend': 'false' } },
    });
    await hasNot('trino.green');
    await kubernetes.calls.call('DELETE', `${CLUSTERS}/blue`);
    await hasNot('trino.blue');
  },
);

onKubernetes(
  'an API server that is killed takes nothing away; what changed meanwhile is seen when it is back',
  async (kubernetes) => {
    await cluster(kubernetes, 'stays');
    await cluster(kubernetes, 'goes');
    await has('trino.goes');
    await has('trino.stays');
    await kubernetes.kill();
    await until('the outage', async () =>
      JSON.stringify(await server.call('DiscoveryService/ListDiscovered')).includes('"problem"'),
    );
    expect((await backends()).map(({ id }) => id)).toEqual(['trino.goes', 'trino.stays']);
    await kubernetes.start();
    await kubernetes.calls.call('DELETE', `${CLUSTERS}/goes`);
    await cluster(kubernetes, 'new');
    await has('trino.new');
    await hasNot('trino.goes');
    expect(await backend('trino.stays')).toBeDefined();
  },
);
