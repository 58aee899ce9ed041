import { create } from '@bufbuild/protobuf';
import {
  type Backend,
  Backend_ProbeSchema,
  type Backend_Scaler,
  Backend_ScalerSchema,
  Backend_TlsSchema,
  BackendSchema,
  type DiscoveredObject,
  DiscoveredObjectSchema,
} from '@trino-gateway/api/gateway';
import { backendProblems, isId } from '@trino-gateway/api/validation';
import { FIELDS, ownAnnotations } from './annotations.ts';
import type { FoundObject } from './found-object.ts';
import type { DiscoveredKind } from './kinds.ts';

const SHOWN_PROBLEMS = 5;
const LONGEST_PROBLEM = 900;

/** The backend that an object stands for, or all that is wrong with it. */
export function mapObject(kind: DiscoveredKind, source: string, object: FoundObject): DiscoveredObject {
  const { own, problems } = ownAnnotations(object.annotations);
  const id = own.get('id')?.trim() ?? `${object.namespace}.${object.name}`;
  const backend = create(BackendSchema, { id, probe: create(Backend_ProbeSchema), tls: create(Backend_TlsSchema) });
  const asked = { scheme: own.get('scheme'), port: own.get('port'), service: own.get('service') };
  const address = kind.address(object, asked);
  if (typeof address === 'string') problems.push(address);
  else backend.url = `${address.scheme}://${address.host}:${address.port}`;
  for (const [name, value] of own) {
    const problem = FIELDS[name]?.(backend, value);
    if (problem !== undefined) problems.push(`${name}: ${problem}`);
  }
  const scaler = readScaler(kind, object, own);
  if (typeof scaler === 'string') problems.push(scaler);
  else if (scaler) backend.scaler = scaler;
  const groupIds = [...new Set((own.get('group') ?? '').split(',').map((one) => one.trim()))].filter(Boolean);
  if (!groupIds.every(isId)) problems.push('group: expected a comma list of ids');
  if (problems.length === 0)
    problems.push(...backendProblems(withoutEmpty(backend)).map(({ field, message }) => `${field}: ${message}`));
  return create(DiscoveredObjectSchema, {
    object: objectName(kind, object),
    source,
    backendId: isId(id) ? id : '',
    groupIds: problems.length === 0 ? groupIds : [],
    problem: told(problems),
    ...(problems.length === 0 && { backend: withoutEmpty(backend) }),
  });
}

/** How messages call it. */
export function objectName({ kind }: DiscoveredKind, { namespace, name }: FoundObject): string {
  return `${kind} ${namespace}/${name}`;
}

function told(problems: readonly string[]): string {
  const more = problems.length > SHOWN_PROBLEMS ? [`and ${problems.length - SHOWN_PROBLEMS} more`] : [];
  return [...problems.slice(0, SHOWN_PROBLEMS), ...more].join('; ').slice(0, LONGEST_PROBLEM);
}

/** Settings that nobody gave are absent. */
function withoutEmpty({ probe, tls, ...backend }: Backend): Backend {
  const isGiven = (settings: object) =>
    Object.entries(settings).some(([key, value]) => !key.startsWith('$') && Boolean(value));
  return { ...backend, ...(probe && isGiven(probe) && { probe }), ...(tls && isGiven(tls) && { tls }) };
}

/**
 * How it is started and stopped: only what is in the namespace of the object itself, so that who may label a Service there cannot scale
 * what is elsewhere.
 */
function readScaler(
  { isTrinoCluster }: DiscoveredKind,
  { namespace, name: ownName }: FoundObject,
  own: ReadonlyMap<string, string>,
): Backend_Scaler | string | undefined {
  const given = own.get('scaler')?.trim();
  const replicas = own.get('replicas')?.trim();
  if (given === undefined) return replicas === undefined ? undefined : 'replicas: expected only with scaler';
  const parts = given.split('/');
  const name = parts.pop() ?? '';
  if (given === 'stackable' || (parts.length === 1 && parts[0] === 'stackable')) {
    if (replicas !== undefined) return 'replicas: expected only with a scale subresource';
    if (given === 'stackable' && !isTrinoCluster)
      return 'scaler: expected the name of a TrinoCluster, as stackable/NAME';
    const value = { namespace, name: given === 'stackable' ? ownName : name };
    return create(Backend_ScalerSchema, { kind: { case: 'stackable', value } });
  }
  const kind = parts.pop() ?? '';
  const apiVersion = parts.length === 0 ? 'apps/v1' : parts.join('/');
  if (!/^[A-Z][A-Za-z0-9]{0,62}$/.test(kind) || name === '' || parts.length > 2)
    return 'scaler: expected stackable, Deployment/NAME, StatefulSet/NAME or GROUP/VERSION/KIND/NAME';
  if (replicas !== undefined && !/^[1-9]\d{0,3}$/.test(replicas)) return 'replicas: expected 1 to 9999';
  const value = { apiVersion, kind, namespace, name, replicas: Number(replicas ?? 0) };
  return create(Backend_ScalerSchema, { kind: { case: 'kubernetesScale', value } });
}
