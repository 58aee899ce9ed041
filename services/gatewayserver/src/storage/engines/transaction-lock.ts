import { DatabaseUnavailableError } from '../contract/errors.ts';

/** Lets transactions through to the database: all at once, or one after the other. */
export type TransactionLock = <T>(transaction: () => Promise<T>) => Promise<T>;

/** The lock as a store has it while it is open. */
export type HeldLock = { lock: TransactionLock; release(): void };

const MOST_WAITING = 2_000;

/**
 * One transaction at a time, in the order of arrival. SQLite has a single connection here: without this a read would see,
 * and a write would join, whatever transaction happens to be open on it.
 */
export function oneAtATime(): TransactionLock {
  let tail: Promise<unknown> = Promise.resolve();
  return <T>(transaction: () => Promise<T>): Promise<T> => {
    const outcome = tail.then(transaction);
    tail = outcome.catch(() => undefined);
    return outcome;
  };
}

const files = new Map<string, { lock: TransactionLock; stores: number }>();

/**
 * The lock of a SQLite file, one for all stores of this process: two stores would otherwise block each other's event loop,
 * which is one and the same. It is forgotten with the last of them.
 */
export function lockOfFile(path: string): HeldLock {
  const entry = files.get(path) ?? { lock: oneAtATime(), stores: 0 };
  entry.stores++;
  files.set(path, entry);
  return {
    lock: entry.lock,
    release() {
      if (--entry.stores === 0) files.delete(path);
    },
  };
}

/** No-op lock: the server isolates transactions. */
export const noLock: TransactionLock = (transaction) => transaction();

/** Refuses at once what would wait behind more than `most` others: memory stays bounded when the database is slow. */
export function bounded(lock: TransactionLock, most = MOST_WAITING): TransactionLock {
  let inside = 0;
  return async (transaction) => {
    if (inside >= most) throw new DatabaseUnavailableError(`the database is too far behind: ${most} calls wait for it`);
    inside++;
    try {
      return await lock(transaction);
    } finally {
      inside--;
    }
  };
}
