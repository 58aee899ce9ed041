import { type DescMessage, type JsonValue, type MessageShape, toJson } from '@bufbuild/protobuf';
import { HIDDEN_SECRET } from '@trino-gateway/api/sealed-secret';
import { withSecrets } from '@trino-gateway/api/secret-fields';

/** A field that differs: its path, and its values as JSON; undefined where there is none. */
export type Difference = { path: string; before?: string; after?: string };

/** What differs between two objects of a kind, in the order of their fields; secrets are hidden. Undefined is no object. */
export function differences<Desc extends DescMessage>(
  schema: Desc,
  before: MessageShape<Desc> | undefined,
  after: MessageShape<Desc> | undefined,
): Difference[] {
  const [olds, news] = [valuesOf(schema, before), valuesOf(schema, after)];
  const paths = [...news.keys(), ...[...olds.keys()].filter((path) => !news.has(path))];
  return paths.flatMap((path) => {
    const [old, value] = [olds.get(path), news.get(path)];
    if (old === value) return [];
    return [{ path, ...(old !== undefined && { before: old }), ...(value !== undefined && { after: value }) }];
  });
}

/** A difference in one line. */
export function describeDifference({ path, before, after }: Difference): string {
  if (before === undefined) return `+ ${path}: ${after}`;
  return after === undefined ? `- ${path}: ${before}` : `~ ${path}: ${before} -> ${after}`;
}

function valuesOf<Desc extends DescMessage>(
  schema: Desc,
  message: MessageShape<Desc> | undefined,
): ReadonlyMap<string, string> {
  const values = new Map<string, string>();
  if (message === undefined) return values;
  const shown = withSecrets(schema, message, () => HIDDEN_SECRET);
  collect(toJson(schema, shown, { useProtoFieldName: true }), '', values);
  return values;
}

/** Values by their paths; a list of plain values is one. */
function collect(value: JsonValue, path: string, values: Map<string, string>): void {
  const isPlain = (one: JsonValue) => typeof one !== 'object' || one === null;
  if (Array.isArray(value) && !value.every(isPlain))
    value.forEach((entry, at) => {
      collect(entry, `${path}[${keyOf(entry) ?? at}]`, values);
    });
  else if (Array.isArray(value) || isPlain(value)) values.set(path, JSON.stringify(value));
  // An empty object says something, too.
  else if (Object.keys(value as object).length === 0) values.set(path, '{}');
  else
    for (const [name, inner] of Object.entries(value as object))
      collect(inner as JsonValue, path === '' ? name : `${path}.${name}`, values);
}

/** Entries of a list go by their ids where they have some. */
function keyOf(entry: JsonValue): string | undefined {
  const id = typeof entry === 'object' && entry !== null && !Array.isArray(entry) ? entry.id : undefined;
  return typeof id === 'string' && id !== '' ? id : undefined;
}
