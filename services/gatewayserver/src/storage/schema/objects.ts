import { EntitySchema } from 'typeorm';
import type { ColumnTypes } from '../engines/columns.ts';
import { type Columns, idColumn } from './columns.ts';
import { TABLES } from './table-names.ts';

/** An object an administrator put: the message as JSON, and the settings that have calls of their own. */
export type ObjectRow = { id: string; document: string; enabled: boolean };
export type BackendRow = ObjectRow & { draining: boolean };

/** Backends, groups and policies. */
export function objectEntities(types: ColumnTypes) {
  const columns: Columns<ObjectRow> = { id: idColumn(types), document: types.text, enabled: types.flag };
  return [
    new EntitySchema<BackendRow>({ name: TABLES.backends, columns: { ...columns, draining: types.flag } }),
    new EntitySchema<ObjectRow>({ name: TABLES.groups, columns }),
    new EntitySchema<ObjectRow>({ name: TABLES.policies, columns }),
  ];
}
