import { parseAllDocuments } from 'yaml';

/** One Kubernetes object, as YAML has it. */
export type Manifest = {
  apiVersion: string;
  kind: string;
  metadata: { name: string; namespace?: string; labels?: Record<string, string> };
} & Record<string, unknown>;

export type Probe = { httpGet: { path: string; port: string }; periodSeconds?: number; failureThreshold?: number };

export type Container = {
  name: string;
  image: string;
  command?: string[];
  env?: { name: string; value?: string; valueFrom?: object }[];
  ports?: { name: string; containerPort: number }[];
  startupProbe?: Probe;
  livenessProbe?: Probe;
  readinessProbe?: Probe;
  lifecycle?: { preStop: { exec: { command: string[] } } };
  securityContext?: Record<string, unknown>;
  resources?: { requests: Record<string, string>; limits: Record<string, string> };
  volumeMounts?: { name: string; mountPath: string; readOnly?: boolean }[];
};

type Volume = {
  name: string;
  emptyDir?: { sizeLimit?: string };
  configMap?: { name: string };
  secret?: { secretName: string; items?: { key: string; path: string }[] };
  persistentVolumeClaim?: { claimName: string };
};

export type Pod = {
  serviceAccountName?: string;
  automountServiceAccountToken?: boolean;
  enableServiceLinks?: boolean;
  terminationGracePeriodSeconds?: number;
  securityContext?: Record<string, unknown>;
  containers: Container[];
  initContainers?: Container[];
  volumes: Volume[];
  topologySpreadConstraints?: { topologyKey: string; labelSelector: { matchLabels: Record<string, string> } }[];
};

/** What a Deployment or a Job makes pods of. */
export type Workload = { object: Manifest; name: string; labels: Record<string, string>; pod: Pod };

/** The objects of a text of YAML documents. */
export function readManifests(text: string): Manifest[] {
  return parseAllDocuments(text).map((document) => {
    if (document.errors[0]) throw document.errors[0];
    return document.toJS() as Manifest;
  });
}

export function workloads(manifests: readonly Manifest[]): Workload[] {
  return ofKind(manifests, 'Deployment', 'Job').map((object) => {
    const { template } = object.spec as { template: { metadata: { labels: Record<string, string> }; spec: Pod } };
    return { object, name: object.metadata.name, labels: template.metadata.labels, pod: template.spec };
  });
}

export function containersOf({ containers, initContainers = [] }: Pod): Container[] {
  return [...initContainers, ...containers];
}

export function ofKind<Spec = Record<string, unknown>>(manifests: readonly Manifest[], ...kinds: string[]) {
  return manifests.filter(({ kind }) => kinds.includes(kind)) as (Manifest & { spec: Spec })[];
}

/** The object of that kind whose name begins so. @throws Error when there is none */
export function find(manifests: readonly Manifest[], kind: string, name: string): Manifest {
  const found = manifests.find((one) => one.kind === kind && one.metadata.name.startsWith(name));
  if (!found) throw new Error(`there is no ${kind} ${name}`);
  return found;
}

/** Whether labels have all that a selector asks for; an empty selector takes all. */
export function selects(selector: Record<string, string>, labels: Record<string, string>): boolean {
  return Object.entries(selector).every(([key, value]) => labels[key] === value);
}
