import { type DescEnum, type DescField, type DescMessage, ScalarType } from '@bufbuild/protobuf';
import { commentOf } from './comments.ts';
import type { Json } from './json.ts';

const PACKAGE = 'trinogateway.v1.';
const TIMESTAMP: Json = { type: 'string', format: 'date-time', examples: ['2026-11-21T08:08:08Z'] };

/** Schemas of messages and enums, each named once. */
export class MessageSchemas {
  readonly #named = new Map<string, Json>();

  /** A reference to a message or enum; what it refers to is among `all()`. */
  ref(desc: DescMessage | DescEnum): Json {
    if (desc.typeName === 'google.protobuf.Timestamp') return TIMESTAMP;
    if (!desc.typeName.startsWith(PACKAGE)) throw new Error(`${desc.typeName} has no schema yet: add it`);
    const name = desc.typeName.slice(PACKAGE.length);
    if (!this.#named.has(name)) {
      this.#named.set(name, {}); // it may contain itself
      this.#named.set(name, desc.kind === 'enum' ? enumSchema(desc) : this.message(desc));
    }
    return { $ref: `#/components/schemas/${name}` };
  }

  /** An object without some of its fields. */
  message(message: DescMessage, without: readonly string[] = []): Json {
    const fields = message.fields.filter(({ name }) => !without.includes(name));
    const choices = message.oneofs.map((oneof) => ({
      note: commentOf(oneof),
      names: oneof.fields.map(({ jsonName }) => jsonName),
    }));
    return {
      ...described(commentOf(message)),
      type: 'object',
      properties: Object.fromEntries(fields.map((field) => [field.jsonName, this.field(field)])),
      additionalProperties: false,
      ...(choices.length > 0 && { allOf: choices.map(({ note, names }) => choice(names, note)) }),
    };
  }

  /** One field, with its comment. */
  field(field: DescField): Json {
    const comment = commentOf(field);
    const outputOnly = comment.startsWith('Output only') && { readOnly: true };
    return { ...this.#type(field), ...described(comment), ...outputOnly };
  }

  /** All that was referred to, by name. */
  all(): Json {
    return Object.fromEntries([...this.#named].toSorted(([one], [other]) => (one < other ? -1 : 1)));
  }

  #type(field: DescField): Json {
    switch (field.fieldKind) {
      case 'scalar':
        return scalarSchema(field.scalar);
      case 'enum':
        return this.ref(field.enum);
      case 'message':
        return this.ref(field.message);
      case 'list':
        return { type: 'array', items: this.#item(field) };
      case 'map':
        return { type: 'object', additionalProperties: this.#item(field) };
    }
  }

  #item({ scalar, enum: values, message }: DescField): Json {
    const named = message ?? values;
    return named ? this.ref(named) : scalarSchema(scalar ?? ScalarType.STRING);
  }
}

/** At most one of them; exactly one when the comment says that it is required. */
function choice(names: readonly string[], note: string): Json {
  const given = names.map((name) => ({ required: [name] }));
  const none = /required/.test(note) ? [] : [{ not: { anyOf: given } }];
  return { ...described(note && `${names.join(', ')}: ${note}`), oneOf: [...given, ...none] };
}

/** The value that means "not given" is neither answered nor needed. */
function enumSchema(desc: DescEnum): Json {
  const values = desc.values.filter(({ number }) => number !== 0);
  const notes = values.map((value) => [value.name, commentOf(value)]).filter(([, note]) => note !== '');
  const list = notes.map(([name, note]) => `- ${name}: ${note}`).join('\n');
  const text = [commentOf(desc), list].filter((part) => part !== '').join('\n\n');
  return { ...described(text), type: 'string', enum: values.map(({ name }) => name) };
}

function scalarSchema(type: ScalarType): Json {
  switch (type) {
    case ScalarType.STRING:
      return { type: 'string' };
    case ScalarType.BOOL:
      return { type: 'boolean' };
    case ScalarType.BYTES:
      return { type: 'string', contentEncoding: 'base64' };
    case ScalarType.DOUBLE:
      return { type: 'number', format: 'double' };
    case ScalarType.INT32:
      return { type: 'integer', format: 'int32', minimum: -(2 ** 31), maximum: 2 ** 31 - 1 };
    case ScalarType.INT64:
      return { type: 'string', format: 'int64', pattern: '^-?[0-9]{1,19}$' };
    default:
      throw new Error(`${ScalarType[type]} has no schema yet: add it`);
  }
}

function described(description: string): Json {
  return description === '' ? {} : { description };
}
