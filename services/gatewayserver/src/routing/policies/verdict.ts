import type { Policy } from '@trino-gateway/api/gateway';
import type { RuleRequest } from '@trino-gateway/api/policy-rules';
import { byId, type Match, type PolicyIndex } from './policy-index.ts';

/** What the policies say about one request. */
export type PolicyVerdict = {
  /** One per kind of rule that matched. */
  matches: readonly Match[];
  /** The groups left, in the order of their ids. */
  groupIds: readonly string[];
  /** The fallback groups left, in the order of their ids. */
  fallbackGroupIds: readonly string[];
};

/**
 * The groups the matching policies leave: for each kind of rule the groups of all its matching policies, the sets that
 * are not empty intersected; the same for the fallback groups.
 */
export function evaluatePolicies(index: PolicyIndex, request: RuleRequest): PolicyVerdict {
  const matches = index.map((lookUp) => lookUp(request)).filter((match) => match !== undefined);
  return {
    matches,
    groupIds: intersection(matches.map(({ groupIds }) => groupIds)),
    fallbackGroupIds: intersection(matches.map(({ fallbackGroupIds }) => fallbackGroupIds)),
  };
}

/** The matching policies in the order of their ids. */
export function matchingPolicies({ matches }: PolicyVerdict): Policy[] {
  const [only, ...others] = matches;
  if (only && others.length === 0) return [...only.policies];
  return matches.flatMap(({ policies }) => policies).sort(byId);
}

/** The first matching policy, by id, that names this group (as its fallback group when asked so) and passes the test. */
export function firstPolicyOf(
  { matches }: PolicyVerdict,
  groupId: string,
  asFallback: boolean,
  test: (policy: Policy) => boolean = () => true,
): Policy | undefined {
  return matches
    .map(({ policies }) =>
      policies.find((policy) => (asFallback ? policy.fallbackGroupId : policy.groupId) === groupId && test(policy)),
    )
    .filter((policy) => policy !== undefined)
    .sort(byId)[0];
}

function intersection(sets: readonly ReadonlySet<string>[]): string[] {
  // Each set lists its ids in order, so what is left of one of them is in order too.
  const [smallest, ...others] = sets.filter(({ size }) => size > 0).sort((a, b) => a.size - b.size);
  return smallest ? [...smallest].filter((id) => others.every((other) => other.has(id))) : [];
}
