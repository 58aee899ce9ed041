import { type DescField, type DescMessage, type DescMethod, ScalarType } from '@bufbuild/protobuf';
import { CALLS, type Message, nameOf } from './contract-calls.ts';

/** A request with one thing wrong. */
export type BadRequest = {
  /** The field that the refusal must name, as the contract spells it. */
  field: string;
  /** The top-level field of the request that it is in. */
  top: DescField;
  request: Message;
};

/** Longer than any text field that has a limit of its own. */
const TOO_LONG = 'x'.repeat(20_000);
/** Known to grow with the database or the statement: bounded by the size of a request only, or cut. */
const UNLIMITED = new Set(['statement', 'status.reason']);
/** What clients may send, and no call reads. */
const OUTPUT_ONLY = new Set(['managed_by', 'condition', 'discovery', 'discovered_backend_ids']);

/** The request of each field that is given a value of another type. */
export function wrongTypes(rpc: DescMethod): BadRequest[] {
  return eachField(rpc, ({ path, field, json, top }) =>
    wrongValues(field).map(([at, value]) => ({
      field: path + at,
      top,
      request: withValue(requestOf(rpc), rpc.input, json, value),
    })),
  );
}

/** The request of each text field that is given too much of it. */
export function tooLong(rpc: DescMethod): BadRequest[] {
  return eachField(rpc, ({ path, field, json, top }) => {
    const skipped = UNLIMITED.has(path) || OUTPUT_ONLY.has(field.name);
    if (field.fieldKind !== 'scalar' || field.scalar !== ScalarType.STRING || skipped) return [];
    return [{ field: path, top, request: withValue(requestOf(rpc), rpc.input, json, TOO_LONG) }];
  });
}

/** The request without each of the fields that it cannot do without. */
export function missing(rpc: DescMethod): BadRequest[] {
  return (CALLS[nameOf(rpc)]?.needs ?? []).flatMap((path) => {
    const json = path.split('.').map((name) => name.replaceAll(/_(\w)/g, (_, letter: string) => letter.toUpperCase()));
    const top = rpc.input.fields.find(({ jsonName }) => jsonName === json[0]);
    return top ? [{ field: path, top, request: withValue(requestOf(rpc), rpc.input, json, undefined) }] : [];
  });
}

type FieldPlace = { path: string; json: readonly string[]; field: DescField; top: DescField };

function eachField(rpc: DescMethod, make: (place: FieldPlace) => BadRequest[]): BadRequest[] {
  const visit = (message: DescMessage, above: readonly DescField[]): BadRequest[] =>
    message.fields.flatMap((field) => {
      const fields = [...above, field];
      const path = fields.map(({ name }) => name).join('.');
      const place = { path, json: fields.map(({ jsonName }) => jsonName), field, top: fields[0] ?? field };
      const inner = field.fieldKind === 'message' && !isTime(field) && !OUTPUT_ONLY.has(field.name);
      return [...make(place), ...(inner ? visit(field.message, fields) : [])];
    });
  return visit(rpc.input, []);
}

/** Values of another type, and where in the field the refusal sees them. */
function wrongValues(field: DescField): [at: string, value: unknown][] {
  switch (field.fieldKind) {
    case 'message':
      return [['', isTime(field) ? 'yesterday' : 5]];
    case 'enum':
      return [['', 'NO_SUCH_VALUE']];
    case 'map':
      return [['', 5]];
    case 'list':
      return [['', 5], field.listKind === 'message' ? ['[0]', [5]] : ['', [5]]];
    case 'scalar':
      return [['', field.scalar === ScalarType.STRING ? 5 : 'x']];
  }
}

function isTime(field: DescField): boolean {
  return field.message?.typeName === 'google.protobuf.Timestamp';
}

function requestOf(rpc: DescMethod): Message {
  return structuredClone(CALLS[nameOf(rpc)]?.request ?? {});
}

/** Sets a field (undefined removes it), and takes away those that exclude it. */
function withValue(message: Message, schema: DescMessage, path: readonly string[], value: unknown): Message {
  const [name = '', ...inner] = path;
  const field = schema.fields.find(({ jsonName }) => jsonName === name);
  for (const other of field?.oneof?.fields ?? []) if (other !== field) delete message[other.jsonName];
  if (inner.length > 0 && field?.message)
    message[name] = withValue({ ...(message[name] as Message) }, field.message, inner, value);
  else if (value === undefined) delete message[name];
  else message[name] = value;
  return message;
}
