import { type Backend_KubernetesScale, Backend_Scaler_State as State } from '@trino-gateway/api/gateway';
import { createResources, objectPath } from '../../kubernetes/resources.ts';
import { createRights } from '../../kubernetes/rights.ts';
import type { CreateScaler } from './scaler.ts';

const FIELD_MANAGER = 'trino-gateway';
const SCALE = 'scale';

/** The scale subresource, of whatever kind. */
export type Scale = { spec?: { replicas?: number }; status?: { replicas?: number } };

/** Objects of any kind that have replicas, by their scale subresource. */
export const createKubernetesScaleScaler: CreateScaler<'kubernetesScale'> = (_, { kubernetes }) => {
  const resources = createResources(kubernetes);
  const rights = createRights(kubernetes);

  const resourceOf = async ({ apiVersion, kind }: Backend_KubernetesScale, signal: AbortSignal) => {
    const resource = await resources.find(apiVersion, kind, signal);
    if (!resource.subresources.includes(SCALE)) throw new Error(`${kind} of ${apiVersion} has no scale subresource`);
    return resource;
  };
  const pathOf = async (settings: Backend_KubernetesScale, signal: AbortSignal) => {
    const { namespace, name } = settings;
    return objectPath(await resourceOf(settings, signal), { namespace, name, subresource: SCALE });
  };
  const read = async (settings: Backend_KubernetesScale, signal: AbortSignal): Promise<Scale> =>
    (await kubernetes.call({ method: 'GET', path: await pathOf(settings, signal), signal })).body as Scale;
  const write = async (settings: Backend_KubernetesScale, replicas: number, signal: AbortSignal) => {
    const path = await pathOf(settings, signal);
    const body = { spec: { replicas } };
    await kubernetes.call({ method: 'PATCH', path, query: { fieldManager: FIELD_MANAGER }, body, signal });
  };
  return {
    state: async ({ settings }, signal) => scaleState(await read(settings, signal), replicasOf(settings)),
    start: async ({ settings }, signal) => {
      // One that has replicas stays as somebody, or an autoscaler of its own, has scaled it.
      if (wantedBy(await read(settings, signal)) === 0) await write(settings, replicasOf(settings), signal);
    },
    stop: async ({ settings }, signal) => write(settings, 0, signal),
    check: async ({ settings }, signal) => {
      const resource = await resourceOf(settings, signal);
      const { namespace, name } = settings;
      await rights.check({ verbs: ['get', 'patch'], resource, subresource: SCALE, namespace, name }, signal);
    },
  };
};

/** With `replicas` of them, or all that the object itself wants, the cluster is up as far as Kubernetes can tell. */
export function scaleState(scale: Scale, replicas: number): State {
  const wanted = wantedBy(scale);
  const there = scale.status?.replicas ?? 0;
  if (wanted === 0) return there === 0 ? State.STOPPED : State.STOPPING;
  return there >= Math.min(wanted, replicas) ? State.RUNNING : State.STARTING;
}

function wantedBy({ spec }: Scale): number {
  return spec?.replicas ?? 0;
}

function replicasOf({ replicas }: Backend_KubernetesScale): number {
  return replicas || 1;
}
