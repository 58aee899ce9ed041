import { type DescField, type DescMessage, fromJson, type JsonValue } from '@bufbuild/protobuf';
import { isSecretField } from '@trino-gateway/api/sealed-secret';
import type { Complain } from './sections/complain.ts';

/**
 * Complains about every place where a declared object does not have the shape of its message: unknown fields, wrong
 * kinds of values, unknown enum names, two of a oneof.
 * @returns the object without the fields that were complained about
 */
export function readShape(
  desc: DescMessage,
  value: unknown,
  path: string,
  complain: Complain,
): Record<string, unknown> {
  if (!isObject(value)) {
    complain(path, `expected fields and values, got ${JSON.stringify(value)}`);
    return {};
  }
  const sound: Record<string, unknown> = {};
  for (const [key, given] of Object.entries(value)) {
    const field = desc.fields.find(({ name, jsonName }) => key === name || key === jsonName);
    if (!field) complain(`${path}.${key}`, `unknown field; known are ${writable(desc)}`);
    else if (field.fieldKind === 'message' && isObject(given))
      sound[key] = readShape(field.message, given, `${path}.${key}`, complain);
    else if (field.fieldKind === 'list' && field.listKind === 'message' && Array.isArray(given))
      sound[key] = given.map((entry: unknown, at) =>
        readShape(field.message, entry, `${path}.${key}[${at}]`, complain),
      );
    else if (fits(desc, { [key]: given } as JsonValue) === undefined) sound[key] = given;
    else complain(`${path}.${key}`, `expected ${expectation(field)}, got ${show(field, given)}`);
  }
  const clash = clashIn(desc, sound);
  if (clash !== undefined) complain(path, clash);
  return clash === undefined ? sound : {};
}

/** What is wrong with fields that are right one by one. */
function clashIn(desc: DescMessage, sound: Record<string, unknown>): string | undefined {
  const keys = Object.keys(sound).filter((key) => sound[key] !== null);
  for (const { name, jsonName, oneof } of desc.fields) {
    if (name !== jsonName && keys.includes(name) && keys.includes(jsonName))
      return `expected one of ${name} and ${jsonName}, which are the same field`;
    const chosen = oneof?.fields.filter((one) => keys.includes(one.name) || keys.includes(one.jsonName)) ?? [];
    if (chosen.length > 1) return `expected only one of ${chosen.map((one) => one.name).join(' and ')}`;
  }
  return fits(desc, sound as JsonValue) === undefined ? undefined : 'expected fields and values that fit together';
}

function fits(desc: DescMessage, json: JsonValue): string | undefined {
  try {
    fromJson(desc, json, { ignoreUnknownFields: false });
    return undefined;
  } catch (error) {
    return (error as Error).message;
  }
}

const KINDS: Record<number, string> = { 1: 'a number', 5: 'a whole number', 8: 'true or false', 9: 'text' };

function expectation(field: DescField): string {
  switch (field.fieldKind) {
    case 'enum':
      return field.enum.values
        .filter(({ number }) => number !== 0)
        .map(({ name }) => name)
        .join(', ');
    case 'scalar':
      return KINDS[field.scalar] ?? 'another kind of value';
    case 'list':
      return field.listKind === 'message' ? 'a list of fields and values' : 'a list of texts';
    case 'map':
      return 'names with texts as values';
    case 'message':
      return 'fields and values';
  }
}

function writable(desc: DescMessage): string {
  const outputOnly = ['managed_by', 'condition', 'discovery', 'discovered_backend_ids', 'version', 'stored_at'];
  return desc.fields
    .map(({ name }) => name)
    .filter((name) => !outputOnly.includes(name))
    .join(', ');
}

function show(field: DescField, value: unknown): string {
  return isSecretField(field.name) ? 'a value that is not shown' : JSON.stringify(value);
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
