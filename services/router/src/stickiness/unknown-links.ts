import { LRUCache } from 'lru-cache';

/** Caches briefly which query ids no cluster knows, so that a client that goes on polling one does not reach every cluster each time. */
export type UnknownLinks = {
  /** Every address that could own this id answered that it does not. */
  add(queryId: string): void;
  has(queryId: string): boolean;
  /** Forgets everything: there are new addresses to ask. */
  clear(): void;
};

export type UnknownLinksOptions = {
  /** How long an id is kept, in milliseconds; default 5 s. */
  forMs?: number;
  /** How many; default 10,000, beyond it the least recently used is dropped. */
  most?: number;
  /** Milliseconds of any steady clock; default the process's. */
  now?: () => number;
};

/** None known. */
export function createUnknownLinks({
  forMs = 5_000,
  most = 10_000,
  now = () => performance.now(),
}: UnknownLinksOptions = {}): UnknownLinks {
  const ids = new LRUCache<string, true>({ max: most, ttl: forMs, ttlResolution: 0, perf: { now } });
  return {
    add: (queryId) => void ids.set(queryId, true),
    has: (queryId) => ids.get(queryId) === true,
    clear: () => ids.clear(),
  };
}
