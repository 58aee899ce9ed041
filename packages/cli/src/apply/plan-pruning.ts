import type { DescMessage, MessageShape } from '@bufbuild/protobuf';
import { toJson } from '@bufbuild/protobuf';
import { type Group, type RoutingChain, RoutingChainSchema } from '@trino-gateway/api/gateway';
import type { Declared } from '@trino-gateway/config';
import { backendKind, groupKind, type Kind, policyKind } from '../kinds/index.ts';
import { UsageError } from '../terminal/usage-error.ts';
import type { Change } from './change.ts';
import { orderGroups } from './order-groups.ts';
import type { Stored } from './plan-changes.ts';
import { differencesTo } from './stored-form.ts';

type Owned = { id: string; managedBy: string; appliedSet: string };

/**
 * Deletes what earlier applies of the same set made and is declared no longer: policies, then groups, then backends.
 * @throws UsageError naming all that is still referred to; nothing is deleted then
 */
export function planPruning(declared: Declared, stored: Stored, set: string): Change[] {
  const doomed = {
    policies: goneFrom(declared.policies, stored.policies, set),
    groups: goneFrom(declared.groups, stored.groups, set),
    backends: goneFrom(declared.backends, stored.backends, set),
  };
  const referrers = referrersOf(declared, stored, doomed);
  const kept = [
    ...doomed.groups.flatMap(({ id }) => told(groupKind, id, referrers.groups.get(id))),
    ...doomed.backends.flatMap(({ id }) => told(backendKind, id, referrers.backends.get(id))),
  ];
  if (kept.length > 0) throw new UsageError(...kept);
  // Of groups that spill over to each other in a circle, one lets go first. Those that others spill over to go last.
  const { beforehand } = orderGroups(doomed.groups, new Set());
  const loose = new Map(beforehand.map((group) => [group.id, group]));
  const { ordered } = orderGroups(
    doomed.groups.map((group) => loose.get(group.id) ?? group),
    new Set(),
  );
  return [
    ...doomed.policies.map((policy) => deletion(policyKind, policy)),
    ...doomed.groups.flatMap((group) => cutLoose(group, loose.get(group.id))),
    ...ordered.toReversed().map((group) => deletion(groupKind, group)),
    ...doomed.backends.map((backend) => deletion(backendKind, backend)),
  ];
}

function goneFrom<One extends Owned>(declared: readonly Owned[], stored: readonly One[], set: string): One[] {
  const present = new Set(declared.map(({ id }) => id));
  return stored.filter(({ id, managedBy, appliedSet }) => managedBy === '' && appliedSet === set && !present.has(id));
}

type Doomed = { policies: readonly Owned[]; groups: readonly Owned[]; backends: readonly Owned[] };

/** Who of those that stay refers to which group and which backend. */
function referrersOf(declared: Declared, stored: Stored, doomed: Doomed) {
  const groups = new Map<string, string[]>();
  const backends = new Map<string, string[]>();
  const note = (referrers: Map<string, string[]>, id: string, by: string) =>
    referrers.set(id, [...(referrers.get(id) ?? []), by]);
  for (const { id, groupId, fallbackGroupId } of staying(declared.policies, stored.policies, doomed.policies))
    for (const one of new Set([groupId, fallbackGroupId])) note(groups, one, `policy "${id}"`);
  for (const { id, backendIds, spillOverGroupId } of staying(declared.groups, stored.groups, doomed.groups)) {
    note(groups, spillOverGroupId, `group "${id}"`);
    for (const one of backendIds) note(backends, one, `group "${id}"`);
  }
  const named = namesIn(declared.routingChain ?? stored.routingChain);
  for (const id of named.groups) note(groups, id, 'the routing chain');
  for (const id of named.backends) note(backends, id, 'the routing chain');
  return { groups, backends };
}

function staying<One extends { id: string }>(
  declared: readonly One[],
  stored: readonly One[],
  doomed: readonly { id: string }[],
): One[] {
  const gone = new Set([...declared, ...doomed].map(({ id }) => id));
  return [...declared, ...stored.filter(({ id }) => !gone.has(id))];
}

/** The groups and backends that a chain names, by the names of its fields; what its scripts answer nobody knows. */
function namesIn(chain: RoutingChain): { groups: Set<string>; backends: Set<string> } {
  const groups = new Set<string>();
  const backends = new Set<string>();
  JSON.stringify(toJson(RoutingChainSchema, chain, { useProtoFieldName: true }), (key, value: unknown) => {
    const texts = [value].flat().filter((one) => typeof one === 'string');
    if (/(^|_)groups?(_id)?$/.test(key)) for (const text of texts) groups.add(text);
    if (/(^|_)backend_id$/.test(key)) for (const text of texts) backends.add(text);
    return value;
  });
  return { groups, backends };
}

function told({ name }: { name: string }, id: string, referrers: readonly string[] = []): string[] {
  if (referrers.length === 0) return [];
  return [
    `${name} "${id}" is gone from the files, and still used by ${referrers.slice(0, 5).join(', ')}: nothing was written`,
  ];
}

function deletion<Desc extends DescMessage>(kind: Kind<Desc>, object: MessageShape<Desc> & Owned): Change {
  return {
    name: `${kind.name} "${object.id}"`,
    expected: 'deleted',
    differences: differencesTo(kind, undefined, object),
    async write(gateway) {
      await kind.delete(gateway, object.id);
      return 'deleted';
    },
  };
}

function cutLoose(stored: Group, loose: Group | undefined): Change[] {
  if (loose === undefined) return [];
  return [
    {
      name: `group "${loose.id}"`,
      expected: 'changed',
      differences: differencesTo(groupKind, loose, stored),
      async write(gateway) {
        await groupKind.put(gateway, loose);
        return 'changed';
      },
    },
  ];
}
