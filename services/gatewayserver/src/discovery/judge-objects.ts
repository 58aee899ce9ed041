import { create } from '@bufbuild/protobuf';
import {
  type Backend,
  Backend_DiscoverySchema,
  type DiscoveredObject,
  type DiscoverySource,
  type Group,
} from '@trino-gateway/api/gateway';
import { backendProblems, isId, sharedTargetProblems } from '@trino-gateway/api/validation';
import { storableBackend, withoutDiscovered } from '../configuration/stored-objects.ts';
import { BY_DISCOVERY } from '../configuration/validation.ts';
import type { StoredBackend } from '../storage/contract/configuration.ts';

/** What becomes of objects that were found. */
export type Judged = {
  /** The same sources, with all that is wrong with their objects. */
  sources: DiscoverySource[];
  /** The backends that are to be, by their ids. */
  wanted: Map<string, { backend: Backend; groupIds: readonly string[] }>;
  /** What is wrong with an object, by its name. */
  broken: Map<string, string>;
};

const SHOWN_PROBLEMS = 3;

/** Files, administrators and sources that are not listed now win over what is found; of two objects the first. */
export function judgeObjects(
  sources: readonly DiscoverySource[],
  heldSources: ReadonlySet<string>,
  { backends: stored, groups }: { backends: readonly StoredBackend[]; groups: readonly Group[] },
): Judged {
  const byId = new Map(stored.map(({ backend }) => [backend.id, backend]));
  const wanted: Judged['wanted'] = new Map();
  const broken: Judged['broken'] = new Map();
  const judge = (object: DiscoveredObject): DiscoveredObject => {
    const backend = object.backend && storable(object);
    const problem =
      object.problem ||
      problemOf(object, backend, byId, heldSources) ||
      (backend ? sharingProblem(backend, object.groupIds, [...byId.values()], wanted, groups) : '');
    if (problem !== '') broken.set(object.object, problem);
    else if (backend) wanted.set(backend.id, { backend, groupIds: object.groupIds });
    return { ...object, problem };
  };
  const judged = sources.map((source) =>
    heldSources.has(source.name) ? source : { ...source, objects: source.objects.map(judge) },
  );
  return { sources: judged, wanted, broken };
}

function storable({ backend, object, source }: DiscoveredObject): Backend | undefined {
  if (backend === undefined || !URL.canParse(backend.url)) return undefined;
  const discovery = create(Backend_DiscoverySchema, { object, source });
  return { ...storableBackend({ ...backend, enabled: undefined } as Backend, BY_DISCOVERY), discovery };
}

/** What only one backend may have: an id, what its scaler starts and stops, and the group whose demand it goes by. */
function sharingProblem(
  backend: Backend,
  groupIds: readonly string[],
  stored: readonly Backend[],
  wanted: Judged['wanted'],
  groups: readonly Group[],
): string {
  if (wanted.has(backend.id)) return `backend "${backend.id}" is another object's`;
  const others = [...stored.filter(({ id }) => !wanted.has(id)), ...[...wanted.values()].map((one) => one.backend)];
  const [shared] = sharedTargetProblems(backend, others);
  if (shared) return `${shared.field}: ${shared.message}`;
  const scaled = groups.filter(
    (group) =>
      group.autoscaling && (groupIds.includes(group.id) || withoutDiscovered(group).backendIds.includes(backend.id)),
  );
  if (scaled.length < 2) return '';
  return `group: expected one group with autoscaling, got ${scaled.map(({ id }) => `"${id}"`).join(', ')}`;
}

function problemOf(
  { groupIds, backend: given }: DiscoveredObject,
  backend: Backend | undefined,
  stored: ReadonlyMap<string, Backend>,
  heldSources: ReadonlySet<string>,
): string {
  if (given === undefined) return 'it says nothing of a backend';
  const problems = backendProblems(given).map(({ field, message }) => `${field}: ${message}`);
  const group = groupIds.find((id) => !isId(id));
  if (group !== undefined) problems.push('group: expected ids of letters, digits, dots, underscores or dashes');
  if (problems.length > 0 || backend === undefined) return problems.slice(0, SHOWN_PROBLEMS).join('; ');
  const before = stored.get(backend.id);
  if (before === undefined) return '';
  if (before.managedBy === 'file') return `backend "${backend.id}" is declared in the configuration file, which wins`;
  if (before.managedBy !== BY_DISCOVERY) return `backend "${backend.id}" was put by an administrator, which wins`;
  const { source = '', object = '' } = before.discovery ?? {};
  return heldSources.has(source) ? `backend "${backend.id}" is that of ${object}, which cannot be looked at now` : '';
}
