import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { validate as deployment } from 'kubernetes-models/_schemas/IoK8sApiAppsV1Deployment';
import { validate as configMap } from 'kubernetes-models/_schemas/IoK8sApiCoreV1ConfigMap';
import { validate as service } from 'kubernetes-models/_schemas/IoK8sApiCoreV1Service';
import { validate as serviceAccount } from 'kubernetes-models/_schemas/IoK8sApiCoreV1ServiceAccount';
import { validate as networkPolicy } from 'kubernetes-models/_schemas/IoK8sApiNetworkingV1NetworkPolicy';
import { validate as podDisruptionBudget } from 'kubernetes-models/_schemas/IoK8sApiPolicyV1PodDisruptionBudget';
import { parseAllDocuments } from 'yaml';

/** One Kubernetes object, as YAML has it. */
export type Manifest = { apiVersion: string; kind: string; metadata: { name: string } } & Record<string, unknown>;

// The functions behind the models' validate(): the models themselves copy an object before they look at it.
type Validate = {
  (data: unknown): boolean;
  errors?: { instancePath: string; keyword: string; params: unknown }[] | null;
};
const VALIDATORS = new Map<string, Validate>([
  ['apps/v1 Deployment', deployment],
  ['networking.k8s.io/v1 NetworkPolicy', networkPolicy],
  ['policy/v1 PodDisruptionBudget', podDisruptionBudget],
  ['v1 ConfigMap', configMap],
  ['v1 Service', service],
  ['v1 ServiceAccount', serviceAccount],
]);

/** The objects of a text of YAML documents. */
export function readManifests(text: string): Manifest[] {
  return parseAllDocuments(text).map((document) => {
    if (document.errors[0]) throw document.errors[0];
    return document.toJS() as Manifest;
  });
}

/** The files of a kustomize folder that are objects themselves, as they are written. */
export function rawManifests(folder: string): Manifest[] {
  const { resources } = readManifests(readFileSync(join(folder, 'kustomization.yaml'), 'utf8'))[0] as unknown as {
    resources: string[];
  };
  const files = readdirSync(folder).filter((name) => resources.includes(name));
  return files.flatMap((name) => readManifests(readFileSync(join(folder, name), 'utf8')));
}

/** Why nothing can be rendered here; undefined when kubectl is there. */
export function kubectlMissing(path = process.env.PATH ?? ''): string | undefined {
  const found = path.split(delimiter).some((folder) => folder !== '' && existsSync(join(folder, 'kubectl')));
  return found ? undefined : 'there is no kubectl in PATH';
}

/** What `kubectl apply -k` would send. Needs no cluster and no network. */
export function render(folder: string): Manifest[] {
  return readManifests(execFileSync('kubectl', ['kustomize', folder], { encoding: 'utf8', timeout: 120_000 }));
}

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
