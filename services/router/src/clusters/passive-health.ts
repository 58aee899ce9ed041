import { LRUCache } from 'lru-cache';

/** Passive health: routing avoids a backend for 5 s after a failure, until the monitor knows of it. */
export type PassiveHealth = {
  /** A request to it failed: refused, reset, or not answered in time. */
  failed(backendId: string): void;
  /** It answered: no longer avoided. */
  succeeded(backendId: string): void;
  /** The backends to avoid now. */
  avoided(): string[];
};

const AVOIDED_FOR_MS = 5_000;
const REMEMBERED = 10_000;

/** Avoids no backend yet. `now` is any steady clock in milliseconds. */
export function createPassiveHealth(now: () => number = () => performance.now()): PassiveHealth {
  const failing = new LRUCache<string, true>({
    max: REMEMBERED,
    ttl: AVOIDED_FOR_MS,
    ttlResolution: 0,
    perf: { now },
  });
  return {
    failed: (backendId) => void failing.set(backendId, true),
    succeeded: (backendId) => void failing.delete(backendId),
    avoided: () => [...failing.keys()],
  };
}
