import { Reason_Outcome } from '@trino-gateway/api/gateway';
import type { Opinion, QueryEffects } from './opinion.ts';

/** The opinion that a query belongs to this one group, or to one backend of it. */
export function chooses(
  step: string,
  chosen: { groupId: string; backendId?: string; ruleId?: string; text: string; effects?: QueryEffects },
): Extract<Opinion, { kind: 'groups' }> {
  const { groupId, backendId, ruleId, text, effects } = chosen;
  const by = { stepId: step, ...(ruleId !== undefined && { ruleId }) };
  const decidedBy = ruleId === undefined ? `step ${step}` : `step ${step}, rule ${ruleId}`;
  return {
    kind: 'groups',
    reason: { step, outcome: Reason_Outcome.CHOSE, text },
    candidates: [
      { groupId, step: `group ${groupId}`, asFallback: false, ...(backendId !== undefined && { backendId }) },
    ],
    decided: ({ asFallback }) => ({
      priority: 0,
      requestSource: '',
      policyId: '',
      ...effects,
      groupId,
      ...(backendId !== undefined && { pinnedBackendId: backendId, strict: true }),
      decidedBy,
      ...by,
      asFallback,
    }),
  };
}

/** No opinion, with the reason for those who ask. */
export function abstains(step: string, text: string): Extract<Opinion, { kind: 'abstains' }> {
  return { kind: 'abstains', reason: { step, outcome: Reason_Outcome.ABSTAINED, text }, why: `${step}: ${text}` };
}

/** @param message what the client reads; absent: a sentence about the text */
export function refuses(step: string, text: string, message?: string): Extract<Opinion, { kind: 'refuses' }> {
  const said = { reason: { step, outcome: Reason_Outcome.REFUSED, text }, why: text };
  return { kind: 'refuses', ...said, ...(message !== undefined && { message }) };
}
