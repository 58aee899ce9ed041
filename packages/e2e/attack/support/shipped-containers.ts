import { readFileSync } from 'node:fs';
import type { ServiceName } from '@trino-gateway/testing/suite/start-script';
import { parse } from 'yaml';

/** The memory limit of a service's container in the Kubernetes manifests, in megabytes. */
export function shippedMemoryMb(service: ServiceName): number {
  const { limits } = shippedContainer(service).resources;
  const [, number, unit] = /^(\d+)(Mi|Gi)$/.exec(limits.memory) ?? [];
  if (number === undefined) throw new Error(`the manifest of ${service} limits memory to ${limits.memory}`);
  return Number(number) * (unit === 'Gi' ? 1_024 : 1);
}

/** Node takes half of a container's memory for its heap, unless the manifest says how much. */
export function shippedNodeOptions(service: ServiceName): string {
  const { env = [] } = shippedContainer(service);
  const said = env.find(({ name }) => name === 'NODE_OPTIONS')?.value ?? '';
  return said.includes('--max-old-space-size') ? said : `--max-old-space-size=${shippedMemoryMb(service) / 2} ${said}`;
}

type Container = { env?: { name: string; value?: string }[]; resources: { limits: { memory: string } } };

function shippedContainer(service: ServiceName): Container {
  const text = readFileSync(
    new URL(`../../../../deploy/kubernetes/${service}/deployment.yaml`, import.meta.url),
    'utf8',
  );
  const { spec } = parse(text) as { spec: { template: { spec: { containers: Container[] } } } };
  const [container] = spec.template.spec.containers;
  if (container === undefined) throw new Error(`the manifest of ${service} has no container`);
  return container;
}
