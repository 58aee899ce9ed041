import { create, type DescField, type JsonObject, toJson } from '@bufbuild/protobuf';
import { type ReflectList, type ReflectMessage, reflect } from '@bufbuild/protobuf/reflect';
import {
  type RoutingChain,
  type RoutingChainChange,
  RoutingChainChangeSchema,
  RoutingChainSchema,
} from '@trino-gateway/api/gateway';
import { HIDDEN_SECRET } from '@trino-gateway/api/sealed-secret';
import { withSecrets } from '@trino-gateway/api/secret-fields';

/** What counts for no difference: it says of a version which one it is. */
const ABOUT_VERSIONS = ['version', 'stored_at', 'managed_by'];

/** A difference before it is told: undefined where there is nothing. */
type Found = (path: string, before: unknown, after: unknown) => void;

/** What changed from one chain to another, in the order of the fields; secrets are hidden. */
export function chainChanges(before: RoutingChain, after: RoutingChain): RoutingChainChange[] {
  const changes: RoutingChainChange[] = [];
  const told = (value: unknown) => (value === undefined ? '' : JSON.stringify(value));
  const found: Found = (path, one, other) =>
    changes.push(create(RoutingChainChangeSchema, { path, before: told(one), after: told(other) }));
  compareMessages(reflect(RoutingChainSchema, before), reflect(RoutingChainSchema, after), '', found);
  return changes;
}

function compareMessages(before: ReflectMessage, after: ReflectMessage, path: string, found: Found): void {
  for (const field of before.fields) {
    if (path === '' && ABOUT_VERSIONS.includes(field.name)) continue;
    const [one, other] = [before.isSet(field), after.isSet(field)];
    if (!one && !other) continue;
    // A step has one kind, so what its settings say reads well without the name of it.
    const here = field.oneof && one && other ? path : joined(path, field.name);
    if (field.fieldKind === 'message' && one && other)
      compareMessages(before.get(field), after.get(field), here, found);
    else if (field.fieldKind === 'list' && field.listKind === 'message')
      compareLists(before.get(field), after.get(field), here, found);
    else compareValues(field, before, after, here, found);
  }
}

/** Values that are compared as a whole. */
function compareValues(
  field: DescField,
  before: ReflectMessage,
  after: ReflectMessage,
  path: string,
  found: Found,
): void {
  const [one, other] = [alone(before, field), alone(after, field)];
  if (JSON.stringify(jsonOf(one)) === JSON.stringify(jsonOf(other))) return;
  found(path, shown(one)[field.name], shown(other)[field.name]);
}

function compareLists(before: ReflectList, after: ReflectList, path: string, found: Found): void {
  const [olds, news] = [keyed(before), keyed(after)];
  for (const [key, old] of olds) {
    const entry = news.get(key);
    if (entry) compareMessages(old, entry, `${path}[${key}]`, found);
    else found(`${path}[${key}]`, shown(old), undefined);
  }
  for (const [key, entry] of news) if (!olds.has(key)) found(`${path}[${key}]`, undefined, shown(entry));
  const order = (some: Map<string, ReflectMessage>, others: Map<string, ReflectMessage>) =>
    [...some.keys()].filter((key) => others.has(key));
  const [was, is] = [order(olds, news), order(news, olds)];
  if (was.join() !== is.join()) found(`${path}.order`, was, is);
}

/** Entries by their ids, or else by their positions. */
function keyed(list: ReflectList): Map<string, ReflectMessage> {
  const entries = [...list] as ReflectMessage[];
  return new Map(
    entries.map((entry, at) => {
      const id = entry.desc.field.id;
      return [(id && String(entry.get(id))) || String(at), entry];
    }),
  );
}

/** A message with this field of another one, and no other. */
function alone(message: ReflectMessage, field: DescField): ReflectMessage {
  const copy = reflect(message.desc);
  if (message.isSet(field)) copy.set(field, message.get(field));
  return copy;
}

function shown({ desc, message }: ReflectMessage): JsonObject {
  return jsonOf(
    reflect(
      desc,
      withSecrets(desc, message, () => HIDDEN_SECRET),
    ),
  );
}

function jsonOf({ desc, message }: ReflectMessage): JsonObject {
  return toJson(desc, message, { useProtoFieldName: true }) as JsonObject;
}

function joined(path: string, name: string): string {
  return path === '' ? name : `${path}.${name}`;
}
