import type { Group, Policy } from '@trino-gateway/api/gateway';
import { comparableHost } from '@trino-gateway/trino/host';
import type { RequestFacts } from '../../request.ts';

/** The matching policies of one kind of rule; everything in the order of ids. */
type Match = {
  policies: readonly Policy[];
  groupIds: ReadonlySet<string>;
  fallbackGroupIds: ReadonlySet<string>;
};

/** The policies that exist for routing, arranged so that a request meets only those that can match it. */
export type PolicyIndex = {
  byPort: ReadonlyMap<number, Match>;
  byHost: ReadonlyMap<string, Match>;
  /** By one tag that a matching request must carry. */
  byTag: ReadonlyMap<string, readonly Policy[]>;
  /** By one pair that a matching request must carry. */
  byProperty: ReadonlyMap<string, readonly Policy[]>;
  byPropertiesText: ReadonlyMap<string, readonly Policy[]>;
};

/** What the policies say about one request. */
export type PolicyVerdict = {
  /** One per kind of rule that matched. */
  matches: readonly Match[];
  /** The groups left, in the order of their ids. */
  groupIds: readonly string[];
  /** The fallback groups left, in the order of their ids. */
  fallbackGroupIds: readonly string[];
};

/** Leaves out disabled policies and those of disabled groups; a fallback group that is disabled counts as none. */
export function indexPolicies(policies: readonly Policy[], groups: ReadonlyMap<string, Group>): PolicyIndex {
  const usable = (groupId: string) => {
    const group = groups.get(groupId);
    return group !== undefined && group.enabled !== false;
  };
  const ports = new Map<number, Policy[]>();
  const hosts = new Map<string, Policy[]>();
  const byTag = new Map<string, Policy[]>();
  const byProperty = new Map<string, Policy[]>();
  const byPropertiesText = new Map<string, Policy[]>();
  for (const policy of policies.toSorted(byId)) {
    if (policy.enabled === false) continue;
    const { rule } = policy;
    if (!usable(policy.groupId)) continue;
    const existing = usable(policy.fallbackGroupId) ? policy : { ...policy, fallbackGroupId: '' };
    switch (rule.case) {
      case 'listeningPort':
        append(ports, rule.value, existing);
        break;
      case 'host':
        append(hosts, comparableHost(rule.value), existing);
        break;
      case 'clientTags':
        for (const tag of rule.value.allOf.length > 0 ? rule.value.allOf.slice(0, 1) : new Set(rule.value.anyOf))
          append(byTag, tag.trim(), existing);
        break;
      case 'connectionProperties': {
        const [pair] = Object.entries(rule.value.properties);
        if (pair) append(byProperty, pairKey(...pair), existing);
        else append(byPropertiesText, rule.value.exact, existing);
        break;
      }
    }
  }
  return {
    byPort: new Map(ports.entries().map(([port, found]) => [port, matchOf(found)])),
    byHost: new Map(hosts.entries().map(([host, found]) => [host, matchOf(found)])),
    byTag,
    byProperty,
    byPropertiesText,
  };
}

/**
 * The groups the matching policies leave: for each kind of rule the groups of all its matching policies, the sets that
 * are not empty intersected; the same for the fallback groups.
 */
export function evaluatePolicies(index: PolicyIndex, request: RequestFacts): PolicyVerdict {
  const matches = [
    index.byPort.get(request.listeningPort),
    request.host === '' ? undefined : index.byHost.get(request.host),
    matchTags(index, request),
    matchProperties(index, request),
  ].filter((match) => match !== undefined);
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

function matchTags(index: PolicyIndex, { clientTags }: RequestFacts): Match | undefined {
  if (clientTags.length === 0 || index.byTag.size === 0) return undefined;
  const present = new Set(clientTags);
  const candidates = new Set(clientTags.flatMap((tag) => index.byTag.get(tag) ?? []));
  return matchOf(
    [...candidates].filter(
      ({ rule }) =>
        rule.case === 'clientTags' &&
        rule.value.allOf.every((tag) => present.has(tag.trim())) &&
        (rule.value.anyOf.length === 0 || rule.value.anyOf.some((tag) => present.has(tag.trim()))),
    ),
  );
}

function matchProperties(index: PolicyIndex, request: RequestFacts): Match | undefined {
  const { connectionPropertiesText: text, connectionProperties: pairs } = request;
  if (text === undefined) return undefined;
  const candidates = [...(pairs ?? [])].flatMap((pair) => index.byProperty.get(pairKey(...pair)) ?? []);
  return matchOf([
    ...candidates.filter(
      ({ rule }) =>
        rule.case === 'connectionProperties' &&
        Object.entries(rule.value.properties).every(([name, value]) => pairs?.get(name) === value),
    ),
    ...(index.byPropertiesText.get(text) ?? []),
  ]);
}

function matchOf(policies: readonly Policy[]): Match {
  const fallbackGroupIds = policies.map(({ fallbackGroupId }) => fallbackGroupId).filter((id) => id !== '');
  return {
    policies: policies.toSorted(byId),
    groupIds: new Set(policies.map(({ groupId }) => groupId).sort()),
    fallbackGroupIds: new Set(fallbackGroupIds.sort()),
  };
}

function intersection(sets: readonly ReadonlySet<string>[]): string[] {
  // Each set lists its ids in order, so what is left of one of them is in order too.
  const [smallest, ...others] = sets.filter(({ size }) => size > 0).sort((a, b) => a.size - b.size);
  return smallest ? [...smallest].filter((id) => others.every((other) => other.has(id))) : [];
}

function append<Key>(map: Map<Key, Policy[]>, key: Key, policy: Policy): void {
  const found = map.get(key);
  if (found) found.push(policy);
  else map.set(key, [policy]);
}

function pairKey(name: string, value: string): string {
  return `${name}=${value}`;
}

function byId(a: { id: string }, b: { id: string }): number {
  return a.id < b.id ? -1 : a.id > b.id ? 1 : 0;
}
