import { Reason_Outcome } from '@trino-gateway/api/gateway';
import type { RuleRequest } from '@trino-gateway/api/policy-rules';
import type { Candidate, DecidedGroup, Opinion } from '../../chain/opinion.ts';
import { abstains, refuses } from '../../chain/opinions.ts';
import type { StepKind, StepSettings } from '../../chain/step-kind.ts';
import type { PolicyIndex } from '../../policies/policy-index.ts';
import { evaluatePolicies, firstPolicyOf, matchingPolicies, type PolicyVerdict } from '../../policies/verdict.ts';

const NAMED_IN_A_TEXT = 20;

/** The policies of PolicyService. */
export const policiesStep: StepKind<StepSettings<'policies'>> = {
  problems: () => [],
  names: () => ({ groupIds: [], backendIds: [] }),
  compile: (_, id) => ({ ask: (query, { snapshot }) => policiesOpinion(id, snapshot.policies, query) }),
};

/** The groups that the matching policies leave, then their fallback groups. Policies that leave none refuse: the default group is for queries that none matches. */
function policiesOpinion(step: string, index: PolicyIndex, request: RuleRequest): Opinion {
  const verdict = evaluatePolicies(index, request);
  const { groupIds, fallbackGroupIds } = verdict;
  const matching = matchingPolicies(verdict).map(({ id }) => id);
  if (matching.length === 0) return { ...abstains(step, 'no policy matches'), why: 'no policy matches this query' };
  const names = listed(matching);
  const who = `${matching.length === 1 ? 'policy' : 'policies'} ${names}`;
  if (groupIds.length === 0 && fallbackGroupIds.length === 0)
    return {
      ...refuses(step, `${who}: no group in common and no fallback group`),
      why: `the matching policies (${names}) have no group in common and no fallback group`,
    };
  const groups = groupIds.length > 0 ? `group ${listed(groupIds)}` : 'no group in common';
  const fallback = fallbackGroupIds.length > 0 ? `, with fallback group ${listed(fallbackGroupIds)}` : '';
  return {
    kind: 'groups',
    isLast: true,
    reason: { step, outcome: Reason_Outcome.CHOSE, text: `${who}: ${groups}${fallback}` },
    candidates: [
      ...groupIds.map((groupId) => ({ groupId, step: `group ${groupId}`, asFallback: false })),
      ...fallbackGroupIds.map((groupId) => ({ groupId, step: 'fallback_group', asFallback: true })),
    ],
    decided: (candidate) => ({ ...decidedGroup(verdict, candidate), stepId: step }),
  };
}

function decidedGroup(verdict: PolicyVerdict, { groupId, asFallback }: Candidate): DecidedGroup {
  const policy = firstPolicyOf(verdict, groupId, asFallback);
  const withSource = firstPolicyOf(verdict, groupId, asFallback, ({ requestSource }) => requestSource !== '');
  return {
    groupId,
    decidedBy: `${asFallback ? 'fallback of policy' : 'policy'} ${policy?.id}`,
    requestSource: withSource?.requestSource ?? '',
    policyId: policy?.id ?? '',
    asFallback,
    priority: policy?.priority ?? 0,
  };
}

function listed(ids: readonly string[]): string {
  const others = ids.length - NAMED_IN_A_TEXT;
  return `${ids.slice(0, NAMED_IN_A_TEXT).join(', ')}${others > 0 ? ` and ${others} more` : ''}`;
}
