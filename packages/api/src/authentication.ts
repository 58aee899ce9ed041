import type { AuthenticationRules_Guarded } from './gen/trinogateway/v1/gateway_pb.ts';

/** Where a request came in: what policies with delegated authentication match by. */
export type Door = {
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
  /** Every request by this door must, whatever it is for. */
  atDoor(door: Door): boolean;
  /** A request for this cluster must: its door asks for it, or a policy guards the cluster and none opens it for this door. */
  forCluster(door: Door, cluster: AskedCluster): boolean;
  /** A request that may end at any cluster of this group must. */
  forGroup(door: Door, groupId: string): boolean;
  /** Some cluster is guarded: then an address that no backend has any more may have been one. */
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
  const atDoor = ({ listeningPort, host }: Door) => ports.has(listeningPort) || hosts.has(host);
  const isShut = (door: Door, guarded: Guarded | undefined) =>
    guarded !== undefined && !guarded.openPorts.has(door.listeningPort) && !guarded.openHosts.has(door.host);
  return {
    atDoor,
    // A former address of a guarded backend is guarded as the backend is.
    forCluster: (door, { backendId, url }) =>
      atDoor(door) || isShut(door, byUrl.get(url)) || isShut(door, byBackend.get(backendId)),
    forGroup: (door, groupId) =>
      atDoor(door) || (byGroup.get(groupId)?.some((guarded) => isShut(door, guarded)) ?? false),
    guardsAny: rules.clusters.length > 0,
  };
}
