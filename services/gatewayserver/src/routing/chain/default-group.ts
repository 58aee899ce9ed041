import { Reason_Outcome } from '@trino-gateway/api/gateway';
import type { Opinion } from './opinion.ts';

const step = 'default_group';

/**
 * The chain's fallback group, or else `gatewayserver.default_group`, for queries that no step has an opinion about.
 * @param whyNoGroup the end of a sentence that says why a group cannot be used; undefined when it can
 */
export function defaultGroupOpinion(
  fallbackGroupId: string,
  defaultGroupId: string | undefined,
  whyNoGroup: (groupId: string) => string | undefined,
): Opinion {
  const groupId = fallbackGroupId || defaultGroupId;
  const name = fallbackGroupId ? 'the fallback group of the routing chain' : 'gatewayserver.default_group';
  if (!groupId) return abstains('gatewayserver.default_group is not set');
  const why = whyNoGroup(groupId);
  if (why) return abstains(`${name} is ${groupId}, a group that ${why}`);
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
