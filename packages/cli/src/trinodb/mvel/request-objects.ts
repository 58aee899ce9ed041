import { ALWAYS, all, atom, quoted } from '../cel/condition.ts';
import { compared, type Text } from '../cel/text.ts';
import { UntranslatableError } from './syntax.ts';
import { asLiteral, type Value } from './value.ts';

/** What rules call the things they look at. */
const OBJECTS: Readonly<Record<string, Readonly<Record<string, (args: readonly Value[]) => Value>>>> = {
  request: {
    header: ([name]) => ({ is: 'text', text: header(asLiteral(name)) }),
    remoteAddr: () => textOf('client_ip'),
    localPort: () => ({ is: 'number', cel: 'listening_port' }),
    method: () => ({ is: 'literal', value: 'POST' }), // of new queries, the only ones that are routed here
  },
  trinoQueryProperties: {
    body: () => textOf('statement'),
    queryType: () => textOf('statement_class'),
    resourceGroupQueryType: () => textOf('kind'),
    defaultCatalog: () => optionalOf('catalog'),
    defaultSchema: () => optionalOf('schema'),
    catalogs: () => setOf('catalogs'),
    schemas: () => ({
      is: 'texts',
      cel: 'schemas',
      holds: (schema) => atom(`schemas.exists(s, s.endsWith(${quoted(`.${schema}`)}))`),
    }),
    catalogSchemas: () => setOf('schemas'),
    tables: () => setOf('tables'),
    tablesContains: ([name]) => ({
      is: 'condition',
      condition: atom(`${quoted(tableName(asLiteral(name)))} in tables`),
    }),
    isNewQuerySubmission: () => ({ is: 'condition', condition: ALWAYS }),
    isQueryParsingSuccessful: () => ({ is: 'condition', condition: atom('kind != "UNKNOWN"') }),
  },
  trinoRequestUser: {
    user: () => optionalOf('user'),
    userExistsAndEquals: ([name]) => ({
      is: 'condition',
      condition: compared({ cel: 'user', orEmpty: 'user' }, 'equals', asLiteral(name)),
    }),
  },
};

/** Headers for which rules have a name of their own. */
const NAMED_HEADERS: Readonly<Record<string, Pick<Text, 'orEmpty' | 'entries'>>> = {
  'x-trino-source': { orEmpty: 'source' },
  'x-trino-client-info': { orEmpty: 'client_info' },
  'x-trino-catalog': { orEmpty: 'catalog' },
  'x-trino-schema': { orEmpty: 'schema' },
  'x-trino-client-tags': { entries: 'client_tags' },
};

export const OBJECT_NAMES = ['state', 'result', ...Object.keys(OBJECTS)];

/** A property of one of the objects that rules look at. @throws UntranslatableError when it has no counterpart */
export function propertyOf(object: string, property: string, args: readonly Value[]): Value {
  const properties = (Object.hasOwn(OBJECTS, object) && OBJECTS[object]) || {};
  const found = Object.hasOwn(properties, property) ? properties[property] : undefined;
  if (found === undefined) throw new UntranslatableError(`${object} has no ${property} that is known here`);
  return found(args);
}

/** The name of a table in parts, as rules write it: `catalog.schema.table`, parts with dots in double quotes. */
export function tableName(text: string): string {
  return text.replace(/"((?:[^"\\]|\\.)*)"/g, (_, part: string) => part);
}

function header(name: string): Text {
  const key = name.toLowerCase();
  if (!/^[a-z0-9!#$%&'*+.^_`|~-]+$/.test(key)) throw new UntranslatableError(`${JSON.stringify(name)} is no header`);
  if (key === 'authorization' || key === 'cookie') throw new UntranslatableError(`rules do not see ${name} here`);
  const named = Object.hasOwn(NAMED_HEADERS, key) ? NAMED_HEADERS[key] : undefined;
  return { cel: `headers[${quoted(key)}]`, present: all(atom(`${quoted(key)} in headers`)), ...named };
}

function textOf(cel: string): Value {
  return { is: 'text', text: { cel } };
}

function optionalOf(name: string): Value {
  return { is: 'optional', text: { cel: name, orEmpty: name, present: atom(`${name} != ""`) } };
}

function setOf(cel: string): Value {
  return { is: 'texts', cel, holds: (wanted) => atom(`${quoted(wanted)} in ${cel}`) };
}
