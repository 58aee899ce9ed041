import { equals } from '@bufbuild/protobuf';
import {
  type Backend,
  BackendSchema,
  type Group,
  GroupSchema,
  type Policy,
  PolicySchema,
  type RoutingChain,
} from '@trino-gateway/api/gateway';
import { type Problem, sharedClusterProblems, sharedTargetProblems } from '@trino-gateway/api/validation';
import type { Declared } from '@trino-gateway/config';
import type { Configuration, ConfigurationStore } from '../storage/contract/configuration.ts';
import { saysTheSame, storableChain } from './stored-chain.ts';
import { storableBackend, storableGroup, storablePolicy, withoutDiscovered } from './stored-objects.ts';

const BY_FILE = 'file';

/**
 * Creates or updates what a configuration file declares. An object, or a routing chain, that is no longer declared stays, and may be
 * changed by the API.
 */
export async function declareObjects(store: ConfigurationStore, declared: Declared): Promise<void> {
  const before = await store.read();
  const backends = pending(
    before.backends.map(({ backend }) => backend),
    declared.backends.map((backend) => storableBackend(backend, BY_FILE)),
    (stored, wanted) => equals(BackendSchema, stored, wanted),
  );
  const groups = pending(
    before.groups.map(withoutDiscovered),
    declared.groups.map((group) => storableGroup(group, BY_FILE)),
    (stored, wanted) => equals(GroupSchema, stored, wanted),
  );
  const policies = pending(
    before.policies,
    declared.policies.map((policy) => storablePolicy(policy, BY_FILE)),
    (stored, wanted) => equals(PolicySchema, stored, wanted),
  );
  const chain = pendingChain(before.routingChain, declared.routingChain);
  refuseShared(before, backends, groups);
  if (backends.length + groups.length + policies.length === 0 && !chain) return;
  await store.change(async (change) => {
    for (const backend of backends) await change.backends.put(backend);
    for (const group of groups) await change.groups.put(group);
    for (const policy of policies) await change.policies.put(policy);
    if (chain) await change.routingChain.add(chain);
  });
}

/** @throws Error where what is declared shares with what was stored otherwise what only one may have */
function refuseShared(before: Configuration, backends: readonly Backend[], groups: readonly Group[]): void {
  const others = <One extends { id: string }>(stored: readonly One[], declared: readonly One[]) => [
    ...stored.filter(({ id }) => declared.every((one) => one.id !== id)),
    ...declared,
  ];
  const allGroups = others(before.groups, groups);
  const allBackends = others(
    before.backends.map(({ backend }) => backend),
    backends,
  );
  const problems = [
    ...groups.flatMap((group) => told(`group ${group.id}`, sharedClusterProblems(group, allGroups))),
    ...backends.flatMap((backend) => told(`backend ${backend.id}`, sharedTargetProblems(backend, allBackends))),
  ];
  if (problems.length > 0) throw new Error(`what is declared does not fit what is stored: ${problems.join('; ')}`);
}

function told(of: string, problems: readonly Problem[]): string[] {
  return problems.map(({ field, message }) => `${of}: ${field}: ${message}`);
}

/** The version that has to be stored: the declared one when it is new or differs, and one that is no longer declared. */
function pendingChain(stored: RoutingChain | undefined, declared: RoutingChain | undefined): RoutingChain | undefined {
  const isReleased = declared === undefined && stored?.managedBy === BY_FILE;
  const wanted = declared ? storableChain(declared, BY_FILE) : isReleased ? storableChain(stored, '') : undefined;
  return wanted && stored && saysTheSame(stored, wanted) ? undefined : wanted;
}

/** What has to be written: declared objects that are new or differ, and objects that are no longer declared. */
function pending<Message extends Backend | Group | Policy>(
  stored: readonly Message[],
  declared: readonly Message[],
  same: (stored: Message, wanted: Message) => boolean,
): Message[] {
  const storedById = new Map(stored.map((message) => [message.id, message]));
  const declaredIds = new Set(declared.map(({ id }) => id));
  const changed = declared.filter((wanted) => {
    const before = storedById.get(wanted.id);
    if (!before) return true;
    const enabled = wanted.enabled ?? before.enabled;
    return !same(before, enabled === undefined ? wanted : { ...wanted, enabled });
  });
  const released = stored
    .filter(({ id, managedBy }) => managedBy === BY_FILE && !declaredIds.has(id))
    .map((message) => ({ ...message, managedBy: '' }));
  return [...changed, ...released];
}
