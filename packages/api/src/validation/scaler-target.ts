import type { Backend } from '../gen/trinogateway/v1/gateway_pb.ts';
import type { Problem } from '../problem.ts';

const STACKABLE = 'trino.stackable.tech/TrinoCluster';

/**
 * Problems of a backend whose scaler starts and stops what another one's does: both would be told different things. Webhooks and
 * commands are told the backend's id, so that one may serve several.
 */
export function sharedTargetProblems(backend: Backend, others: readonly Backend[]): Problem[] {
  const target = targetOf(backend);
  if (target === undefined) return [];
  const same = others.find((other) => other.id !== backend.id && targetOf(other) === target);
  if (!same) return [];
  return [{ field: 'scaler', message: `expected what no other backend is scaled by, got that of "${same.id}"` }];
}

/** The object of Kubernetes that it starts and stops, whichever version of its API is spoken; undefined where it is none. */
function targetOf({ scaler }: Backend): string | undefined {
  switch (scaler?.kind.case) {
    case 'stackable': {
      const { namespace, name } = scaler.kind.value;
      return [STACKABLE, namespace, name].join('/');
    }
    case 'kubernetesScale': {
      const { apiVersion, kind, namespace, name } = scaler.kind.value;
      const group = apiVersion.includes('/') ? apiVersion.split('/', 1)[0] : '';
      return [group, kind, namespace, name].join('/');
    }
    default:
      return undefined;
  }
}
