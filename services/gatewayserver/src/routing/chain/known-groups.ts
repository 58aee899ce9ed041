import { Reason_Outcome } from '@trino-gateway/api/gateway';
import type { Opinion } from './opinion.ts';
import type { ChainSnapshot } from './step-kind.ts';

/**
 * The opinion with the groups that there are; with none left it is no opinion, whichever step it comes from. A disabled group is none
 * either, unless the query may go nowhere else: then it stays, without a backend. A last opinion stays as it is.
 */
export function withKnownGroups(opinion: Opinion, whyNoGroup: ChainSnapshot['whyNoGroup']): Opinion {
  if (opinion.kind !== 'groups' || opinion.isLast) return opinion;
  const { candidates, decided, reason, matched, effects } = opinion;
  const [first] = candidates;
  const left = candidates.filter(({ groupId }) => {
    const why = whyNoGroup(groupId);
    if (why === undefined) return true;
    return why !== 'does not exist' && first !== undefined && decided(first).strict === true;
  });
  if (left.length === candidates.length) return opinion;
  if (left.length > 0) return { ...opinion, candidates: left };
  const why = candidates.map(({ groupId }) => `group ${groupId} ${whyNoGroup(groupId)}`).join(', and ');
  const said = { ...reason, outcome: Reason_Outcome.ABSTAINED, text: `${reason.text}; ${why}` };
  return { kind: 'abstains', reason: said, why, ...(matched && { matched }), ...(effects && { effects }) };
}
