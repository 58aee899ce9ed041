import { LRUCache } from 'lru-cache';

/**
 * Passive health of this router alone: routing avoids a backend for 5 s after a failed attempt, and after that while one statement
 * tries it, until it answers.
 */
export type PassiveHealth = {
  /** A statement is about to be sent there. */
  trying(backendId: string): void;
  /** A request to it failed: refused, reset, or not answered in time. */
  failed(backendId: string): void;
  /** It answered: no longer avoided. */
  succeeded(backendId: string): void;
  /** The client hung up before it answered: the next statement tries it. */
  abandoned(backendId: string): void;
  /** The backends to avoid now. */
  avoided(): string[];
};

type Failing = { avoidedUntil: number; triedUntil: number };

const AVOIDED_FOR_MS = 5_000;
/** As long as one statement may try it at the most. */
const TRIED_FOR_MS = 10_000;
/** After that it is as any other. */
const REMEMBERED_FOR_MS = 60_000;
const REMEMBERED = 10_000;

/** Avoids no backend yet. `now` is any steady clock in milliseconds. */
export function createPassiveHealth(now: () => number = () => performance.now()): PassiveHealth {
  const failing = new LRUCache<string, Failing>({
    max: REMEMBERED,
    ttl: REMEMBERED_FOR_MS,
    ttlResolution: 0,
    perf: { now },
  });
  const isAvoided = ({ avoidedUntil, triedUntil }: Failing) => avoidedUntil >= now() || triedUntil > now();
  return {
    trying: (backendId) => {
      const known = failing.get(backendId);
      if (known !== undefined && !isAvoided(known)) known.triedUntil = now() + TRIED_FOR_MS;
    },
    failed: (backendId) => void failing.set(backendId, { avoidedUntil: now() + AVOIDED_FOR_MS, triedUntil: 0 }),
    succeeded: (backendId) => void failing.delete(backendId),
    abandoned: (backendId) => {
      const known = failing.get(backendId);
      if (known !== undefined) known.triedUntil = 0;
    },
    avoided: () => {
      if (failing.size === 0) return [];
      return [...failing.entries()].filter(([, known]) => isAvoided(known)).map(([backendId]) => backendId);
    },
  };
}
