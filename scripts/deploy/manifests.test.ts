import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from '@jest/globals';
import { kubectlMissing, type Manifest, rawManifests, readManifests, render, schemaProblems } from './manifests.ts';
import { A_SECRET, configured, knownVariables, portsOf, SERVICES, type Service } from './settings.ts';

type Probe = { httpGet: { path: string; port: string } };
type Container = {
  name: string;
  image: string;
  env: { name: string; value?: string; valueFrom?: { secretKeyRef: { name: string; key: string } } }[];
  ports?: { name: string; containerPort: number }[];
  livenessProbe?: Probe;
  readinessProbe?: Probe;
  startupProbe?: Probe;
  lifecycle?: { preStop: { exec: { command: string[] } } };
  securityContext: Record<string, unknown>;
  resources: { requests: unknown; limits: unknown };
  volumeMounts?: { mountPath: string; name: string; readOnly?: boolean }[];
};
type Pod = {
  containers: Container[];
  initContainers?: Container[];
  terminationGracePeriodSeconds: number;
  enableServiceLinks: boolean;
  securityContext: Record<string, unknown>;
  serviceAccountName: string;
  volumes: { name: string; emptyDir?: object; configMap?: { name: string } }[];
};

const folder = (name: string) => fileURLToPath(new URL(`../../deploy/kubernetes/${name}`, import.meta.url));
const missing = kubectlMissing();
let example: Manifest[] | undefined;
const renderExample = () => {
  example ??= render(folder('example'));
  return example;
};
const rendered = missing === undefined ? test : test.skip;
if (missing !== undefined)
  console.warn(`the rendered manifests are skipped: ${missing}; the files themselves are checked`);

const podOf = (deployment: Manifest) => (deployment.spec as { template: { spec: Pod } }).template.spec;
const find = (manifests: Manifest[], kind: string, name: string) => {
  const found = manifests.find((one) => one.kind === kind && one.metadata.name.startsWith(name));
  if (!found) throw new Error(`there is no ${kind} ${name}`);
  return found;
};

type KubernetesService = Manifest & { spec: { ports: { name: string; port: number; targetPort: string }[] } };
const services = (manifests: Manifest[]) => manifests.filter(({ kind }) => kind === 'Service') as KubernetesService[];

/** What the process in this container reads: its file, its variables, and secrets that are there. */
function configurationOf(service: Service, container: Container, file: string) {
  const env = container.env.map(({ name, value, valueFrom }) => {
    const secret = valueFrom?.secretKeyRef.key.endsWith('url') ? 'mysql://gateway@mysql/gateway' : A_SECRET;
    return [name, value ?? (valueFrom ? secret : '')];
  });
  return configured(file, Object.fromEntries(env), service);
}

/** That this pod fits the service: variables, ports, probes, and nothing it must not be allowed. */
function expectFits(service: Service, deployment: Manifest, file: string): void {
  const pod = podOf(deployment);
  const container = pod.containers.find(({ name }) => name === service);
  if (!container) throw new Error(`there is no container ${service}`);
  const known = knownVariables();
  for (const { env } of [...pod.containers, ...(pod.initContainers ?? [])])
    for (const { name } of env) expect([name, known.has(name)]).toEqual([name, true]);
  const config = configurationOf(service, container, file);
  expect(container.ports?.map(({ containerPort }) => containerPort)).toEqual(portsOf(service, config));
  expect(container.ports?.at(-1)?.name).toBe('ops');
  expect([container.startupProbe, container.livenessProbe, container.readinessProbe]).toMatchObject([
    { httpGet: { path: '/livez', port: 'ops' } },
    { httpGet: { path: '/livez', port: 'ops' } },
    { httpGet: { path: '/readyz', port: 'ops' } },
  ]);
  // A process takes up to 10 s to stop; the hook before it is part of the same time.
  const waitsMs = Number(/(\d+)\)$/.exec(container.lifecycle?.preStop.exec.command.at(-1) ?? '0)')?.[1]);
  expect(pod.terminationGracePeriodSeconds).toBeGreaterThan(10 + waitsMs / 1_000);
  expect(pod.enableServiceLinks).toBe(false);
  expect(pod.serviceAccountName).toBe(service);
  expect(pod.securityContext).toMatchObject({ runAsNonRoot: true, seccompProfile: { type: 'RuntimeDefault' } });
  for (const one of [...pod.containers, ...(pod.initContainers ?? [])]) {
    expect(one.securityContext).toMatchObject({
      allowPrivilegeEscalation: false,
      readOnlyRootFilesystem: true,
      capabilities: { drop: ['ALL'] },
    });
    expect(one.resources).toMatchObject({
      requests: { memory: expect.any(String) },
      limits: { memory: expect.any(String) },
    });
  }
  const writable = pod.volumes.filter(({ emptyDir }) => emptyDir).map(({ name }) => name);
  const mounts = container.volumeMounts ?? [];
  expect(mounts.filter(({ name }) => writable.includes(name)).map(({ mountPath }) => mountPath)).toEqual(
    service === 'monitor' ? ['/tmp'] : ['/tmp', '/app/data'],
  );
  if (service === 'router') expect(config.router.state_file).toMatch(/^\/app\/data\//);
}

describe.each(SERVICES)('deploy/kubernetes/%s', (service) => {
  const file = readFileSync(`${folder(service)}/gateway.yaml`, 'utf8');
  const manifests = rawManifests(folder(service));

  test('the files fit the service and its configuration', () => {
    expectFits(service, find(manifests, 'Deployment', service), file);
    const ports = services(manifests).flatMap(({ spec }) => spec.ports);
    expect(ports.map(({ port }) => port).toSorted()).toEqual(portsOf(service, configured(file, {})).toSorted());
    expect(ports.map(({ targetPort }) => targetPort)).toEqual(ports.map(({ name }) => name));
    // An empty selector would mean every pod of the namespace.
    expect(find(manifests, 'PodDisruptionBudget', service).spec).toEqual({
      maxUnavailable: 1,
      selector: { matchLabels: { 'app.kubernetes.io/name': service } },
    });
  });

  test('its ops port is on a Service of its own, which has no address outside', () => {
    const [ops, ...more] = services(manifests).filter(({ spec }) => spec.ports.some(({ name }) => name === 'ops'));
    expect(more).toEqual([]);
    expect(ops).toMatchObject({ metadata: { name: `${service}-ops` }, spec: { clusterIP: 'None' } });
    expect(ops?.spec.ports).toHaveLength(1);
  });

  rendered('what is applied is valid, complete and has no field that Kubernetes does not know', () => {
    const applied = render(folder(service));
    expect(applied.flatMap(schemaProblems)).toEqual([]);
    expect(applied.map(({ kind }) => kind).sort()).toEqual([
      'ConfigMap',
      'Deployment',
      'PodDisruptionBudget',
      ...services(manifests).map(({ kind }) => kind),
      'ServiceAccount',
    ]);
    const deployment = find(applied, 'Deployment', service);
    const labels = { 'app.kubernetes.io/name': service, 'app.kubernetes.io/part-of': 'trino-gateway' };
    expect(deployment.spec).toMatchObject({ selector: { matchLabels: labels }, template: { metadata: { labels } } });
    for (const { spec } of services(applied)) expect(spec).toMatchObject({ selector: labels });
    const config = find(applied, 'ConfigMap', `${service}-config-`);
    expect(podOf(deployment).volumes).toContainEqual({ name: 'config', configMap: { name: config.metadata.name } });
  });
});

describe('deploy/kubernetes/example', () => {
  const file = readFileSync(`${folder('example')}/gateway.yaml`, 'utf8');

  test('its configuration is valid for all three', () => {
    const { declared, gatewayserver } = configured(file, {});
    expect(declared.backends.length).toBeGreaterThan(1);
    expect(declared.groups.map(({ id }) => id)).toContain(gatewayserver.default_group);
  });

  rendered('the three together are valid, find each other and share one file', () => {
    const applied = renderExample();
    expect(applied.flatMap(schemaProblems)).toEqual([]);
    for (const service of SERVICES) {
      expectFits(service, find(applied, 'Deployment', service), file);
      expect(find(applied, 'ConfigMap', `${service}-config-`).data).toEqual({ 'gateway.yaml': file });
      for (const { metadata } of applied) expect(metadata).toMatchObject({ namespace: 'trino-gateway' });
    }
    const { monitor, router } = configured(file, {});
    const { ports } = find(applied, 'Service', 'gatewayserver').spec as { ports: { port: number }[] };
    for (const url of [...monitor.gatewayserver_url, ...router.gatewayserver_url])
      expect(url).toBe(`http://gatewayserver:${ports[0]?.port}`);
  });

  rendered('who may connect to a pod is said for each, and ops ports are not among what everybody may', () => {
    const policies = renderExample().filter(({ kind }) => kind === 'NetworkPolicy') as (Manifest & {
      spec: { podSelector: object; ingress: { ports: { port: string }[]; from?: object[] }[] };
    })[];
    expect(policies.map(({ metadata }) => metadata.name).toSorted()).toEqual(SERVICES.toSorted());
    for (const { metadata, spec } of policies) {
      expect(spec.podSelector).toEqual({ matchLabels: { 'app.kubernetes.io/name': metadata.name } });
      const open = spec.ingress.filter(({ from }) => from === undefined).flatMap(({ ports }) => ports);
      expect(open).toEqual(metadata.name === 'router' ? [{ port: 'trino' }] : []);
      const [container] = podOf(find(renderExample(), 'Deployment', metadata.name)).containers;
      const named = spec.ingress.flatMap(({ ports }) => ports.map(({ port }) => port));
      expect(named.toSorted()).toEqual(container?.ports?.map(({ name }) => name).toSorted());
    }
  });

  rendered('every image has the tag of a version, or a digest', () => {
    const pods = SERVICES.map((service) => podOf(find(renderExample(), 'Deployment', service)));
    const images = pods.flatMap(({ containers, initContainers = [] }) => [...containers, ...initContainers]);
    for (const { image } of images) expect(image).toMatch(/:(?!latest\b)[\w.-]+$|@sha256:[0-9a-f]{64}$/);
  });

  test('no manifest holds a secret, and the command beside them draws one', () => {
    const folders = [...SERVICES, 'example'].map(folder);
    const texts = folders.flatMap((path) => readdirSync(path).map((name) => readFileSync(`${path}/${name}`, 'utf8')));
    for (const text of texts) {
      expect(text).not.toMatch(/^kind: Secret$|changeme|stringData/m);
      for (const [, password] of text.matchAll(/:\/\/\w+:([^@\s]*)@/g)) expect(password).toBe('...');
    }
    expect(texts.join('\n')).toContain('admin-token=$(openssl rand -hex 32)');
  });

  rendered('the schema is changed by its owner before a gatewayserver starts that may not', () => {
    const pod = podOf(find(renderExample(), 'Deployment', 'gatewayserver'));
    const secretOf = (container?: Container) =>
      container?.env.find(({ name }) => name === 'TRINO_GATEWAY_GATEWAYSERVER_DATABASE_URL');
    expect(secretOf(pod.initContainers?.[0])).toEqual({
      name: 'TRINO_GATEWAY_GATEWAYSERVER_DATABASE_URL',
      valueFrom: { secretKeyRef: { name: 'trino-gateway', key: 'database-owner-url' } },
    });
    expect(secretOf(pod.containers[0])).toEqual({
      name: 'TRINO_GATEWAY_GATEWAYSERVER_DATABASE_URL',
      valueFrom: { secretKeyRef: { name: 'trino-gateway', key: 'database-url' } },
    });
    expect(configured(file, {}).gatewayserver.migrate_at_start).toBe(false);
  });
});

describe('the check itself', () => {
  test('says why when there is nothing to render with', () => {
    expect(kubectlMissing('/nowhere')).toBe('there is no kubectl in PATH');
  });

  const deployment = (container: string) => `
apiVersion: apps/v1
kind: Deployment
metadata: { name: a, labels: { any: thing } }
spec:
  selector: { matchLabels: { any: thing } }
  template:
    metadata: { labels: { any: thing } }
    spec: { containers: [{ name: a, image: b, ${container} }] }
`;
  test('finds unknown fields, wrong kinds of values and missing ones, and lets free names be', () => {
    const problems = (container: string) => readManifests(deployment(container)).flatMap(schemaProblems);
    expect(problems('env: [{ name: A, value: "1" }], resources: { limits: { memory: 1Mi } }')).toEqual([]);
    expect(problems('livenesProbe: {}')).toEqual([
      'apps/v1 Deployment a.spec.template.spec.containers[0].livenesProbe: unknown field',
    ]);
    expect(problems('ports: [{ containerPort: "x" }]').join()).toMatch(/containerPort/);
    expect(problems('env: [{ value: x }]').join()).toMatch(/name/);
    expect(readManifests('apiVersion: v9\nkind: Ghost\nmetadata: { name: a }\n').flatMap(schemaProblems)).toEqual([
      'v9 Ghost: no schema is known here',
    ]);
  });
});
