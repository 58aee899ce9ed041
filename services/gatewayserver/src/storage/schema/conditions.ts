import { EntitySchema } from 'typeorm';
import type { ColumnTypes } from '../engines/columns.ts';
import { bigColumn, idColumn, LENGTHS, primary } from './columns.ts';
import { TABLES } from './table-names.ts';

/** What the monitor found out about a backend, and when: its status, or what its schedule says. */
export type FindingRow = { backendId: string; document: string; observedAt: number };
/** What a router saw of its connections to a backend, as JSON. */
export type ConnectionRow = {
  backendId: string;
  routerId: string;
  number: number;
  reportedAt: number;
  document: string;
};
export type OverrideRow = { backendId: string; document: string };

/** What is known about backends: one table per source. */
export function conditionEntities(types: ColumnTypes) {
  const override = { backendId: { ...idColumn(types), name: 'backend_id' }, document: types.text };
  const finding = { ...override, observedAt: { ...bigColumn(types), name: 'observed_at' } };
  return [
    new EntitySchema<FindingRow>({ name: TABLES.statuses, columns: finding }),
    new EntitySchema<FindingRow>({ name: TABLES.schedules, columns: finding }),
    new EntitySchema<OverrideRow>({ name: TABLES.overrides, columns: override }),
    new EntitySchema<ConnectionRow>({
      name: TABLES.connections,
      columns: {
        ...override,
        routerId: { ...primary(types.name(LENGTHS.id)), name: 'router_id' },
        number: bigColumn(types),
        reportedAt: { ...bigColumn(types), name: 'reported_at' },
      },
    }),
  ];
}
