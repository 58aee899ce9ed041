import { firstHeader, type RawHeaders } from '@trino-gateway/trino';
import { LRUCache } from 'lru-cache';
import type { Owner } from './ownership.ts';

/** Which coordinator holds an open transaction: only it knows the transaction, whatever the policies say. */
export type Transactions = {
  /** The holder, when the transaction passed through this router and was used within the last half hour. */
  holder(transactionId: string): Owner | undefined;
  /** A statement of this transaction was handed over as this query: its pages may end the transaction. */
  joined(queryId: string, transactionId: string): void;
  /** Reads the head of a page about to be passed on: a transaction it starts is known before the client can use it. */
  observe(queryId: string, answerHeaders: RawHeaders, owner: Owner): void;
  size(): number;
};

// Trino ends an idle transaction after five minutes (transaction.idle-timeout), operators may allow more.
const IDLE_MS = 1_800_000;
const MOST = 100_000;

/** No open transactions. */
export function createTransactions(idleMs = IDLE_MS): Transactions {
  const holders = new LRUCache<string, Owner>({ max: MOST, ttl: idleMs, updateAgeOnGet: true });
  const byQuery = new LRUCache<string, string>({ max: MOST, ttl: idleMs });
  return {
    holder: (transactionId) => holders.get(transactionId),
    joined: (queryId, transactionId) => void byQuery.set(queryId, transactionId),
    observe: (queryId, answerHeaders, owner) => {
      const started = firstHeader(answerHeaders, 'x-trino-started-transaction-id')?.trim().toLowerCase();
      if (started) holders.set(started, owner);
      if (firstHeader(answerHeaders, 'x-trino-clear-transaction-id')?.trim().toLowerCase() !== 'true') return;
      const cleared = byQuery.get(queryId);
      if (cleared !== undefined) holders.delete(cleared);
    },
    size: () => holders.size,
  };
}
