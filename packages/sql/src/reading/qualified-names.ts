import { NotUnderstood } from './not-understood.ts';
import type { Name, NamedThing } from './reading.ts';

/** Catalog and schema of the session, in small letters. */
export type Defaults = { catalog: string | undefined; schema: string | undefined };

/** What a statement names, each once, in the order of the statement. */
export type QualifiedNames = { tables: string[]; catalogs: string[]; schemas: string[]; functions: string[] };

/** The names with the session's catalog and schema where they say none. Throws NotUnderstood where those are needed and missing. */
export function qualifiedNames(named: readonly { what: NamedThing; name: Name }[], defaults: Defaults): QualifiedNames {
  const tables = new Set<string>();
  const catalogs = new Set<string>();
  const schemas = new Set<string>();
  const functions = new Set<string>();
  for (const { what, name } of named) {
    if (what === 'tableFunction') {
      functions.add(text(name));
      if (name.length === 3) catalogs.add(text(name.slice(0, 1)));
      continue;
    }
    const whole = qualified(name, PARTS[what], defaults);
    catalogs.add(text(whole.slice(0, 1)));
    if (whole.length > 1) schemas.add(text(whole.slice(0, 2)));
    if (what === 'table') tables.add(text(whole));
  }
  return { tables: [...tables], catalogs: [...catalogs], schemas: [...schemas], functions: [...functions] };
}

const PARTS = { table: 3, procedure: 3, schema: 2, catalog: 1 } as const;

function qualified(name: Name, parts: number, { catalog, schema }: Defaults): Name {
  if (name.length > parts) throw new NotUnderstood('a name has too many parts');
  const missing = [catalog, schema].slice(0, parts - name.length);
  return [
    ...missing.map((one) => {
      if (one === undefined) throw new NotUnderstood('a name without catalog or schema, and the session has none');
      return one;
    }),
    ...name,
  ];
}

/** Parts that would read like several are in quotes. */
function text(name: Name): string {
  return name.map((part) => (/[."]/.test(part) ? `"${part.replaceAll('"', '""')}"` : part)).join('.');
}
