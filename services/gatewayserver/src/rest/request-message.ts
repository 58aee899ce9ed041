import type { DescField, DescMessage, JsonObject, JsonValue } from '@bufbuild/protobuf';
import { ScalarType } from '@bufbuild/protobuf';
import { type HttpRoute, queryFields } from '@trino-gateway/api/http-routes';
import type { Problem } from '@trino-gateway/api/validation';
import { refuseProblems } from '../configuration/validation.ts';
import { isJsonObject } from '../http/is-json-object.ts';

/** What a REST request says, apart from its method. */
export type RestInput = {
  /** In the order of the route's path fields. */
  pathValues: readonly string[];
  query: URLSearchParams;
  /** Absent when the body is empty. */
  body: JsonObject | undefined;
};

/**
 * The request message, as the JSON of a call of the RPC. Types are checked by its decoder: in the JSON of a message, numbers, enums
 * and times may all be text. @throws ConnectError INVALID_ARGUMENT naming the parameters
 */
export function requestMessage(route: HttpRoute, { pathValues, query, body }: RestInput): JsonObject {
  const problems: Problem[] = [];
  let message: JsonObject = {};
  if (route.body === '*') message = { ...body };
  else if (route.body !== '' && body) message[route.body] = { ...body };
  else if (body && Object.keys(body).length > 0) problems.push({ field: 'body', message: 'expected none' });
  route.pathFields.forEach((field, index) => {
    problems.push(...putPathValue(route.rpc.input, message, field, pathValues[index] ?? ''));
  });
  problems.push(...putQuery(route, message, query));
  refuseProblems(problems);
  return message;
}

function putPathValue(schema: DescMessage, message: JsonObject, path: string, value: string): Problem[] {
  const [name = '', ...inner] = path.split('.');
  const field = schema.fields.find((one) => one.name === name);
  if (!field) return [{ field: path, message: 'unknown field' }];
  const key = Object.hasOwn(message, field.jsonName) ? field.jsonName : name;
  const given = message[key] ?? undefined;
  if (inner.length > 0 && field.message) {
    const nested = isJsonObject(given) ? given : {};
    message[key] = nested;
    return putPathValue(field.message, nested, inner.join('.'), value).map((problem) => ({ ...problem, field: path }));
  }
  message[key] = value;
  return given === undefined || given === value
    ? []
    : [{ field: path, message: `expected nothing or ${shown(value)} as in the path, got ${shown(given)}` }];
}

function putQuery(route: HttpRoute, message: JsonObject, query: URLSearchParams): Problem[] {
  const fields = queryFields(route);
  const given = new Map<DescField, string[]>();
  const problems: Problem[] = [];
  for (const [name, value] of query) {
    const field = fields.find((one) => one.name === name || one.jsonName === name);
    if (field) given.set(field, [...(given.get(field) ?? []), value]);
    else problems.push({ field: name.slice(0, 80), message: 'unknown query parameter' });
  }
  for (const [field, values] of given) {
    if (field.fieldKind === 'list') message[field.name] = values.map((value) => jsonOf(field, value));
    else if (values.length > 1) problems.push({ field: field.name, message: 'expected once' });
    else message[field.name] = jsonOf(field, values[0] ?? '');
  }
  return problems;
}

/** Only a boolean cannot be text in JSON. */
function jsonOf(field: DescField, value: string): JsonValue {
  const isBoolean = field.scalar === ScalarType.BOOL && (value === 'true' || value === 'false');
  return isBoolean ? value === 'true' : value;
}

function shown(value: JsonValue): string {
  if (typeof value === 'object' && value !== null) return Array.isArray(value) ? 'a list' : 'an object';
  const text = JSON.stringify(value);
  return text.length > 80 ? `${text.slice(0, 80)}…` : text;
}
