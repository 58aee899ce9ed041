import { LRUCache } from 'lru-cache';

/** Caches briefly which query ids no cluster knows: a client that goes on polling one then does not reach every cluster each time. */
export type UnknownLinks = {
  /** Every address that could own this id answered that it does not. */
  add(queryId: string): void;
  has(queryId: string): boolean;
  /** Forgets everything: there are new addresses to ask. */
  clear(): void;
};

/** Long enough for a client that repeats, short enough for a cluster that was just added elsewhere. */
const KNOWN_FOR_MS = 5_000;
/** Beyond it the least recently used is dropped. */
const MOST = 10_000;

/** None known. `now` is any steady clock in milliseconds. */
export function createUnknownLinks(now: () => number = () => performance.now()): UnknownLinks {
  const ids = new LRUCache<string, true>({ max: MOST, ttl: KNOWN_FOR_MS, ttlResolution: 0, perf: { now } });
  return {
    add: (queryId) => void ids.set(queryId, true),
    has: (queryId) => ids.get(queryId) === true,
    clear: () => ids.clear(),
  };
}
