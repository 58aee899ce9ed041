import type { DelegatedAuthentication, Door } from '@trino-gateway/api/authentication';
import type { Group, Policy } from '@trino-gateway/api/gateway';
import { policyRules } from '@trino-gateway/api/policy-rules';

type Configuration = {
  backends: ReadonlyMap<string, { backend: { id: string; url: string } }>;
  groups: ReadonlyMap<string, Group>;
  policies: ReadonlyMap<string, Policy>;
};

/**
 * Where requests must pass delegated authentication, in the same order on all replicas. A cluster is an address: two
 * backends with the same one are one cluster. The state of a group does not count: its policies guard and open its
 * clusters also while it is disabled.
 */
export function delegatedAuthentication(configuration: Configuration): DelegatedAuthentication {
  const { guarded, opened, doors } = readPolicies(configuration);
  return {
    ports: sortedPorts(doors),
    hosts: sortedHosts(doors),
    clusters: [...guarded].sort().map((url) => {
      const open = opened.get(url);
      return { ...usersOf(url, configuration), openPorts: sortedPorts(open), openHosts: sortedHosts(open) };
    }),
  };
}

type Doors = { ports: Set<number>; hosts: Set<string> };

/** The clusters that policies guard, those that others open for a door, and the doors that always ask. */
function readPolicies({ backends, groups, policies }: Configuration) {
  const doors: Doors = { ports: new Set(), hosts: new Set() };
  const guarded = new Set<string>();
  const opened = new Map<string, Doors>();
  const urlsOf = (groupId: string) =>
    (groups.get(groupId)?.backendIds ?? []).flatMap((id) => backends.get(id)?.backend.url ?? []);
  for (const { enabled, rule, authDelegated, groupId, fallbackGroupId } of policies.values()) {
    const door = enabled === false ? undefined : policyRules.door(rule);
    if (!door) continue;
    if (authDelegated) add(door, doors);
    for (const url of [...urlsOf(groupId), ...urlsOf(fallbackGroupId)]) {
      if (authDelegated) {
        guarded.add(url);
        continue;
      }
      const open = opened.get(url) ?? { ports: new Set(), hosts: new Set() };
      opened.set(url, open);
      add(door, open);
    }
  }
  return { guarded, opened, doors };
}

function add({ listeningPort, host }: Partial<Door>, doors: Doors): void {
  if (listeningPort !== undefined) doors.ports.add(listeningPort);
  // Empty when it is no host, as of a request without one: those two do not meet.
  if (host) doors.hosts.add(host);
}

/** The backends at an address, and the groups they are in. */
function usersOf(url: string, { backends, groups }: Configuration) {
  const here = new Set([...backends.values()].flatMap(({ backend }) => (backend.url === url ? [backend.id] : [])));
  const holding = [...groups.values()].filter(({ backendIds }) => backendIds.some((id) => here.has(id)));
  return { url, backendIds: [...here].sort(), groupIds: holding.map(({ id }) => id).sort() };
}

function sortedPorts(doors: Doors | undefined): number[] {
  return [...(doors?.ports ?? [])].sort((a, b) => a - b);
}

function sortedHosts(doors: Doors | undefined): string[] {
  return [...(doors?.hosts ?? [])].sort();
}
