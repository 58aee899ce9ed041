import { create } from '@bufbuild/protobuf';
import { type Transaction, TransactionSchema } from '@trino-gateway/api/gateway';
import { LessThan } from 'typeorm';
import type { Database } from '../connection/database.ts';
import type { Session } from '../connection/session.ts';
import type { TransactionStore } from '../contract/transactions.ts';
import type { TransactionRow } from '../schema/coordinators.ts';
import { TABLES } from '../schema/table-names.ts';
import { forwardedHeadersName, forwardedHeadersOf } from './forwarded-headers.ts';

const rowsOf = ({ manager }: Session) => manager.getRepository<TransactionRow>(TABLES.transactions);

/** Open transactions of clients. */
export function transactionStore(database: Database): TransactionStore {
  return {
    async record(transaction, startedAt) {
      const row = toRow(transaction, startedAt);
      await database.transaction((session) =>
        rowsOf(session).createQueryBuilder().insert().values(row).orIgnore().execute(),
      );
    },
    at: (url) => transactionsAt(database, url),
    async find(id) {
      const row = await database.read((session) => rowsOf(session).findOneBy({ id }));
      return row === null ? undefined : fromRow(row);
    },
    async end(id) {
      await database.transaction((session) => rowsOf(session).delete({ id }));
    },
    async prune(before) {
      await database.transaction((session) => rowsOf(session).delete({ startedAt: LessThan(before.getTime()) }));
    },
  };
}

const MOST_LISTED = 1_000;

async function transactionsAt(database: Database, url: string) {
  const order = { startedAt: 'DESC' } as const;
  const rows = await database.read((session) => rowsOf(session).find({ where: { url }, order, take: MOST_LISTED }));
  return rows.map(({ id, suffix, startedAt }) => ({ id, coordinatorId: suffix, startedAt }));
}

function toRow({ id, backendId, url, coordinatorId, forwardedHeaders }: Transaction, startedAt: Date): TransactionRow {
  return {
    id,
    backendId,
    url,
    suffix: coordinatorId,
    forwardedHeaders: forwardedHeadersName(forwardedHeaders),
    startedAt: startedAt.getTime(),
  };
}

function fromRow({ id, backendId, url, suffix, forwardedHeaders }: TransactionRow): Transaction {
  return create(TransactionSchema, {
    id,
    backendId,
    url,
    coordinatorId: suffix,
    forwardedHeaders: forwardedHeadersOf(forwardedHeaders),
  });
}
