import { type DescMessage, fromJson, type JsonValue, type MessageShape } from '@bufbuild/protobuf';
import {
  type Backend,
  BackendSchema,
  type Group,
  GroupSchema,
  type Policy,
  PolicySchema,
  type RoutingChain,
  RoutingChainSchema,
} from '@trino-gateway/api/gateway';
import {
  backendProblems,
  type ChainChecks,
  chainShape,
  groupProblems,
  type Problem,
  policyProblems,
  sharedClusterProblems,
  sharedTargetProblems,
} from '@trino-gateway/api/validation';
import type { Complain } from './sections/complain.ts';
import { readShape } from './shape.ts';

/** What a configuration file declares; created or updated, by id, when a gatewayserver starts. */
export type Declared = { backends: Backend[]; groups: Group[]; policies: Policy[]; routingChain?: RoutingChain };

/** How a file may be read. */
export type Reading = {
  /** Given when the objects are added to others. */
  existing?: Existing | undefined;
  /** What is known of steps of a routing chain; absent: only what holds for all of them. */
  chainChecks?: ChainChecks | undefined;
};

/** Ids that may be referred to without being declared: what a gatewayserver already has. */
export type Existing = { readonly backendIds: ReadonlySet<string>; readonly groupIds: ReadonlySet<string> };

/** Reads the declarative sections; complains about every shape, value, repeated id and id that nothing declares. */
export function readDeclared(
  file: Record<string, unknown>,
  complain: Complain,
  { existing, chainChecks = chainShape }: Reading = {},
): Declared {
  const backends = readList(file, 'backends', BackendSchema, backendProblems, complain);
  const groups = readList(file, 'groups', GroupSchema, groupProblems, complain);
  const policies = readList(file, 'policies', PolicySchema, policyProblems, complain);
  const backendIds = new Set([...backends.map(({ id }) => id), ...(existing?.backendIds ?? [])]);
  const groupIds = new Set([...groups.map(({ id }) => id), ...(existing?.groupIds ?? [])]);
  const where = existing ? 'declared here or already stored' : 'declared in this file';
  backends.forEach((backend, index) => {
    for (const { field, message } of sharedTargetProblems(backend, backends.slice(0, index)))
      complain(`backends[${index}].${field}`, message);
  });
  groups.forEach((group, index) => {
    for (const { field, message } of sharedClusterProblems(group, groups.slice(0, index)))
      complain(`groups[${index}].${field}`, message);
    for (const id of group.backendIds) {
      if (!backendIds.has(id)) complain(`groups[${index}].backend_ids`, `expected a backend ${where}, got "${id}"`);
    }
    const { id: own, spillOverGroupId: next } = group;
    if (next && next !== own && !groupIds.has(next))
      complain(`groups[${index}].spill_over_group_id`, `expected a group ${where}, got "${next}"`);
  });
  policies.forEach((policy, index) => {
    for (const [field, id] of [
      ['group_id', policy.groupId],
      ['fallback_group_id', policy.fallbackGroupId],
    ] as const) {
      if (id && !groupIds.has(id)) complain(`policies[${index}].${field}`, `expected a group ${where}, got "${id}"`);
    }
  });
  const routingChain = readChain(file, chainChecks, complain);
  if (routingChain?.version !== undefined && !existing)
    complain('routing_chain.version', 'expected none: the gatewayserver counts the versions');
  for (const { kind, id, field } of routingChain ? chainChecks.names(routingChain) : []) {
    const exists = kind === 'group' ? groupIds.has(id) : backendIds.has(id);
    if (!exists) complain(`routing_chain.${field}`, `expected a ${kind} ${where}, got "${id}"`);
  }
  return { backends, groups, policies, ...(routingChain && { routingChain }) };
}

function readChain(
  { routing_chain: given }: Record<string, unknown>,
  checks: ChainChecks,
  complain: Complain,
): RoutingChain | undefined {
  if (given === undefined || given === null) return undefined;
  const misshapen = new Set<string>();
  const sound = readShape(RoutingChainSchema, given, 'routing_chain', (where, message) => {
    misshapen.add(partOf(where));
    complain(where, message);
  });
  const chain = fromJson(RoutingChainSchema, sound as JsonValue);
  for (const { field, message } of checks.problems(chain)) {
    const path = `routing_chain.${field}`;
    // What could not be read is missing now, which is no second problem.
    if (!misshapen.has(partOf(path))) complain(path, message);
  }
  return chain;
}

/** The step, or the field of the chain itself, that a path leads to. */
function partOf(path: string): string {
  return path.split('.', 2).join('.');
}

/** One message for each entry, also for one with problems, so that positions in the list stay true. */
function readList<Desc extends DescMessage>(
  file: Record<string, unknown>,
  section: string,
  schema: Desc,
  problemsOf: (message: MessageShape<Desc>) => Problem[],
  complain: Complain,
): MessageShape<Desc>[] {
  const entries: unknown = file[section] ?? [];
  if (!Array.isArray(entries)) {
    complain(section, 'expected a list');
    return [];
  }
  const seen = new Set<string>();
  return entries.map((entry: unknown, index) => {
    const path = `${section}[${index}]`;
    const misshapen: string[] = [];
    const sound = readShape(schema, entry, path, (where, message) => {
      misshapen.push(where);
      complain(where, message);
    });
    const message = fromJson(schema, sound as JsonValue);
    // What could not be read is missing now, which is no second problem.
    if (misshapen.length === 0)
      for (const { field, message: problem } of problemsOf(message)) complain(`${path}.${field}`, problem);
    const { id } = message as { id?: string };
    if (id && seen.has(id)) complain(`${path}.id`, `expected each id once, "${id}" is repeated`);
    if (id) seen.add(id);
    return message;
  });
}
