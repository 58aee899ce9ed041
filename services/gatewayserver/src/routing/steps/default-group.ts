import { Reason_Outcome } from '@trino-gateway/api/gateway';
import type { Opinion } from './opinion.ts';

const step = 'default_group';

/** `gatewayserver.default_group`, for queries that no step before has an opinion about. */
export function defaultGroupOpinion(groupId: string | undefined, exists: (groupId: string) => boolean): Opinion {
  if (!groupId) return abstains('gatewayserver.default_group is not set');
  if (!exists(groupId))
    return abstains(`gatewayserver.default_group is ${groupId}, a group that does not exist or is disabled`);
  return {
    kind: 'groups',
    reason: { step, outcome: Reason_Outcome.CHOSE, text: `group ${groupId}` },
    candidates: [{ groupId, step, asFallback: false }],
    decided: ({ asFallback }) => ({
      groupId,
      decidedBy: 'default_group',
      requestSource: '',
      policyId: '',
      asFallback,
      priority: 0,
    }),
  };
}

function abstains(text: string): Opinion {
  return { kind: 'abstains', reason: { step, outcome: Reason_Outcome.ABSTAINED, text }, why: text };
}
