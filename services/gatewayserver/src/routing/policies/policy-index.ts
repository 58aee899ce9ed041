import type { Policy } from '@trino-gateway/api/gateway';
import { type PolicyLookup, policyRules } from '@trino-gateway/api/policy-rules';

/** The matching policies of one kind of rule; everything in the order of ids. */
export type Match = {
  policies: readonly Policy[];
  groupIds: ReadonlySet<string>;
  fallbackGroupIds: ReadonlySet<string>;
};

/** The policies that exist for routing, arranged so that a request meets only those that can match it: one look-up per kind. */
export type PolicyIndex = readonly PolicyLookup<Match>[];

/**
 * Leaves out disabled policies. The state of a group does not count: a disabled one stays the group of its policies, which
 * no query gets around, and has no backend for it.
 */
export function indexPolicies(policies: readonly Policy[]): PolicyIndex {
  const enabled = policies.filter((policy) => policy.enabled !== false);
  return policyRules.compile(enabled.sort(byId), matchOf);
}

function matchOf(policies: readonly Policy[]): Match {
  const fallbackGroupIds = policies.map(({ fallbackGroupId }) => fallbackGroupId).filter((id) => id !== '');
  return {
    policies: policies.toSorted(byId),
    groupIds: new Set(policies.map(({ groupId }) => groupId).sort()),
    fallbackGroupIds: new Set(fallbackGroupIds.sort()),
  };
}

export function byId(a: { id: string }, b: { id: string }): number {
  return a.id < b.id ? -1 : a.id > b.id ? 1 : 0;
}
