import { DatabaseUnavailableError } from '../contract/errors.ts';

/** Lets work through to the database: all at once, or one after the other. */
export type Gate = <T>(work: () => Promise<T>) => Promise<T>;

const MOST_WAITING = 2_000;

/**
 * One piece of work at a time, in the order of arrival. SQLite has a single connection here: without this a read would
 * see, and a write would join, whatever transaction happens to be open on it.
 */
export function oneAtATime(): Gate {
  let tail: Promise<unknown> = Promise.resolve();
  return <T>(work: () => Promise<T>): Promise<T> => {
    const turn = tail.then(work);
    tail = turn.catch(() => undefined);
    return turn;
  };
}

const files = new Map<string, { gate: Gate; stores: number }>();

/**
 * The gate of a SQLite file, one for all stores of this process: two stores would otherwise block each other's event loop,
 * which is one and the same. The stores give it back when they close.
 */
export function gateOfFile(path: string): { gate: Gate; giveBack(): void } {
  const entry = files.get(path) ?? { gate: oneAtATime(), stores: 0 };
  entry.stores++;
  files.set(path, entry);
  return {
    gate: entry.gate,
    giveBack() {
      if (--entry.stores === 0) files.delete(path);
    },
  };
}

/** Anything goes: the server keeps transactions apart, the pool bounds them. */
export const wideOpen: Gate = (work) => work();

/** Refuses at once what would wait behind more than `most` others: memory stays bounded when the database is slow. */
export function bounded(gate: Gate, most = MOST_WAITING): Gate {
  let inside = 0;
  return async (work) => {
    if (inside >= most) throw new DatabaseUnavailableError(`the database is too far behind: ${most} calls wait for it`);
    inside++;
    try {
      return await gate(work);
    } finally {
      inside--;
    }
  };
}
