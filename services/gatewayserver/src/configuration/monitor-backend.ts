import { create } from '@bufbuild/protobuf';
import {
  type Backend,
  BackendConditionSchema,
  type ClusterScaling_State,
  ClusterScalingSchema,
} from '@trino-gateway/api/gateway';
import type { StoredBackend } from '../storage/contract/configuration.ts';
import type { Known } from './known.ts';

type ScalingKnown = Pick<Known, 'clusterScaling' | 'groups'>;

/**
 * What the monitor gets of a backend: all of it, whether it drains, and in which state autoscaling has it. A change of it is a new
 * revision for the monitor.
 */
export function monitorBackend({ backend, draining }: StoredBackend, known: ScalingKnown): Backend {
  const state = stateOf(backend.id, known);
  const scaling = state && { scaling: create(ClusterScalingSchema, { backendId: backend.id, state }) };
  return { ...backend, condition: create(BackendConditionSchema, { draining, ...scaling }) };
}

/** What was decided for a group that it has left, or that asks for no autoscaling any more, does not count. */
function stateOf(id: string, { clusterScaling, groups }: ScalingKnown): ClusterScaling_State | undefined {
  const { groupId = '', cluster } = clusterScaling.get(id) ?? {};
  const group = groups.get(groupId);
  return group?.autoscaling && group.backendIds.includes(id) ? cluster?.state : undefined;
}
