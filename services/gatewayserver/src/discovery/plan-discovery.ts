import { create, equals } from '@bufbuild/protobuf';
import { type Timestamp, timestampFromMs } from '@bufbuild/protobuf/wkt';
import {
  type Backend,
  Backend_DiscoverySchema,
  BackendSchema,
  type DiscoverySource,
  DiscoverySourceSchema,
  type Group,
  GroupSchema,
} from '@trino-gateway/api/gateway';
import { storableGroup } from '../configuration/stored-objects.ts';
import { BY_DISCOVERY } from '../configuration/validation.ts';
import type { StoredBackend } from '../storage/contract/configuration.ts';
import { judgeObjects } from './judge-objects.ts';

/** What is stored, and what is known of it. */
export type DiscoveryState = {
  backends: readonly StoredBackend[];
  /** With their discovered members. */
  groups: readonly Group[];
  sources: readonly DiscoverySource[];
  members: ReadonlyMap<string, readonly string[]>;
  /** Who refers to a backend or a group, members of groups that were discovered apart: `group "a"`. */
  referrers(kind: 'backend' | 'group', id: string): string[];
  /** What still needs a backend or a group, in words; undefined when nothing does. */
  tied(kind: 'backend' | 'group', id: string): string | undefined;
  now: number;
};

/** What has to be written, in this order. */
export type DiscoveryPlan = {
  newGroups: Group[];
  backends: Backend[];
  /** The groups of each backend whose groups change. */
  members: Map<string, string[]>;
  /** Backends whose objects are gone. */
  drain: string[];
  /** Backends whose objects are back. */
  enable: string[];
  deleteBackends: string[];
  deleteGroups: string[];
  sources: DiscoverySource[];
  deleteSources: string[];
};

/** What follows from all that was found. Sources that are not listed keep what they have. */
export function planDiscovery(declared: readonly DiscoverySource[], state: DiscoveryState): DiscoveryPlan {
  const sources = declared.map((source) => withKept(source, state.sources));
  const heldSources = new Set(sources.filter(({ listed }) => !listed).map(({ name }) => name));
  const judged = judgeObjects(sources, heldSources, state);
  const plan: DiscoveryPlan = {
    ...{ newGroups: [], backends: [], members: new Map(), drain: [], enable: [], deleteBackends: [], deleteGroups: [] },
    sources: judged.sources.filter((source) => !isStored(source, state.sources)),
    deleteSources: state.sources.map(({ name }) => name).filter((name) => !sources.some((one) => one.name === name)),
  };
  for (const { backend, draining } of state.backends) {
    if (backend.managedBy !== BY_DISCOVERY) continue;
    if (judged.wanted.has(backend.id) || heldSources.has(backend.discovery?.source ?? '')) continue;
    const problem = judged.broken.get(backend.discovery?.object ?? '');
    if (problem !== undefined) keepAsItWas(backend, problem, draining, plan);
    else leave(backend, state, plan);
  }
  for (const [id, { backend }] of judged.wanted)
    bring(
      backend,
      state.backends.find((one) => one.backend.id === id),
      plan,
    );
  planMembers(judged.wanted, state, plan);
  planGroups(judged.wanted, heldSources, state, plan);
  return plan;
}

/** Whether there is anything to write. */
export function isEmptyPlan({ members, ...lists }: DiscoveryPlan): boolean {
  return members.size === 0 && Object.values(lists).every((list) => list.length === 0);
}

function withKept(source: DiscoverySource, stored: readonly DiscoverySource[]): DiscoverySource {
  if (source.listed) return source;
  return { ...source, objects: stored.find(({ name }) => name === source.name)?.objects ?? [] };
}

function isStored(source: DiscoverySource, stored: readonly DiscoverySource[]): boolean {
  const before = stored.find(({ name }) => name === source.name);
  return before !== undefined && equals(DiscoverySourceSchema, before, source);
}

/** Its object is there, and means it. */
function bring(wanted: Backend, stored: StoredBackend | undefined, plan: DiscoveryPlan): void {
  const { enabled } = stored?.backend ?? {};
  const backend = enabled === undefined ? wanted : { ...wanted, enabled };
  if (!stored || !equals(BackendSchema, stored.backend, backend)) plan.backends.push(wanted);
  // What an administrator drained stays so; discovery takes back only what it did itself.
  if (stored?.backend.discovery?.leavingSince && stored.draining && enabled !== false) plan.enable.push(wanted.id);
}

/** Its object is there, and cannot be read: the last good one stays in force. */
function keepAsItWas(backend: Backend, problem: string, draining: boolean, plan: DiscoveryPlan): void {
  const { leavingSince } = backend.discovery ?? {};
  putDiscovery(backend, { problem }, plan);
  if (leavingSince && draining && backend.enabled !== false) plan.enable.push(backend.id);
}

/** Its object is gone: it is drained, and deleted once nothing ties it and nobody refers to it. */
function leave(backend: Backend, { referrers, tied, now }: DiscoveryState, plan: DiscoveryPlan): void {
  const { leavingSince } = backend.discovery ?? {};
  if (leavingSince === undefined) {
    plan.drain.push(backend.id);
    putDiscovery(backend, { leavingSince: timestampFromMs(now), problem: 'its object is gone: it is drained' }, plan);
    return;
  }
  const users = referrers('backend', backend.id);
  const tie = tied('backend', backend.id);
  if (users.length === 0 && tie === undefined) {
    plan.deleteBackends.push(backend.id);
    return;
  }
  const why = tie ?? `it is still used by ${users.slice(0, 5).join(', ')}`;
  putDiscovery(backend, { leavingSince, problem: `its object is gone: ${why}` }, plan);
}

function putDiscovery(
  backend: Backend,
  { leavingSince, problem }: { leavingSince?: Timestamp; problem: string },
  plan: DiscoveryPlan,
): void {
  const { object = '', source = '' } = backend.discovery ?? {};
  const discovery = create(Backend_DiscoverySchema, { object, source, problem, ...(leavingSince && { leavingSince }) });
  const wanted = { ...backend, discovery };
  if (!equals(BackendSchema, backend, wanted)) plan.backends.push(wanted);
}

type Wanted = ReadonlyMap<string, { backend: Backend; groupIds: readonly string[] }>;

function planMembers(wanted: Wanted, { members, backends }: DiscoveryState, plan: DiscoveryPlan): void {
  const groupsOf = new Map<string, string[]>();
  for (const [groupId, ids] of members) for (const id of ids) groupsOf.set(id, [...(groupsOf.get(id) ?? []), groupId]);
  for (const [id, { groupIds }] of wanted) {
    const sorted = [...new Set(groupIds)].sort();
    if (sorted.join() !== (groupsOf.get(id) ?? []).sort().join()) plan.members.set(id, sorted);
  }
  const discovered = new Set(
    backends.filter(({ backend }) => backend.managedBy === BY_DISCOVERY).map(({ backend }) => backend.id),
  );
  // A file or an administrator has taken it over.
  for (const id of groupsOf.keys()) if (!discovered.has(id) && !wanted.has(id)) plan.members.set(id, []);
}

/** Groups that somebody asks for and that are missing; and those that were made so and that nobody needs any more. */
function planGroups(wanted: Wanted, held: ReadonlySet<string>, state: DiscoveryState, plan: DiscoveryPlan): void {
  const asked = new Set([...wanted.values()].flatMap(({ groupIds }) => groupIds));
  const existing = new Set(state.groups.map(({ id }) => id));
  for (const id of asked)
    if (!existing.has(id))
      plan.newGroups.push(storableGroup(create(GroupSchema, { id, membersByDiscovery: true }), BY_DISCOVERY));
  if (held.size > 0) return;
  for (const { id, managedBy, discoveredBackendIds } of state.groups) {
    if (managedBy !== BY_DISCOVERY || asked.has(id)) continue;
    const staying = discoveredBackendIds.filter(
      (one) => !plan.deleteBackends.includes(one) && !(plan.members.get(one)?.includes(id) === false),
    );
    if (staying.length === 0 && state.referrers('group', id).length === 0 && state.tied('group', id) === undefined)
      plan.deleteGroups.push(id);
  }
}
