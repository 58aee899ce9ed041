import { create } from '@bufbuild/protobuf';
import { type Transaction, TransactionSchema } from '@trino-gateway/api/gateway';
import { LessThan } from 'typeorm';
import type { Database } from '../connection/database.ts';
import type { Session } from '../connection/session.ts';
import { TABLES, type TransactionRow } from '../schema/entities.ts';
import { forwardedHeadersName, forwardedHeadersOf } from './forwarded-headers.ts';

const rowsOf = ({ manager }: Session) => manager.getRepository<TransactionRow>(TABLES.transactions);

/** See Store.recordTransaction. */
export async function recordTransaction(database: Database, transaction: Transaction, startedAt: Date): Promise<void> {
  const { id, backendId, url } = transaction;
  const forwardedHeaders = forwardedHeadersName(transaction.forwardedHeaders);
  const row: TransactionRow = { id, backendId, url, forwardedHeaders, startedAt: startedAt.getTime() };
  await database.transaction((session) =>
    rowsOf(session).createQueryBuilder().insert().values(row).orIgnore().execute(),
  );
}

/** See Store.findTransaction. */
export async function findTransaction(database: Database, id: string): Promise<Transaction | undefined> {
  const row = await database.read((session) => rowsOf(session).findOneBy({ id }));
  if (row === null) return undefined;
  const { backendId, url, forwardedHeaders } = row;
  return create(TransactionSchema, { id, backendId, url, forwardedHeaders: forwardedHeadersOf(forwardedHeaders) });
}

/** See Store.endTransaction. */
export async function endTransaction(database: Database, id: string): Promise<void> {
  await database.transaction((session) => rowsOf(session).delete({ id }));
}

/** See Store.pruneTransactions. */
export async function pruneTransactions(database: Database, before: Date): Promise<void> {
  await database.transaction((session) => rowsOf(session).delete({ startedAt: LessThan(before.getTime()) }));
}
