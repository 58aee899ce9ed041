import { create } from '@bufbuild/protobuf';
import { type GroupScaling, type PlanScalingResponse, PlanScalingResponseSchema } from '@trino-gateway/api/gateway';
import { decidedGroup, decideGroup } from '@trino-gateway/scaling';

/** What the leader would decide now by this picture, also while the group is paused. Its scalers are not asked for that. */
export function planOf(group: GroupScaling): PlanScalingResponse {
  const decision = decideGroup({ ...group, paused: false });
  const { groupId, now, paused } = group;
  return create(PlanScalingResponseSchema, {
    group: { ...decidedGroup(group, decision), paused },
    actions: decision.events.map((event) => ({ ...event, groupId, ...(now && { at: now }) })),
  });
}
