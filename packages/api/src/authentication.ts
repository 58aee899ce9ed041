import type { AuthenticationRules_Guarded } from './gen/trinogateway/v1/gateway_pb.ts';

/** Where a request came in: by this, policies with delegated authentication match. */
export type EntryPoint = {
  /** The port the listener is bound to. */
  listeningPort: number;
  /** In its comparable form. */
  host: string;
};

/** The cluster a request is for. */
export type AskedCluster = { backendId: string; url: string };

/** AuthenticationRules of the contract, as plain data. */
export type DelegatedAuthentication = {
  ports: number[];
  hosts: string[];
  clusters: Omit<AuthenticationRules_Guarded, '$typeName' | '$unknown'>[];
};

type Guarded = { openPorts: ReadonlySet<number>; openHosts: ReadonlySet<string> };

/**
 * Whether a request must pass delegated authentication. The one reading of the rules: gatewayserver and routers decide by it.
 */
export type AuthenticationCheck = {
  /** Every request at this entry point must, whatever it is for. */
  atEntryPoint(entryPoint: EntryPoint): boolean;
  /** A request for this cluster must: its entry point demands it, or a policy guards the cluster and none opens it for this entry point. */
  forCluster(entryPoint: EntryPoint, cluster: AskedCluster): boolean;
  /** A request that may end at any cluster of this group must. */
  forGroup(entryPoint: EntryPoint, groupId: string): boolean;
  /** Some cluster is guarded: an address that no backend has any more may then have been guarded. */
  readonly guardsAny: boolean;
};

/** Arranges the rules for look-ups. */
export function authenticationCheck(rules: DelegatedAuthentication): AuthenticationCheck {
  const ports = new Set(rules.ports);
  const hosts = new Set(rules.hosts);
  const byUrl = new Map<string, Guarded>();
  const byBackend = new Map<string, Guarded>();
  const byGroup = new Map<string, Guarded[]>();
  for (const { url, backendIds, groupIds, openPorts, openHosts } of rules.clusters) {
    const guarded = { openPorts: new Set(openPorts), openHosts: new Set(openHosts) };
    byUrl.set(url, guarded);
    for (const id of backendIds) byBackend.set(id, guarded);
    for (const id of groupIds) byGroup.set(id, [...(byGroup.get(id) ?? []), guarded]);
  }
  const atEntryPoint = ({ listeningPort, host }: EntryPoint) => ports.has(listeningPort) || hosts.has(host);
  const isShut = (entryPoint: EntryPoint, guarded: Guarded | undefined) =>
    guarded !== undefined &&
    !guarded.openPorts.has(entryPoint.listeningPort) &&
    !guarded.openHosts.has(entryPoint.host);
  return {
    atEntryPoint,
    // A former address of a guarded backend is guarded as the backend is.
    forCluster: (entryPoint, { backendId, url }) =>
      atEntryPoint(entryPoint) || isShut(entryPoint, byUrl.get(url)) || isShut(entryPoint, byBackend.get(backendId)),
    forGroup: (entryPoint, groupId) =>
      atEntryPoint(entryPoint) || (byGroup.get(groupId)?.some((guarded) => isShut(entryPoint, guarded)) ?? false),
    guardsAny: rules.clusters.length > 0,
  };
}
