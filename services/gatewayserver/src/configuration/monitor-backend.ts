import { create } from '@bufbuild/protobuf';
import {
  type Backend,
  BackendConditionSchema,
  ClusterScalingSchema,
  ClusterScaling_State as State,
} from '@trino-gateway/api/gateway';
import { isDoubted, openReports } from '../routing/availability/connections.ts';
import type { StoredBackend } from '../storage/contract/configuration.ts';
import type { Known } from './known.ts';

type DoubtKnown = Pick<Known, 'backends' | 'statuses' | 'connections'>;
type ScalingKnown = Pick<Known, 'clusterScaling' | 'groups'>;

/**
 * What the monitor gets of a backend: all of it, whether it drains, until its incarnation is proven to have nothing left, and in which
 * state autoscaling has it, and whether a router cannot connect to it. A change of it is a new revision for the monitor.
 */
export function monitorBackend(
  { backend }: StoredBackend,
  known: ScalingKnown & DoubtKnown & Pick<Known, 'seals'>,
): Backend {
  const { id } = backend;
  const state = stateOf(id, known);
  const seal = known.seals.get(known.statuses.get(id)?.coordinatorId ?? '');
  const condition = create(BackendConditionSchema, {
    draining: takesNoQueries(known, id),
    sealed: seal?.provenAt !== undefined,
    doubted: isDoubtedAt(known, id),
    ...(state && { scaling: create(ClusterScalingSchema, { backendId: id, state }) }),
  });
  return { ...backend, condition };
}

/** Whether a backend takes no new queries because somebody wants it so: its administrator, or autoscaling, which stops it. */
export function takesNoQueries(known: ScalingKnown & Pick<Known, 'backends'>, id: string): boolean {
  const stored = known.backends.get(id);
  if (stored === undefined) return false;
  const state = stateOf(id, known);
  const isStopped = state === State.DRAINING || state === State.TERMINATING;
  return isStopped || stored.draining || stored.backend.enabled === false;
}

/** What was decided for a group that it has left, or that asks for no autoscaling any more, does not count. */
function stateOf(id: string, { clusterScaling, groups }: ScalingKnown): State | undefined {
  const { groupId = '', cluster } = clusterScaling.get(id) ?? {};
  const group = groups.get(groupId);
  return group?.autoscaling && group.backendIds.includes(id) ? cluster?.state : undefined;
}

/** Whether the monitor is to probe it at once. */
export function isDoubtedAt({ backends, statuses, connections }: DoubtKnown, id: string): boolean {
  const { url } = backends.get(id)?.backend ?? {};
  return url !== undefined && isDoubted({ url, reports: connections.get(id) ?? [], status: statuses.get(id) });
}

/** Those of which routers are to report that they get answers, in the order of their ids. */
export function doubtedBackendIds({ backends, connections }: DoubtKnown): string[] {
  return [...connections]
    .filter(([id, reports]) => openReports({ url: backends.get(id)?.backend.url ?? '', reports }).length > 0)
    .map(([id]) => id)
    .toSorted();
}
