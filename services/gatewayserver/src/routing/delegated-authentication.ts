import type { DelegatedAuthentication } from '@trino-gateway/api/authentication';
import type { Group, Policy } from '@trino-gateway/api/gateway';
import { comparableHost } from '@trino-gateway/trino/host';

type Configuration = {
  backends: ReadonlyMap<string, { backend: { id: string; url: string } }>;
  groups: ReadonlyMap<string, Group>;
  policies: ReadonlyMap<string, Policy>;
};

/**
 * Where requests must pass delegated authentication, in one order on all replicas. A cluster is an address: two backends with the same one are one cluster.
 * The state of a group does not count: its policies lead to its clusters, and open them, also while it is disabled.
 */
export function delegatedAuthentication({ backends, groups, policies }: Configuration): DelegatedAuthentication {
  const ports = new Set<number>();
  const hosts = new Set<string>();
  const guardedUrls = new Set<string>();
  const doors = new Map<string, { ports: Set<number>; hosts: Set<string> }>();
  const urlsOf = (groupId: string) =>
    (groups.get(groupId)?.backendIds ?? []).flatMap((id) => backends.get(id)?.backend.url ?? []);
  for (const { enabled, rule, authDelegated, groupId, fallbackGroupId } of policies.values()) {
    if (enabled === false) continue;
    const port = rule.case === 'listeningPort' ? rule.value : undefined;
    // Empty when it is no host, as a request without one has none: those two do not meet.
    const host = rule.case === 'host' ? comparableHost(rule.value) : '';
    if (port === undefined && rule.case !== 'host') continue;
    if (authDelegated && port !== undefined) ports.add(port);
    if (authDelegated && host !== '') hosts.add(host);
    for (const url of [...urlsOf(groupId), ...urlsOf(fallbackGroupId)]) {
      if (authDelegated) {
        guardedUrls.add(url);
        continue;
      }
      const opened = doors.get(url) ?? { ports: new Set(), hosts: new Set() };
      doors.set(url, opened);
      if (port !== undefined) opened.ports.add(port);
      if (host !== '') opened.hosts.add(host);
    }
  }
  const clusters = [...guardedUrls].sort().map((url) => {
    const backendIds = [...backends.values()]
      .filter(({ backend }) => backend.url === url)
      .map(({ backend }) => backend.id);
    const isHere = new Set(backendIds);
    const holding = [...groups.values()].filter((group) => group.backendIds.some((id) => isHere.has(id)));
    const opened = doors.get(url);
    return {
      url,
      backendIds: backendIds.sort(),
      groupIds: holding.map(({ id }) => id).sort(),
      openPorts: [...(opened?.ports ?? [])].sort((a, b) => a - b),
      openHosts: [...(opened?.hosts ?? [])].sort(),
    };
  });
  return { ports: [...ports].sort((a, b) => a - b), hosts: [...hosts].sort(), clusters };
}
