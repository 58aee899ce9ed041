import { describe, expect, test } from '@jest/globals';
import { findRenderer } from '@trino-gateway/testing/manifests/render';
import { MissingToolError } from '@trino-gateway/testing/toolchains/missing-tool';
import { knownVariables } from '../deploy/settings.ts';
import { mayConnect } from './network.ts';
import { type Container, containersOf, find, type Manifest, type Pod, readManifests, workloads } from './objects.ts';
import { folder, TLS_COMPONENTS } from './renderings.ts';
import { configurationOf, variablesOf } from './started-with.ts';

const render = await findRenderer().catch((error: unknown) => {
  if (error instanceof MissingToolError) return undefined;
  throw error;
});
const rendered = render ? describe : describe.skip;
const manifests: Manifest[] = render
  ? readManifests(
      await render(
        folder('overlays/mysql'),
        TLS_COMPONENTS.map((name) => folder(`components/${name}`)),
      ),
    )
  : [];

/** The files that a container finds in Secrets with certificates. */
function filesIn({ volumes }: Pod, { volumeMounts = [] }: Container): string[] {
  return volumeMounts.flatMap(({ name, mountPath }) => {
    const { secret } = volumes.find((volume) => volume.name === name) ?? {};
    if (!secret?.secretName?.match(/-(tls|ca)$/)) return [];
    const keys = secret.secretName.endsWith('-ca') ? ['ca.crt'] : ['ca.crt', 'tls.crt', 'tls.key'];
    return keys.map((key) => `${mountPath}/${key}`);
  });
}

rendered('with TLS on every side', () => {
  test('every certificate that a process is told of stands in a Secret of its container', () => {
    for (const { pod, name } of workloads(manifests))
      for (const container of containersOf(pod)) {
        const told = Object.entries(variablesOf(container)).filter(([variable]) =>
          /_(CA|CERT|KEY)_FILE$/.test(variable),
        );
        const certificates = told.filter(([variable]) => !variable.endsWith('SECRETS_KEY_FILE'));
        expect([name, certificates.length > 0]).toEqual([name, true]);
        for (const [variable, path] of certificates) {
          expect(knownVariables()).toContain(variable);
          expect(filesIn(pod, container)).toContain(path);
        }
      }
  });

  test('the three find each other over https, with certificates, and the configuration is without doubt', () => {
    const deployments = workloads(manifests).filter(({ object }) => object.kind === 'Deployment');
    for (const workload of deployments) {
      const config = configurationOf(manifests, workload, workload.pod.containers[0] as Container);
      expect(config.doubts).toEqual([]);
      if (workload.name === 'gatewayserver')
        expect(config.gatewayserver).toMatchObject({ tls_client_ca_file: '/run/tls/ca.crt' });
      if (workload.name === 'monitor') expect(config.monitor.gatewayserver_url).toEqual(['https://gatewayserver:8000']);
      if (workload.name === 'router') expect(config.router.gatewayserver_url).toEqual(['https://gatewayserver:8000']);
    }
  });

  test('clients reach the port of the router with TLS, probes and scrapes stay at the plain ops ports', () => {
    type Service = Manifest & { spec: { ports: { name: string; port: number; appProtocol?: string }[] } };
    const { ports } = (find(manifests, 'Service', 'router') as Service).spec;
    expect(ports.find(({ name }) => name === 'trino-tls')).toMatchObject({ port: 8443, appProtocol: 'https' });
    expect((find(manifests, 'Service', 'gatewayserver') as Service).spec.ports[0]?.appProtocol).toBe('https');
    const router = workloads(manifests).find(({ name }) => name === 'router');
    const [container] = router?.pod.containers ?? [];
    const named = Object.fromEntries((container?.ports ?? []).map((port) => [port.name, port.containerPort]));
    const peer = { name: 'router', namespace: 'trino-gateway', labels: router?.labels ?? {}, ports: named };
    expect(mayConnect(manifests, { name: 'outside' }, peer, { port: 8443 })).toBe(true);
    for (const { pod } of workloads(manifests))
      for (const { readinessProbe } of pod.containers)
        if (readinessProbe) expect(readinessProbe).toMatchObject({ httpGet: { port: 'ops' } });
  });
});
