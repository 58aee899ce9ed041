import { EntitySchema } from 'typeorm';
import type { ColumnTypes } from '../engines/columns.ts';
import { bigColumn, idColumn, LENGTHS, primary } from './columns.ts';
import { TABLES } from './table-names.ts';

/** A lease, a waiter or a hold as JSON; empty text once it is over. */
export type AdmissionRow = { kind: string; id: string; version: number; changedAt: number; document: string };
/** A sealed statement or answer of a waiter, in base64. */
export type SealedRow = { id: string; part: string; createdAt: number; sealed: string };

/** Leases, waiters and holds, and the encrypted texts of those who wait. */
export function admissionEntities(types: ColumnTypes) {
  const id = idColumn(types);
  const time = bigColumn(types);
  return [
    new EntitySchema<AdmissionRow>({
      name: TABLES.admission,
      columns: {
        kind: primary(types.name(LENGTHS.suffix)),
        id,
        version: time,
        changedAt: { ...time, name: 'changed_at' },
        document: types.text,
      },
      indices: [{ name: 'admission_entries_by_version', columns: ['version'] }],
    }),
    new EntitySchema<SealedRow>({
      name: TABLES.sealed,
      columns: {
        id,
        part: primary(types.name(LENGTHS.address)),
        createdAt: { ...time, name: 'created_at' },
        sealed: types.text,
      },
    }),
  ];
}
