import type { DelegatedAuthentication, EntryPoint } from '@trino-gateway/api/authentication';
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
  const { guarded, opened, entryPoints } = readPolicies(configuration);
  return {
    ports: sortedPorts(entryPoints),
    hosts: sortedHosts(entryPoints),
    clusters: [...guarded].sort().map((url) => {
      const open = opened.get(url);
      return { ...usersOf(url, configuration), openPorts: sortedPorts(open), openHosts: sortedHosts(open) };
    }),
  };
}

type EntryPoints = { ports: Set<number>; hosts: Set<string> };

/** The clusters that policies guard, those that others open for an entry point, and the entry points that always demand it. */
function readPolicies({ backends, groups, policies }: Configuration) {
  const entryPoints: EntryPoints = { ports: new Set(), hosts: new Set() };
  const guarded = new Set<string>();
  const opened = new Map<string, EntryPoints>();
  const urlsOf = (groupId: string) =>
    (groups.get(groupId)?.backendIds ?? []).flatMap((id) => backends.get(id)?.backend.url ?? []);
  for (const { enabled, rule, authDelegated, groupId, fallbackGroupId } of policies.values()) {
    const entryPoint = enabled === false ? undefined : policyRules.entryPoint(rule);
    if (!entryPoint) continue;
    if (authDelegated) add(entryPoint, entryPoints);
    for (const url of [...urlsOf(groupId), ...urlsOf(fallbackGroupId)]) {
      if (authDelegated) {
        guarded.add(url);
        continue;
      }
      const open = opened.get(url) ?? { ports: new Set(), hosts: new Set() };
      opened.set(url, open);
      add(entryPoint, open);
    }
  }
  return { guarded, opened, entryPoints };
}

function add({ listeningPort, host }: Partial<EntryPoint>, entryPoints: EntryPoints): void {
  if (listeningPort !== undefined) entryPoints.ports.add(listeningPort);
  // What is no host is empty, and so is the host of a request without one: those two never match.
  if (host) entryPoints.hosts.add(host);
}

/** The backends at an address, and the groups they are in. */
function usersOf(url: string, { backends, groups }: Configuration) {
  const here = new Set([...backends.values()].flatMap(({ backend }) => (backend.url === url ? [backend.id] : [])));
  const holding = [...groups.values()].filter(({ backendIds }) => backendIds.some((id) => here.has(id)));
  return { url, backendIds: [...here].sort(), groupIds: holding.map(({ id }) => id).sort() };
}

function sortedPorts(entryPoints: EntryPoints | undefined): number[] {
  return [...(entryPoints?.ports ?? [])].sort((a, b) => a - b);
}

function sortedHosts(entryPoints: EntryPoints | undefined): string[] {
  return [...(entryPoints?.hosts ?? [])].sort();
}
