import { validate as deployment } from 'kubernetes-models/_schemas/IoK8sApiAppsV1Deployment';
import { validate as horizontalPodAutoscaler } from 'kubernetes-models/_schemas/IoK8sApiAutoscalingV2HorizontalPodAutoscaler';
import { validate as job } from 'kubernetes-models/_schemas/IoK8sApiBatchV1Job';
import { validate as configMap } from 'kubernetes-models/_schemas/IoK8sApiCoreV1ConfigMap';
import { validate as namespace } from 'kubernetes-models/_schemas/IoK8sApiCoreV1Namespace';
import { validate as persistentVolumeClaim } from 'kubernetes-models/_schemas/IoK8sApiCoreV1PersistentVolumeClaim';
import { validate as service } from 'kubernetes-models/_schemas/IoK8sApiCoreV1Service';
import { validate as serviceAccount } from 'kubernetes-models/_schemas/IoK8sApiCoreV1ServiceAccount';
import { validate as networkPolicy } from 'kubernetes-models/_schemas/IoK8sApiNetworkingV1NetworkPolicy';
import { validate as podDisruptionBudget } from 'kubernetes-models/_schemas/IoK8sApiPolicyV1PodDisruptionBudget';
import { validate as role } from 'kubernetes-models/_schemas/IoK8sApiRbacV1Role';
import { validate as roleBinding } from 'kubernetes-models/_schemas/IoK8sApiRbacV1RoleBinding';
import type { Manifest } from './objects.ts';

// The functions behind the models' validate(): the models themselves copy an object before they look at it.
type Validate = {
  (data: unknown): boolean;
  errors?: { instancePath: string; keyword: string; params: unknown }[] | null;
};
const VALIDATORS = new Map<string, Validate>([
  ['apps/v1 Deployment', deployment],
  ['autoscaling/v2 HorizontalPodAutoscaler', horizontalPodAutoscaler],
  ['batch/v1 Job', job],
  ['networking.k8s.io/v1 NetworkPolicy', networkPolicy],
  ['policy/v1 PodDisruptionBudget', podDisruptionBudget],
  ['rbac.authorization.k8s.io/v1 Role', role],
  ['rbac.authorization.k8s.io/v1 RoleBinding', roleBinding],
  ['v1 ConfigMap', configMap],
  ['v1 Namespace', namespace],
  ['v1 PersistentVolumeClaim', persistentVolumeClaim],
  ['v1 Service', service],
  ['v1 ServiceAccount', serviceAccount],
]);

/**
 * All that is wrong with an object by the Kubernetes schema: bad kinds of values, missing fields, and unknown fields.
 * The validators look at every field they know and at no other, so what they did not look at is unknown.
 */
export function schemaProblems(manifest: Manifest): string[] {
  const kind = `${manifest.apiVersion} ${manifest.kind}`;
  const validate = VALIDATORS.get(kind);
  if (!validate) return [`${kind}: no schema is known here`];
  const seen = new Map<object, Set<string>>();
  const name = `${kind} ${manifest.metadata.name}`;
  const problems = validate(watched(manifest, seen))
    ? []
    : (validate.errors ?? []).map(
        ({ instancePath, keyword, params }) => `${name}${instancePath}: ${keyword} ${JSON.stringify(params)}`,
      );
  return [...problems, ...unseen(manifest, name, seen)];
}

/** The same object, but it takes note of which of its fields are looked at. */
function watched(value: unknown, seen: Map<object, Set<string>>): unknown {
  if (typeof value !== 'object' || value === null) return value;
  const names = seen.get(value) ?? new Set<string>();
  seen.set(value, names);
  return new Proxy(value, {
    get(target, name) {
      if (typeof name === 'string') names.add(name);
      return watched(Reflect.get(target, name), seen);
    },
  });
}

function unseen(value: unknown, path: string, seen: Map<object, Set<string>>): string[] {
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([name, inner]) => {
    const where = Array.isArray(value) ? `${path}[${name}]` : `${path}.${name}`;
    return seen.get(value)?.has(name) ? unseen(inner, where, seen) : [`${where}: unknown field`];
  });
}
