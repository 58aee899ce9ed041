import type { Transaction } from '@trino-gateway/api/gateway';

/** Which coordinator holds an open transaction of a client. */
export type TransactionStore = {
  /** Stores who holds an open transaction, opened at this time; the first report about an id holds. */
  record(transaction: Transaction, startedAt: Date): Promise<void>;
  /** Those held at this address, the latest 1,000, with the times they were opened at. */
  at(url: string): Promise<{ id: string; coordinatorId: string; startedAt: number }[]>;
  find(id: string): Promise<Transaction | undefined>;
  /** Nothing happens when it is not known. */
  end(id: string): Promise<void>;
  /** Forgets those opened before. */
  prune(before: Date): Promise<void>;
};
