import { type DescMessage, type MessageShape, toJson } from '@bufbuild/protobuf';
import { stringify } from 'yaml';
import type { Terminal } from '../terminal/terminal.ts';
import { formatTable } from './table.ts';

/** How answers are printed. */
export const FORMATS = ['table', 'json', 'yaml'] as const;
export type Format = (typeof FORMATS)[number];

/** What a list of objects is printed by. */
export type Printable<Desc extends DescMessage = DescMessage> = {
  readonly schema: Desc;
  readonly plural: string;
  /** The columns of its table. */
  readonly heads: readonly string[];
  /** A row of its table. */
  cells(item: MessageShape<Desc>): string[];
};

/** Prints objects: as a table, or under the plural name, which is what `apply` reads. */
export function printList<Desc extends DescMessage>(
  terminal: Terminal,
  format: Format,
  items: readonly MessageShape<Desc>[],
  kind: Printable<Desc>,
): void {
  if (format !== 'table') {
    printValue(terminal, format, { [kind.plural]: items.map((item) => plain(kind.schema, item, format)) });
    return;
  }
  const rows = items.map((item) => kind.cells(item));
  for (const line of formatTable(kind.heads, rows, terminal.columns)) terminal.out(line);
}

/** Prints one object: as a table of its fields, which are never cut, or bare. */
export function printOne<Desc extends DescMessage>(
  terminal: Terminal,
  format: Format,
  schema: Desc,
  item: MessageShape<Desc>,
): void {
  const value = plain(schema, item, format);
  if (format !== 'table') printValue(terminal, format, value);
  else for (const line of formatTable(['FIELD', 'VALUE'], flatten(value), undefined)) terminal.out(line);
}

/** Prints a value as JSON or YAML. */
export function printValue(terminal: Terminal, format: 'json' | 'yaml', value: unknown): void {
  const text = format === 'json' ? JSON.stringify(value, undefined, 2) : stringify(value, { lineWidth: 0 });
  terminal.out(text.trimEnd());
}

/** JSON has the field names of the API, the others those of the configuration file. */
function plain<Desc extends DescMessage>(schema: Desc, item: MessageShape<Desc>, format: Format): unknown {
  return toJson(schema, item, { useProtoFieldName: format !== 'json' });
}

function flatten(value: unknown, path = ''): string[][] {
  if (Array.isArray(value) && value.every((one) => typeof one !== 'object')) return [[path, value.join(', ')]];
  if (typeof value !== 'object' || value === null) return [[path, String(value)]];
  return Object.entries(value).flatMap(([key, inner]) =>
    flatten(inner, Array.isArray(value) ? `${path}[${key}]` : path === '' ? key : `${path}.${key}`),
  );
}
