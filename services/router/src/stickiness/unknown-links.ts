import { LRUCache } from 'lru-cache';

/** Remembers for a short time which ids nobody owns, so that one stray poller does not reach every cluster every time. */
export type MissMemory = {
  /** Every address that could own this id answered that it does not. */
  add(queryId: string): void;
  has(queryId: string): boolean;
  /** Forgets everything: there are new addresses to ask. */
  clear(): void;
};

export type MissMemoryOptions = {
  /** How long a miss is remembered, in milliseconds; default 5 s. */
  forMs?: number;
  /** How many; default 10,000, beyond it the least recently used is forgotten. */
  most?: number;
  /** Milliseconds of any steady clock; default the process's. */
  now?: () => number;
};

/** An empty memory. */
export function createMissMemory(options: MissMemoryOptions = {}): MissMemory {
  const now = options.now ?? (() => performance.now());
  const forMs = options.forMs ?? 5_000;
  const until = new LRUCache<string, number>({ max: options.most ?? 10_000 });
  return {
    add: (queryId) => void until.set(queryId, now() + forMs),
    has: (queryId) => {
      const end = until.get(queryId);
      if (end === undefined) return false;
      if (end > now()) return true;
      until.delete(queryId);
      return false;
    },
    clear: () => until.clear(),
  };
}
