import type { Kubernetes } from './kubernetes.ts';
import { KubernetesError } from './kubernetes-error.ts';

/** A kind of object, as the API server serves it. */
export type Resource = {
  /** `group/version`, or `v1`. */
  apiVersion: string;
  /** As it stands in paths and rights, such as `deployments`. */
  plural: string;
  isNamespaced: boolean;
  /** Such as `status` and `scale`. */
  subresources: readonly string[];
};

/** An object, or a part of it. */
export type ObjectPath = { namespace: string; name: string; subresource?: string };

/** Which resource a kind is; what was found is kept for a while. */
export type Resources = {
  /** @throws KubernetesError when it is not known, or there is no such kind */
  find(apiVersion: string, kind: string, signal: AbortSignal): Promise<Resource>;
};

const KEPT_MS = 600_000;
const MOST_KEPT = 500;

type Listed = { name?: unknown; kind?: unknown; namespaced?: unknown };

export function createResources(
  kubernetes: Pick<Kubernetes, 'call'>,
  now: () => number = () => performance.now(),
): Resources {
  const kept = new Map<string, { at: number; listed: Listed[] }>();

  const listed = async (apiVersion: string, signal: AbortSignal): Promise<Listed[]> => {
    const known = kept.get(apiVersion);
    if (known && now() - known.at < KEPT_MS) return known.listed;
    const { body } = await kubernetes.call({ method: 'GET', path: rootOf(apiVersion), signal }).catch((error) => {
      if (error instanceof KubernetesError && error.status === 404)
        throw new KubernetesError(`the API server has no ${apiVersion}`, 404, error);
      throw error;
    });
    const { resources } = (body ?? {}) as { resources?: Listed[] };
    const found = Array.isArray(resources) ? resources : [];
    if (kept.size >= MOST_KEPT) kept.clear();
    kept.set(apiVersion, { at: now(), listed: found });
    return found;
  };
  return {
    find: async (apiVersion, kind, signal) => {
      const all = await listed(apiVersion, signal);
      const one = all.find((each) => each.kind === kind && !String(each.name).includes('/'));
      if (!one) {
        kept.delete(apiVersion); // it may be installed at any time
        throw new KubernetesError(`the API server has no kind ${kind} in ${apiVersion}`, 404);
      }
      const plural = String(one.name);
      const below = all.map(({ name }) => String(name)).filter((name) => name.startsWith(`${plural}/`));
      return {
        apiVersion,
        plural,
        isNamespaced: one.namespaced === true,
        subresources: below.map((name) => name.slice(plural.length + 1)),
      };
    },
  };
}

/** Where all objects of a resource are, or those of one namespace. */
export function resourcePath(
  { apiVersion, plural }: Pick<Resource, 'apiVersion' | 'plural'>,
  namespace?: string,
): string {
  const within = namespace === undefined ? '' : `/namespaces/${encodeURIComponent(namespace)}`;
  return `${rootOf(apiVersion)}${within}/${encodeURIComponent(plural)}`;
}

/** Where one object is. */
export function objectPath(
  resource: Pick<Resource, 'apiVersion' | 'plural' | 'isNamespaced'>,
  { namespace, name, subresource }: ObjectPath,
): string {
  const all = resourcePath(resource, resource.isNamespaced ? namespace : undefined);
  return `${all}/${encodeURIComponent(name)}${subresource === undefined ? '' : `/${subresource}`}`;
}

function rootOf(apiVersion: string): string {
  const parts = apiVersion.split('/').map(encodeURIComponent);
  return parts.length === 1 ? `/api/${parts[0]}` : `/apis/${parts.join('/')}`;
}
