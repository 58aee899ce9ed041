import { EntitySchema } from 'typeorm';
import type { ColumnTypes } from '../engines/columns.ts';
import { bigColumn, idColumn, LENGTHS, primary } from './columns.ts';
import { TABLES } from './table-names.ts';

/** A drain that is asked about. */
export type DrainRow = {
  backendId: string;
  suffix: string;
  url: string;
  revision: number;
  begunAt: number;
  askedAt: number;
};

/** What a router last told, as JSON. */
export type ReportRow = { routerId: string; number: number; reportedAt: number; document: string };

/** Drains that are asked about, and what routers tell of them. */
export function drainEntities(types: ColumnTypes) {
  const big = bigColumn(types);
  return [
    new EntitySchema<DrainRow>({
      name: TABLES.drains,
      columns: {
        backendId: { ...idColumn(types), name: 'backend_id' },
        suffix: types.name(LENGTHS.suffix),
        url: types.name(LENGTHS.url),
        revision: big,
        begunAt: { ...big, name: 'begun_at' },
        askedAt: { ...big, name: 'asked_at' },
      },
    }),
    new EntitySchema<ReportRow>({
      name: TABLES.reports,
      columns: {
        routerId: { ...primary(types.name(LENGTHS.id)), name: 'router_id' },
        number: big,
        reportedAt: { ...big, name: 'reported_at' },
        document: types.text,
      },
    }),
  ];
}
