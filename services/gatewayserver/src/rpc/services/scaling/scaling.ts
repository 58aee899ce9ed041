import type { ServiceImpl } from '@connectrpc/connect';
import type { GroupScaling, ScalingService } from '@trino-gateway/api/gateway';
import { planOf } from '../../../scaling/plan.ts';
import type { BackendContext } from '../backends/backend-context.ts';
import { shownBackend } from '../backends/shown-backend.ts';
import { requireBackend } from '../require-backend.ts';
import { leadScaling } from './lead.ts';
import { forceStop, listScalingEvents, setPaused } from './operators.ts';
import { recordScaling } from './record.ts';
import { requireScaled, type ScalingContext, scaledGroups, showGroups } from './scaling-context.ts';

/** Clusters that are started and stopped by demand. */
export function scalingService(context: ScalingContext & BackendContext): ServiceImpl<typeof ScalingService> {
  return {
    getGroupScaling: async ({ id }) => oneOf(await showGroups(context, [requireScaled(context, id)])),
    listGroupScaling: async () => ({ groups: await showGroups(context, scaledGroups(context)) }),
    pauseScaling: (request) => setPaused(context, request, true),
    resumeScaling: ({ id }) => setPaused(context, { id, reason: '' }, false),
    planScaling: async ({ id }) => planOf(oneOf(await showGroups(context, [requireScaled(context, id)]))),
    listScalingEvents: (request) => listScalingEvents(context, request),
    forceStop: async (request) => {
      await forceStop(context, request);
      return shownBackend(await requireBackend(context, request.id), context);
    },
    leadScaling: (request) => leadScaling(context, request),
    recordScaling: (request) => recordScaling(context, request),
  };
}

function oneOf([group]: GroupScaling[]): GroupScaling {
  if (!group) throw new Error('one group was asked for');
  return group;
}
