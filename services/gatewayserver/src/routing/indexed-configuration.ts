import {
  type AuthenticationCheck,
  authenticationCheck,
  type DelegatedAuthentication,
} from '@trino-gateway/api/authentication';
import type { Backend, Group, Group_Autoscaling, Policy } from '@trino-gateway/api/gateway';
import { delegatedAuthentication } from './delegated-authentication.ts';
import { type Permissions, permissionsOf } from './permissions.ts';
import { indexPolicies, type PolicyIndex } from './policies/policy-index.ts';
import { hashOf } from './strategies/hash.ts';

/** Everything an administrator decides. */
export type RoutingConfiguration = {
  backends: ReadonlyMap<string, { backend: Backend; draining: boolean }>;
  groups: ReadonlyMap<string, Group>;
  policies: ReadonlyMap<string, Policy>;
};

/** A group with autoscaling. */
export type ScaledGroup = { groupId: string; autoscaling: Group_Autoscaling };

/** The part of a snapshot that only a change of the configuration changes. */
export type IndexedConfiguration = RoutingConfiguration & {
  policyIndex: PolicyIndex;
  permissions: Permissions;
  /** What routers know. */
  delegated: DelegatedAuthentication;
  authentication: AuthenticationCheck;
  /** The backends of each group, in the order of their ids. */
  members: ReadonlyMap<string, readonly string[]>;
  /** Of each backend, the first enabled group by id that holds it. */
  groupOfBackend: ReadonlyMap<string, string>;
  /** Of each backend that is started and stopped by demand, the group for whose demand. */
  scaledBy: ReadonlyMap<string, ScaledGroup>;
  /** Of each backend, 32 bits drawn from its id. */
  hashes: ReadonlyMap<string, number>;
};

/** Arranges a configuration for look-ups. */
export function indexConfiguration(configuration: RoutingConfiguration): IndexedConfiguration {
  const delegated = delegatedAuthentication(configuration);
  return {
    ...configuration,
    delegated,
    authentication: authenticationCheck(delegated),
    permissions: permissionsOf(configuration.groups),
    policyIndex: indexPolicies([...configuration.policies.values()]),
    members: new Map(configuration.groups.values().map(({ id, backendIds }) => [id, backendIds.toSorted()])),
    groupOfBackend: firstGroups([...configuration.groups.values()]),
    scaledBy: scaledBackends(configuration),
    hashes: new Map(configuration.backends.keys().map((id) => [id, hashOf(id)])),
  };
}

/** The backends with a scaler in a group with autoscaling; where there are several such groups, the first by id. */
function scaledBackends({ backends, groups }: RoutingConfiguration): ReadonlyMap<string, ScaledGroup> {
  const scaled = new Map<string, ScaledGroup>();
  for (const { id, autoscaling, backendIds } of [...groups.values()].toSorted((a, b) => (a.id < b.id ? -1 : 1))) {
    if (!autoscaling) continue;
    for (const backendId of backendIds)
      if (hasScaler(backends.get(backendId)?.backend) && !scaled.has(backendId))
        scaled.set(backendId, { groupId: id, autoscaling });
  }
  return scaled;
}

/** Whether it can be started and stopped. */
export function hasScaler(backend: Backend | undefined): boolean {
  return backend?.scaler?.kind.case !== undefined;
}

function firstGroups(groups: readonly Group[]): ReadonlyMap<string, string> {
  const first = new Map<string, string>();
  const usable = groups.filter(({ enabled }) => enabled !== false);
  for (const { id, backendIds } of usable.toSorted((a, b) => (a.id < b.id ? -1 : 1)))
    for (const backendId of backendIds) if (!first.has(backendId)) first.set(backendId, id);
  return first;
}
