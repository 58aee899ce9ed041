import { EntitySchema } from 'typeorm';
import type { ColumnTypes } from '../engines/columns.ts';
import { bigColumn, LENGTHS, primary } from './columns.ts';
import { TABLES } from './table-names.ts';

export type RevisionRow = { name: string; value: number };
export type SecretRow = { name: string; value: string };
export type DutyRow = { name: string; holder: string; heldUntil: number };

/** What replicas share beside objects, queries and slots. */
export function suiteEntities(types: ColumnTypes) {
  const name = primary(types.name(LENGTHS.address));
  return [
    new EntitySchema<RevisionRow>({ name: TABLES.revisions, columns: { name, value: bigColumn(types) } }),
    new EntitySchema<SecretRow>({ name: TABLES.secrets, columns: { name, value: types.text } }),
    new EntitySchema<DutyRow>({
      name: TABLES.duties,
      columns: { name, holder: types.name(LENGTHS.address), heldUntil: { ...bigColumn(types), name: 'held_until' } },
    }),
  ];
}
