import { create } from '@bufbuild/protobuf';
import { afterAll, afterEach, expect, test } from '@jest/globals';
import {
  type Backend_KubernetesScale,
  Backend_KubernetesScaleSchema,
  Backend_StackableSchema,
  Backend_Scaler_State as State,
} from '@trino-gateway/api/gateway';
import { loadConfig } from '@trino-gateway/config';
import { silentLogger as logger } from '@trino-gateway/runtime';
import { type Rule, type RunningKubernetes, startKubernetes } from '@trino-gateway/testing/kubernetes/kubernetes';
import { MissingToolError } from '@trino-gateway/testing/toolchains/missing-tool';
import { createKubernetes } from '../src/kubernetes/kubernetes.ts';
import { createKubernetesScaleScaler } from '../src/scaling/scalers/kubernetes-scale.ts';
import { createStackableScaler } from '../src/scaling/scalers/stackable.ts';

const CLUSTERS = '/apis/trino.stackable.tech/v1alpha1/namespaces/trino/trinoclusters';
const FLEETS = '/apis/fleet.example.com/v1/namespaces/trino/fleets';
const never = new AbortController().signal;
const rule = (verbs: string[], resources: string[]): Rule => ({
  verbs,
  groups: ['trino.stackable.tech', 'fleet.example.com'],
  resources,
  namespaces: ['trino'],
});

let kubernetes: RunningKubernetes | undefined;
try {
  kubernetes = await startKubernetes({
    monitor: [rule(['get', 'patch'], ['trinoclusters', 'fleets/scale'])],
    reader: [rule(['get'], ['trinoclusters', 'fleets/scale'])],
  });
} catch (error) {
  if (!(error instanceof MissingToolError)) throw error;
  test.skip(`a real API server: ${error.message}`, () => {});
}
afterAll(async () => kubernetes?.[Symbol.asyncDispose]());
afterEach(() => {
  if (kubernetes) kubernetes.front.fault = () => undefined;
});

/** Runs where Kubernetes could be had. */
const onKubernetes = (title: string, work: (real: RunningKubernetes) => Promise<void>) => {
  const real = kubernetes;
  if (real) test(title, () => work(real));
};
const scalersOf = (real: RunningKubernetes, user = 'monitor') => {
  const { monitor } = loadConfig({ env: {}, readSecret: () => '' });
  const tools = { logger, kubernetes: createKubernetes({ kubeconfig: real.kubeconfig(user) }, logger) };
  const stackable = createStackableScaler(monitor, tools);
  const scale = createKubernetesScaleScaler(monitor, tools);
  return { stackable, scale, [Symbol.asyncDispose]: () => tools.kubernetes[Symbol.asyncDispose]() };
};
const target = <Settings>(settings: Settings) => ({ backendId: 'one', isDeclared: false, settings });
const cluster = (name: string) => target(create(Backend_StackableSchema, { namespace: 'trino', name }));
const fleet = (name: string, more: Partial<Backend_KubernetesScale> = {}) =>
  target(
    create(Backend_KubernetesScaleSchema, {
      apiVersion: 'fleet.example.com/v1',
      kind: 'Fleet',
      namespace: 'trino',
      name,
      replicas: 3,
      ...more,
    }),
  );
const addCluster = (real: RunningKubernetes, name: string, spec: object) =>
  real.calls.call('POST', CLUSTERS, {
    apiVersion: 'trino.stackable.tech/v1alpha1',
    kind: 'TrinoCluster',
    metadata: { name },
    spec,
  });
const sayAvailable = (real: RunningKubernetes, name: string, status: string, secondsAgo: number) => {
  const lastTransitionTime = new Date(Date.now() - secondsAgo * 1_000).toISOString();
  return real.calls.call('PATCH', `${CLUSTERS}/${name}/status`, {
    status: { conditions: [{ type: 'Available', status, lastTransitionTime }] },
  });
};
const callsDuring = async (real: RunningKubernetes, work: () => Promise<unknown>) => {
  real.front.seen.length = 0;
  await work();
  return real.front.seen.map(({ method, path }) => `${method} ${path}`);
};

onKubernetes('a TrinoCluster is started and stopped by its one field, and all its other fields stay', async (real) => {
  await addCluster(real, 'one', { image: { productVersion: '476' }, clusterOperation: { stopped: true } });
  await using scalers = scalersOf(real);
  expect(await scalers.stackable.state(cluster('one'), never)).toBe(State.STOPPED);
  const calls = await callsDuring(real, () => scalers.stackable.start(cluster('one'), never));
  expect(calls).toEqual([`PATCH ${CLUSTERS}/one?fieldManager=trino-gateway`]);
  expect(await scalers.stackable.state(cluster('one'), never)).toBe(State.STARTING);
  await sayAvailable(real, 'one', 'True', 2);
  expect(await scalers.stackable.state(cluster('one'), never)).toBe(State.STARTING);
  await sayAvailable(real, 'one', 'True', 60);
  expect(await scalers.stackable.state(cluster('one'), never)).toBe(State.RUNNING);
  await scalers.stackable.stop(cluster('one'), never);
  expect(await scalers.stackable.state(cluster('one'), never)).toBe(State.STOPPING);
  await sayAvailable(real, 'one', 'False', 0);
  expect(await scalers.stackable.state(cluster('one'), never)).toBe(State.STOPPED);
  const stored = await real.calls.call('GET', `${CLUSTERS}/one`);
  expect(stored.spec).toEqual({
    image: { productVersion: '476' },
    clusterOperation: { stopped: true, reconciliationPaused: false },
  });
  const managers = stored.metadata.managedFields as { manager: string; fieldsV1: object }[];
  expect(
    managers.filter(({ fieldsV1 }) => JSON.stringify(fieldsV1).includes('f:stopped')).map(({ manager }) => manager),
  ).toEqual(['trino-gateway']);
});

onKubernetes('what has a scale subresource is started with its replicas and stopped to none', async (real) => {
  await real.calls.call('POST', FLEETS, {
    apiVersion: 'fleet.example.com/v1',
    kind: 'Fleet',
    metadata: { name: 'one' },
    spec: { replicas: 0, colour: 'red' },
  });
  const there = (replicas: number) => real.calls.call('PATCH', `${FLEETS}/one/status`, { status: { replicas } });
  await using scalers = scalersOf(real);
  expect(await scalers.scale.state(fleet('one'), never)).toBe(State.STOPPED);
  await scalers.scale.start(fleet('one'), never);
  expect(await scalers.scale.state(fleet('one'), never)).toBe(State.STARTING);
  await there(3);
  expect(await scalers.scale.state(fleet('one'), never)).toBe(State.RUNNING);
  const again = await callsDuring(real, () => scalers.scale.start(fleet('one'), never));
  expect(again.filter((call) => call.startsWith('PATCH'))).toEqual([]);
  await scalers.scale.stop(fleet('one'), never);
  expect(await scalers.scale.state(fleet('one'), never)).toBe(State.STOPPING);
  await there(0);
  expect(await scalers.scale.state(fleet('one'), never)).toBe(State.STOPPED);
  expect((await real.calls.call('GET', `${FLEETS}/one`)).spec).toEqual({ replicas: 0, colour: 'red' });
});

onKubernetes(
  'a target that is not there, or that may not be written, is a problem that names it, and nothing is created',
  async (real) => {
    await using scalers = scalersOf(real);
    await expect(scalers.stackable.start(cluster('absent'), never)).rejects.toThrow(
      'HTTP 404: trinoclusters.trino.stackable.tech "absent" not found',
    );
    expect(await real.calls.status('GET', `${CLUSTERS}/absent`)).toBe(404);
    await expect(scalers.scale.state(fleet('absent'), never)).rejects.toThrow(
      'fleets.fleet.example.com "absent" not found',
    );
    await expect(scalers.scale.state(fleet('one', { kind: 'Ship' }), never)).rejects.toThrow(
      'the API server has no kind Ship in fleet.example.com/v1',
    );
    await expect(scalers.scale.state(fleet('one', { apiVersion: 'ship.example.com/v1' }), never)).rejects.toThrow(
      'the API server has no ship.example.com/v1',
    );
    await scalers.stackable.check?.(cluster('absent'), never);

    await using readers = scalersOf(real, 'reader');
    await expect(readers.stackable.check?.(cluster('one'), never)).rejects.toThrow(
      'the API server does not grant patch on trinoclusters.trino.stackable.tech named one in namespace trino',
    );
    await expect(readers.scale.check?.(fleet('one'), never)).rejects.toThrow(
      'the API server does not grant patch on fleets.fleet.example.com/scale named one in namespace trino',
    );
    await expect(readers.stackable.stop(cluster('one'), never)).rejects.toThrow(
      /HTTP 403: .*User "reader" cannot patch resource "trinoclusters"/,
    );
  },
);

onKubernetes(
  'after a conflict and a refusal for being busy the same patch is sent once more; after an error it is not',
  async (real) => {
    await using scalers = scalersOf(real);
    for (const [status, count] of [
      [409, 2],
      [429, 2],
      [500, 1],
    ] as const) {
      let left = 1;
      real.front.fault = () => (left-- > 0 ? { status, headers: { 'retry-after': '0' } } : undefined);
      const calls = await callsDuring(real, () => scalers.stackable.stop(cluster('one'), never).catch(() => {}));
      expect(calls).toHaveLength(count);
    }
  },
);

onKubernetes(
  'an API server that is gone is a problem at once, and is used again when it is back, with what it stored',
  async (real) => {
    await using scalers = scalersOf(real);
    await scalers.stackable.start(cluster('one'), never);
    await real.kill();
    await expect(scalers.stackable.state(cluster('one'), never)).rejects.toThrow(
      /^GET .*: (other side closed|read ECONNRESET)/,
    );
    await real.start();
    expect(await scalers.stackable.state(cluster('one'), never)).toBe(State.STARTING);
  },
);
