import { describe, expect, test } from '@jest/globals';
import { imageProblem, portsOf, type SERVICES } from '../deploy/settings.ts';
import { type Container, containersOf, find, type Pod, type Workload, workloads } from './objects.ts';
import { LADEN, NAMES, OVERLAYS, renderings } from './renderings.ts';
import { configurationOf, filesOf } from './started-with.ts';

// A process takes at most 9 s to stop: packages/runtime/src/process/run-process.ts.
const STOP_SECONDS = 9;
/** What the Pod Security Standard "restricted" lets a pod mount. */
const VOLUMES = ['configMap', 'emptyDir', 'persistentVolumeClaim', 'secret'];
/** How long a preStop hook takes, by its text. */
const hookSeconds = ({ lifecycle }: Container) =>
  Number(/sleep (\d+)$/.exec(lifecycle?.preStop.exec.command.at(-1) ?? 'sleep 0')?.[1]);
const mainOf = ({ pod }: Workload) => pod.containers[0] as Container;

const { of, missing } = await renderings();
const rendered = missing === undefined ? describe : describe.skip;

rendered.each(NAMES)('%s', (name) => {
  const all = workloads(of(name));
  const services = all.filter(({ object }) => object.kind === 'Deployment');

  test('no container is root, may become it, has capabilities, or writes to its root file system', () => {
    expect(services.length).toBeGreaterThan(0);
    for (const { pod } of all) {
      expect(pod.securityContext).toMatchObject({ runAsNonRoot: true, seccompProfile: { type: 'RuntimeDefault' } });
      for (const container of containersOf(pod))
        expect(container.securityContext).toEqual({
          allowPrivilegeEscalation: false,
          readOnlyRootFilesystem: true,
          capabilities: { drop: ['ALL'] },
        });
    }
  });

  test('no pod uses what belongs to its node', () => {
    for (const { pod } of all) {
      for (const key of ['hostNetwork', 'hostPID', 'hostIPC', 'shareProcessNamespace'])
        expect(pod).not.toHaveProperty(key);
      const kinds = pod.volumes.flatMap((volume) => Object.keys(volume).filter((key) => key !== 'name'));
      expect(kinds.filter((kind) => !VOLUMES.includes(kind))).toEqual([]);
      for (const { ports = [] } of containersOf(pod))
        for (const port of ports) expect(port).not.toHaveProperty('hostPort');
    }
  });

  test('every container asks for processor and memory, and has limits to both', () => {
    for (const { resources } of all.flatMap(({ pod }) => containersOf(pod))) {
      expect(Object.keys(resources?.requests ?? {}).toSorted()).toEqual(['cpu', 'memory']);
      expect(Object.keys(resources?.limits ?? {}).toSorted()).toEqual(['cpu', 'memory']);
    }
    for (const { pod } of all)
      for (const { emptyDir } of pod.volumes) if (emptyDir) expect(emptyDir.sizeLimit).toMatch(/Mi$/);
  });

  test('the token of Kubernetes is mounted where scalers need it alone: in the monitor', () => {
    const withToken = all.filter(({ pod }) => pod.automountServiceAccountToken !== false).map(({ name }) => name);
    expect(withToken).toEqual(LADEN.includes(name) ? ['monitor'] : []);
    for (const { pod, name: service } of services) {
      expect(pod.serviceAccountName).toBe(service);
      expect(find(of(name), 'ServiceAccount', service)).toMatchObject({ automountServiceAccountToken: false });
    }
  });

  test('ports and probes are those of the configuration', () => {
    for (const workload of services) {
      const container = mainOf(workload);
      const service = workload.name as (typeof SERVICES)[number];
      const ports = portsOf(service, configurationOf(of(name), workload, container));
      expect(container.ports?.map(({ containerPort }) => containerPort)).toEqual(ports);
      expect(container.ports?.at(-1)?.name).toBe('ops');
      expect(container).toMatchObject({
        startupProbe: { httpGet: { path: '/livez', port: 'ops' } },
        livenessProbe: { httpGet: { path: '/livez', port: 'ops' } },
        readinessProbe: { httpGet: { path: '/readyz', port: 'ops' } },
      });
    }
  });

  test('the time to stop is longer than the hook before it and the process take', () => {
    for (const workload of services) {
      const { pod, name: service } = workload;
      const hook = hookSeconds(mainOf(workload));
      expect([service, hook > 0]).toEqual([service, service !== 'monitor']);
      expect(pod.terminationGracePeriodSeconds ?? 0).toBeGreaterThanOrEqual(hook + STOP_SECONDS + 5);
      // The stop is announced to the process that the container starts with, before anything else happens.
      const hookText = mainOf(workload).lifecycle?.preStop.exec.command;
      if (hookText) expect(hookText).toEqual(['sh', '-c', `kill -USR2 1; sleep ${hook}`]);
    }
  });

  test('what a process writes has a place, and nothing else may be written', () => {
    const writable = ({ pod }: Workload) =>
      mainOf({ pod } as Workload)
        .volumeMounts?.filter(({ readOnly }) => !readOnly)
        .map(({ mountPath }) => mountPath);
    for (const workload of services)
      expect(writable(workload)).toEqual(workload.name === 'monitor' ? ['/tmp'] : ['/tmp', '/app/data']);
  });

  test('Services of the namespace are no settings of a process', () => {
    for (const { pod } of all) expect(pod.enableServiceLinks).toBe(false);
  });
});

rendered.each([...OVERLAYS, ...LADEN])('%s', (name) => {
  const pods: Pod[] = workloads(of(name)).map(({ pod }) => pod);

  test('every image is named by version or digest, in a registry', () => {
    for (const { image } of pods.flatMap(containersOf)) {
      expect(image).toMatch(/^registry\.example\//);
      expect(imageProblem(image) ?? '').not.toMatch(/a tag|a version/);
    }
  });

  test('nothing secret is in a ConfigMap or a variable: each secret is a file of a Secret', () => {
    const texts = of(name).map((manifest) => JSON.stringify(manifest));
    for (const text of texts) expect(text).not.toMatch(/"kind":"Secret"|stringData|:\/\/\w+:[^@\s]+@/);
    for (const { env = [], volumeMounts = [] } of pods.flatMap(containersOf))
      for (const { name: variable, value, valueFrom } of env) {
        expect([variable, valueFrom]).toEqual([variable, undefined]);
        if (/TOKEN|KEY|DATABASE_URL/.test(variable)) {
          expect(variable).toMatch(/_FILE$/);
          expect(volumeMounts.filter(({ mountPath }) => value?.startsWith(`${mountPath}/`))).toHaveLength(1);
        }
      }
  });

  test('a pod sees the secrets that it needs, and only the migration that of the owner of the schema', () => {
    const secrets = Object.fromEntries(
      workloads(of(name)).map((workload) => [workload.name, Object.keys(filesOf(workload.pod)).toSorted()]),
    );
    expect(secrets).toEqual({
      gatewayserver: ['/run/database/secrets-key', '/run/database/url', '/run/token/admin-token'],
      monitor: ['/run/token/admin-token'],
      router: ['/run/token/admin-token'],
      ...(name.startsWith('small') ? {} : { migrate: ['/run/database-owner/url'] }),
    });
  });
});
