import type { Logger } from '@trino-gateway/runtime';
import { coordinatorSuffix, firstHeader, isTransactionId, type RawHeaders } from '@trino-gateway/trino';
import { LRUCache } from 'lru-cache';
import type { Coordinator } from './coordinator.ts';

/** Which coordinator holds an open transaction: only it knows the transaction, whatever the policies say. */
export type Transactions = {
  /**
   * The holder, also of a transaction opened at another router; undefined when it ended or never existed.
   * @throws GatewayUnavailableError when this router does not know it and no gatewayserver answers
   */
  holder(transactionId: string, signal: AbortSignal): Promise<Coordinator | undefined>;
  /** A statement of this transaction was handed over as this query: its pages may end the transaction. */
  joined(queryId: string, transactionId: string): void;
  /**
   * Reads the head of a page before it is passed on. The returned promise, if any, must be awaited first: a transaction that the page
   * starts is then stored before the client learns its id, and any router can serve the next statement.
   */
  observe(queryId: string, answerHeaders: RawHeaders, coordinator: Coordinator): Promise<void> | undefined;
  /** Those of a backend that were used here in the last minutes, at most 100. */
  usedAt(backendId: string): string[];
};

// Trino ends an idle transaction after five minutes (transaction.idle-timeout), operators may allow more.
const IDLE_MS = 1_800_000;
const MOST = 100_000;
/** As long as Trino keeps an idle one by default (transaction.idle-timeout). */
const LATELY_MS = 300_000;
const MOST_TOLD = 100;

/** Where open transactions are stored for all routers. */
export type TransactionStore = {
  /**
   * Stores the holder of a transaction just opened, and the suffix of that incarnation; resolves when stored or after 2 s, and is reported until it is stored. Answers the
   * holder: the first that was reported.
   */
  recordTransaction(id: string, coordinator: Coordinator, suffix: string): Promise<Coordinator>;
  /**
   * The holder of a transaction that was opened at any router; undefined when it has ended. Waits like `route`.
   * @throws GatewayUnavailableError
   */
  findTransaction(id: string, signal: AbortSignal): Promise<Coordinator | undefined>;
  /** A transaction has ended. */
  endTransaction(id: string): void;
};

type Deps = {
  store: TransactionStore;
  logger: Logger;
  /** Called when a backend claims a transaction of another one. */
  onContradiction: (backendId: string) => void;
};

/** No open transactions but those the gatewayserver knows. */
export function createTransactions({ store, logger, onContradiction }: Deps): Transactions {
  const holders = new LRUCache<string, Coordinator>({ max: MOST, ttl: IDLE_MS, updateAgeOnGet: true });
  const byQuery = new LRUCache<string, string>({ max: MOST, ttl: IDLE_MS });
  const contradiction = ({ backendId: backend }: Coordinator, { backendId: holder }: Coordinator) => {
    logger.error('a backend claims a transaction of another one: the claim is ignored', { backend, holder });
    onContradiction(backend);
  };
  /** The first holder that was reported keeps the transaction: its statements are for no other backend. */
  const record = async (id: string, coordinator: Coordinator, suffix: string): Promise<void> => {
    const holder = await store.recordTransaction(id, coordinator, suffix);
    holders.set(id, holder);
    if (holder.url !== coordinator.url) contradiction(coordinator, holder);
  };
  return {
    holder: async (id, signal) => {
      const known = holders.get(id);
      if (known !== undefined || !isTransactionId(id)) return known;
      const found = await store.findTransaction(id, signal);
      if (found !== undefined) holders.set(id, found);
      return found;
    },
    usedAt: (backendId) => {
      const used: string[] = [];
      for (const [id, holder] of holders.entries()) {
        if (used.length >= MOST_TOLD) break;
        if (holder.backendId === backendId && IDLE_MS - holders.getRemainingTTL(id) < LATELY_MS) used.push(id);
      }
      return used;
    },
    joined: (queryId, transactionId) => void byQuery.set(queryId, transactionId),
    observe: (queryId, answerHeaders, coordinator) => {
      if (firstHeader(answerHeaders, 'x-trino-clear-transaction-id')?.trim().toLowerCase() === 'true') {
        const cleared = byQuery.get(queryId);
        if (cleared !== undefined && holders.delete(cleared)) store.endTransaction(cleared);
      }
      const started = firstHeader(answerHeaders, 'x-trino-started-transaction-id')?.trim().toLowerCase();
      if (!started || !isTransactionId(started)) return undefined;
      const known = holders.get(started);
      if (known === undefined) return record(started, coordinator, coordinatorSuffix(queryId) ?? '');
      if (known.url !== coordinator.url) contradiction(coordinator, known);
      return undefined;
    },
  };
}
