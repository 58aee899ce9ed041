import { EntitySchema } from 'typeorm';
import type { ColumnTypes } from '../engines/columns.ts';
import { bigColumn, LENGTHS, primary } from './columns.ts';
import { TABLES } from './table-names.ts';

/** The time of a coordinator from one start to the next. */
export type IncarnationRow = {
  suffix: string;
  url: string;
  backendId: string;
  forwardedHeaders: string;
  firstSeenAt: number;
  lastSeenAt: number;
  /** Backend.Tls as JSON. */
  tls: string | null;
};

/** An open transaction and who holds it. */
export type TransactionRow = {
  id: string;
  backendId: string;
  url: string;
  /** Empty where it was not told. */
  suffix: string;
  forwardedHeaders: string;
  startedAt: number;
};

/** What queries are bound to. */
export function coordinatorEntities(types: ColumnTypes) {
  const { name } = types;
  const time = bigColumn(types);
  const backendId = { ...name(LENGTHS.id), name: 'backend_id' };
  const forwardedHeaders = { ...name(LENGTHS.address), name: 'forwarded_headers' };
  return [
    new EntitySchema<IncarnationRow>({
      name: TABLES.incarnations,
      columns: {
        suffix: primary(name(LENGTHS.suffix)),
        url: primary(name(LENGTHS.url)),
        backendId,
        forwardedHeaders,
        firstSeenAt: { ...time, name: 'first_seen_at' },
        lastSeenAt: { ...time, name: 'last_seen_at' },
        tls: { ...types.text, nullable: true },
      },
    }),
    new EntitySchema<TransactionRow>({
      name: TABLES.transactions,
      columns: {
        id: primary(name(LENGTHS.address)),
        backendId,
        url: name(LENGTHS.url),
        suffix: { ...name(LENGTHS.suffix), default: '' },
        forwardedHeaders,
        startedAt: { ...time, name: 'started_at' },
      },
      indices: [{ name: 'open_transactions_by_time', columns: ['startedAt'] }],
    }),
  ];
}
