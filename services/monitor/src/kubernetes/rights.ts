import type { Kubernetes } from './kubernetes.ts';
import { KubernetesError } from './kubernetes-error.ts';
import type { Resource } from './resources.ts';

/** What may be done to what. */
export type Right = {
  verbs: readonly ('get' | 'list' | 'watch' | 'patch')[];
  resource: Pick<Resource, 'apiVersion' | 'plural'>;
  subresource?: string;
  /** Absent: in all of them. */
  namespace?: string;
  name?: string;
};

/** What the API server lets the monitor do. */
export type Rights = {
  /** @throws KubernetesError that names the missing right and the resource */
  check(right: Right, signal: AbortSignal): Promise<void>;
};

const PATH = '/apis/authorization.k8s.io/v1/selfsubjectaccessreviews';
const KEPT_MS = 600_000;
const MOST_KEPT = 2_000;

/** What was granted is asked about again after ten minutes; where nobody can be asked, calls show what is refused. */
export function createRights(
  kubernetes: Pick<Kubernetes, 'call'>,
  now: () => number = () => performance.now(),
): Rights {
  const granted = new Map<string, number>();

  const ask = async (verb: string, { resource, subresource, namespace, name }: Right, signal: AbortSignal) => {
    const { body } = await kubernetes.call({
      method: 'POST',
      path: PATH,
      signal,
      body: {
        apiVersion: 'authorization.k8s.io/v1',
        kind: 'SelfSubjectAccessReview',
        spec: {
          resourceAttributes: {
            verb,
            group: groupOf(resource.apiVersion),
            resource: resource.plural,
            ...(subresource && { subresource }),
            ...(namespace && { namespace }),
            ...(name && { name }),
          },
        },
      },
    });
    return (body as { status?: { allowed?: boolean } } | undefined)?.status?.allowed === true;
  };
  return {
    check: async (right, signal) => {
      const missing: string[] = [];
      for (const verb of right.verbs) {
        const key = JSON.stringify([
          verb,
          right.resource.apiVersion,
          right.resource.plural,
          right.subresource,
          right.namespace,
          right.name,
        ]);
        const at = granted.get(key);
        if (at !== undefined && now() - at < KEPT_MS) continue;
        const isGranted = await ask(verb, right, signal).catch((error: unknown) => {
          if (error instanceof KubernetesError && (error.status === 403 || error.status === 404)) return undefined;
          throw error;
        });
        if (isGranted === undefined) return;
        if (!isGranted) missing.push(verb);
        else if (granted.size < MOST_KEPT) granted.set(key, now());
        else granted.clear();
      }
      if (missing.length > 0)
        throw new KubernetesError(`the API server does not grant ${missing.join(' and ')} on ${where(right)}`, 403);
    },
  };
}

function where({ resource, subresource, namespace, name }: Right): string {
  const group = groupOf(resource.apiVersion);
  const what = `${resource.plural}${group && `.${group}`}${subresource ? `/${subresource}` : ''}`;
  return `${what}${name ? ` named ${name}` : ''} in ${namespace ? `namespace ${namespace}` : 'all namespaces'}`;
}

function groupOf(apiVersion: string): string {
  return apiVersion.includes('/') ? (apiVersion.split('/')[0] ?? '') : '';
}
