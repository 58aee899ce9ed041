import { NotUnderstood } from './not-understood.ts';
import type { Name, NamedThing } from './reading.ts';
import { UniqueTexts } from './unique-texts.ts';

/** Catalog and schema of the session, in small letters. */
export type Defaults = { catalog: string | undefined; schema: string | undefined };

/** What a statement names, each once, in the order of the statement. */
export type QualifiedNames = {
  tables: readonly string[];
  catalogs: readonly string[];
  schemas: readonly string[];
  functions: readonly string[];
};

const PARTS = { table: 3, procedure: 3, schema: 2, catalog: 1 } as const;

/** The names with the session's catalog and schema where they say none. Throws NotUnderstood where those are needed and missing. */
export function qualifiedNames(
  named: readonly { what: NamedThing; name: Name }[],
  { catalog, schema }: Defaults,
): QualifiedNames {
  const tables = new UniqueTexts();
  const catalogs = new UniqueTexts();
  const schemas = new UniqueTexts();
  const functions = new UniqueTexts();
  for (const { what, name } of named) {
    if (what === 'tableFunction') {
      functions.add(name.join('.'));
      if (name.length === 3) catalogs.add(name[0] ?? '');
      continue;
    }
    const missing = PARTS[what] - name.length;
    if (missing < 0) throw new NotUnderstood('a name has too many parts');
    const catalogName = missing > 0 ? needed(catalog) : (name[0] ?? '');
    catalogs.add(catalogName);
    if (what === 'catalog') continue;
    const schemaAt = 1 - missing;
    const schemaName = `${catalogName}.${schemaAt < 0 || name[schemaAt] === undefined ? needed(schema) : name[schemaAt]}`;
    schemas.add(schemaName);
    if (what === 'table') tables.add(`${schemaName}.${name.at(-1)}`);
  }
  return { tables: tables.list, catalogs: catalogs.list, schemas: schemas.list, functions: functions.list };
}

function needed(name: string | undefined): string {
  if (name === undefined) throw new NotUnderstood('a name without catalog or schema, and the session has none');
  return name;
}
