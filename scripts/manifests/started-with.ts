import type { SuiteConfig } from '@trino-gateway/config';
import { configured, type Service } from '../deploy/settings.ts';
import { type Container, find, type Manifest, type Pod, type Workload } from './objects.ts';

/** The keys of the Secrets that the overlays ask for. */
export const SECRET_KEYS: Record<string, readonly string[]> = {
  'trino-gateway-token': ['admin-token'],
  'trino-gateway-database': ['secrets-key', 'url'],
  'trino-gateway-database-owner': ['url'],
};

/** The files that a pod finds its secrets in, each with Secret and key. */
export function filesOf({ containers, volumes }: Pod): Record<string, string> {
  const mounts = containers.flatMap(({ volumeMounts = [] }) => volumeMounts);
  return Object.fromEntries(
    mounts.flatMap(({ name, mountPath }) => {
      const { secret } = volumes.find((volume) => volume.name === name) ?? {};
      const keys = SECRET_KEYS[secret?.secretName ?? ''] ?? [];
      const items = secret?.items ?? keys.map((key) => ({ key, path: key }));
      return secret ? items.map(({ key, path }) => [`${mountPath}/${path}`, `${secret.secretName} ${key}`]) : [];
    }),
  );
}

/** The file that a pod reads its configuration from. */
export function configurationFile(manifests: readonly Manifest[], { pod }: Workload): string {
  const volume = pod.volumes.find(({ name }) => name === 'config');
  const { data } = find(manifests, 'ConfigMap', volume?.configMap?.name ?? '') as Manifest & {
    data: Record<string, string>;
  };
  return data['gateway.yaml'] ?? '';
}

/** The variables of a container. */
export function variablesOf({ env = [] }: Container): Record<string, string> {
  return Object.fromEntries(env.map(({ name, value = '' }) => [name, value]));
}

/** What the process in this container starts with. @throws ConfigError */
export function configurationOf(manifests: readonly Manifest[], workload: Workload, container: Container): SuiteConfig {
  const isService = workload.object.kind === 'Deployment';
  return configured(
    isService ? configurationFile(manifests, workload) : undefined,
    variablesOf(container),
    isService ? (workload.name as Service) : undefined,
  );
}
