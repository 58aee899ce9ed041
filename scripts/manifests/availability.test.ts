import { describe, expect, test } from '@jest/globals';
import { find, ofKind, selects, workloads } from './objects.ts';
import { LADEN, NAMES, OVERLAYS, renderings } from './renderings.ts';

type Labels = Record<string, string>;
type Deployment = {
  replicas?: number;
  selector: { matchLabels: Labels };
  strategy: { type?: string; rollingUpdate?: { maxSurge: number; maxUnavailable: number } };
};
type Autoscaler = {
  scaleTargetRef: { kind: string; name: string };
  minReplicas: number;
  maxReplicas: number;
  metrics: { resource: { name: string; target: { averageValue: string } } }[];
};
type Service = { selector: Labels; ports: { name: string; port: number; targetPort: string }[]; clusterIP?: string };

const { of, missing } = await renderings();
const rendered = missing === undefined ? describe : describe.skip;
const millis = (cpu = '0') => (cpu.endsWith('m') ? Number(cpu.slice(0, -1)) : Number(cpu) * 1_000);

rendered.each(NAMES)('%s', (name) => {
  const deployments = ofKind<Deployment>(of(name), 'Deployment');
  const pods = workloads(of(name));
  const podsOf = (selector: Labels) => pods.filter(({ labels }) => selects(selector, labels)).map((pod) => pod.name);

  test('every Service, Deployment and disruption budget selects the pods of its own, and no others', () => {
    for (const { metadata, spec } of deployments) expect(podsOf(spec.selector.matchLabels)).toEqual([metadata.name]);
    const budgets = ofKind<Deployment>(of(name), 'PodDisruptionBudget');
    expect(budgets.map(({ metadata }) => metadata.name)).toEqual(deployments.map(({ metadata }) => metadata.name));
    for (const { metadata, spec } of budgets) expect(podsOf(spec.selector.matchLabels)).toEqual([metadata.name]);
    for (const { metadata, spec } of ofKind<Service>(of(name), 'Service'))
      expect(podsOf(spec.selector)).toEqual([metadata.name.replace(/-ops$/, '')]);
  });

  test('every port of a container is served by one Service; ops ports have no address outside', () => {
    for (const pod of pods.filter(({ object }) => object.kind === 'Deployment')) {
      const services = ofKind<Service>(of(name), 'Service').filter(({ spec }) => selects(spec.selector, pod.labels));
      const served = services.flatMap(({ spec }) => spec.ports);
      const own = pod.pod.containers.flatMap(({ ports = [] }) => ports);
      expect(served.map(({ targetPort }) => targetPort).toSorted()).toEqual(own.map((port) => port.name).toSorted());
      expect(served.map(({ port }) => port).toSorted()).toEqual(own.map((port) => port.containerPort).toSorted());
      const [ops] = services.filter(({ spec }) => spec.ports.some((port) => port.name === 'ops'));
      expect(ops).toMatchObject({ metadata: { name: `${pod.name}-ops` }, spec: { clusterIP: 'None' } });
      expect(ops?.spec.ports).toHaveLength(1);
    }
  });

  test('an update starts the new pod before it stops an old one, but where two would write one SQLite file', () => {
    for (const { metadata, spec } of deployments) {
      const isSqlite = name.startsWith('small') && metadata.name === 'gatewayserver';
      expect(spec.strategy).toEqual(
        isSqlite ? { type: 'Recreate' } : { rollingUpdate: { maxSurge: 1, maxUnavailable: 0 } },
      );
    }
  });

  test('a node can always be emptied, and takes one pod of a service at a time', () => {
    for (const { spec } of ofKind(of(name), 'PodDisruptionBudget'))
      expect(spec).toMatchObject({ maxUnavailable: 1, unhealthyPodEvictionPolicy: 'AlwaysAllow' });
  });

  test('pods of a service are spread over zones and nodes, where there is room', () => {
    for (const { pod, labels } of pods.filter(({ object }) => object.kind === 'Deployment')) {
      const spread = pod.topologySpreadConstraints ?? [];
      expect(spread.map(({ topologyKey }) => topologyKey)).toEqual([
        'topology.kubernetes.io/zone',
        'kubernetes.io/hostname',
      ]);
      for (const { labelSelector } of spread) expect(selects(labelSelector.matchLabels, labels)).toBe(true);
    }
  });

  test('where the autoscaler says how many routers there are nothing else does, and what it measures can be reached', () => {
    const [autoscaler, ...more] = ofKind<Autoscaler>(of(name), 'HorizontalPodAutoscaler');
    expect(more).toEqual([]);
    const { spec: router } = deployments.find(({ metadata }) => metadata.name === 'router') ?? {};
    expect(router?.replicas).toBeUndefined();
    const isExpected = !name.startsWith('small') && router !== undefined;
    expect(autoscaler !== undefined).toBe(isExpected);
    if (!autoscaler) return;
    const { scaleTargetRef, minReplicas, maxReplicas, metrics } = autoscaler.spec;
    expect(find(of(name), scaleTargetRef.kind, scaleTargetRef.name).metadata.name).toBe('router');
    expect(minReplicas).toBeGreaterThanOrEqual(2); // more than a disruption budget lets go
    expect(maxReplicas).toBeGreaterThan(minReplicas);
    const [cpu] = pods.find((pod) => pod.name === 'router')?.pod.containers ?? [];
    const target = millis(metrics[0]?.resource.target.averageValue);
    expect(target).toBeGreaterThanOrEqual(millis(cpu?.resources?.requests.cpu));
    expect(target).toBeLessThan(1_000); // a router is one thread
  });
});

rendered.each([...OVERLAYS, ...LADEN])('%s', (name) => {
  test('where a database server is shared there are two of each', () => {
    const counts = ofKind<Deployment>(of(name), 'Deployment').map(({ metadata, spec }) => [
      metadata.name,
      spec.replicas,
    ]);
    const many = name.startsWith('small') ? undefined : 2;
    expect(Object.fromEntries(counts)).toEqual({
      gatewayserver: many ?? 1,
      monitor: many,
      router: undefined, // the autoscaler says
    });
  });
});

rendered.each(LADEN)('%s', (name) => {
  test('the ServiceMonitor finds the ops port of every service, and no other port', () => {
    const [found] = ofKind<{ selector: { matchLabels: Labels }; endpoints: { port: string; path: string }[] }>(
      of(name),
      'ServiceMonitor',
    );
    const services = ofKind<Service>(of(name), 'Service').filter(({ metadata }) =>
      selects(found?.spec.selector.matchLabels ?? {}, metadata.labels ?? {}),
    );
    const scraped = services.flatMap(({ metadata, spec }) =>
      spec.ports.filter(({ name: port }) => port === found?.spec.endpoints[0]?.port).map(() => metadata.name),
    );
    expect(scraped.toSorted()).toEqual(['gatewayserver-ops', 'monitor-ops', 'router-ops']);
    expect(found?.spec.endpoints).toMatchObject([{ path: '/metrics' }]);
  });

  test('everything listens on both kinds of addresses, and every Service takes what the cluster has', () => {
    const listens = workloads(of(name)).flatMap(({ pod }) =>
      pod.containers.flatMap(({ env = [] }) => env.filter((variable) => variable.name.endsWith('LISTEN'))),
    );
    expect(listens.map(({ value }) => value).toSorted()).toEqual(
      [8000, 8001, 8002, 8003, 8080].map((port) => `[::]:${port}`),
    );
    for (const { spec } of ofKind(of(name), 'Service'))
      expect(spec).toMatchObject({ ipFamilyPolicy: 'PreferDualStack' });
  });

  test('every pod shows the registry who it is', () => {
    for (const { pod } of workloads(of(name))) expect(pod).toMatchObject({ imagePullSecrets: [{ name: 'registry' }] });
  });
});
