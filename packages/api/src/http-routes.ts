import type { DescField, DescMethod } from '@bufbuild/protobuf';
import type { HttpRule } from './gen/google/api/http_pb.ts';

export type { HttpRule };

/** An HTTP method that a google.api.http option can name. */
export type Verb = 'GET' | 'PUT' | 'POST' | 'DELETE' | 'PATCH';

/** How one RPC is reached as REST. */
export type HttpRoute = {
  rpc: DescMethod;
  verb: Verb;
  /** As the option says it: `/api/v1/backends/{backend.id}`. */
  template: string;
  /** Matches a path that is not decoded; group n is the value of path field n. */
  pattern: RegExp;
  /** The fields of the request that the path gives, as the contract spells them: `backend.id`. */
  pathFields: readonly string[];
  /** The field of the request that the body is; `*` is the whole request, empty is no body. */
  body: string;
};

/** The path segment that stands for a field. */
export const PATH_FIELD = /\{([\w.]+)\}/g;

const VERBS: Readonly<Record<string, Verb>> = {
  get: 'GET',
  put: 'PUT',
  post: 'POST',
  delete: 'DELETE',
  patch: 'PATCH',
};

/** Reads the option of one RPC. @throws Error when it names no method and path, or uses what is not understood here */
export function httpRoute(rpc: DescMethod, rule: HttpRule): HttpRoute {
  const { case: name, value: template = '' } = rule.pattern;
  const verb = VERBS[name ?? ''];
  const rest = template.replaceAll(PATH_FIELD, '');
  if (!verb || !template.startsWith('/') || /[{}*]/.test(rest) || rule.additionalBindings.length > 0)
    throw new Error(`${rpc.parent.typeName}/${rpc.name}: google.api.http is not understood: ${name} ${template}`);
  // A verb such as ":enable" is not part of an id, so a colon ends the value.
  const source = template.replaceAll(/[.*+?^$()|[\]\\]/g, '\\$&').replaceAll(/\{[^}]*\}/g, '([^/:]+)');
  return {
    rpc,
    verb,
    template,
    pattern: new RegExp(`^${source}$`),
    pathFields: [...template.matchAll(PATH_FIELD)].map(([, field = '']) => field),
    body: rule.body,
  };
}

/** The fields that the query may give: those which neither the path nor the body does. */
export function queryFields({ rpc, body, pathFields }: HttpRoute): DescField[] {
  if (body === '*') return [];
  const taken = new Set([body, ...pathFields.map((path) => path.split('.')[0])]);
  return rpc.input.fields.filter(({ name }) => !taken.has(name));
}
