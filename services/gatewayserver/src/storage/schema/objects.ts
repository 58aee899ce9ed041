import { EntitySchema } from 'typeorm';
import type { ColumnTypes } from '../engines/columns.ts';
import { bigColumn, type Columns, idColumn, LENGTHS, primary } from './columns.ts';
import { TABLES } from './table-names.ts';

/** An object an administrator put: the message as JSON, and the settings that have calls of their own. */
export type ObjectRow = { id: string; document: string; enabled: boolean };
export type BackendRow = ObjectRow & { draining: boolean };

/** A version of the routing chain: what lists show of it beside the message as JSON. */
export type ChainRow = {
  version: number;
  storedAt: number;
  managedBy: string;
  rolledBackTo: number | null;
  steps: number;
  document: string;
};

/** Backends, groups, policies and versions of the routing chain. */
export function objectEntities(types: ColumnTypes) {
  const big = bigColumn(types);
  const columns: Columns<ObjectRow> = { id: idColumn(types), document: types.text, enabled: types.flag };
  return [
    new EntitySchema<BackendRow>({ name: TABLES.backends, columns: { ...columns, draining: types.flag } }),
    new EntitySchema<ObjectRow>({ name: TABLES.groups, columns }),
    new EntitySchema<ObjectRow>({ name: TABLES.policies, columns }),
    new EntitySchema<ChainRow>({
      name: TABLES.chains,
      columns: {
        version: primary(big),
        storedAt: { ...big, name: 'stored_at' },
        managedBy: { ...types.name(LENGTHS.address), name: 'managed_by' },
        rolledBackTo: { ...big, name: 'rolled_back_to', nullable: true },
        steps: types.int,
        document: types.text,
      },
    }),
  ];
}
