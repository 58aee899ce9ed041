import { LRUCache } from 'lru-cache';
import type { Coordinator } from '../stickiness/coordinator.ts';

/** What was last seen of the connections to one backend. Times are those of the clock of this process. */
export type SeenConnection = Pick<Coordinator, 'backendId' | 'url'> & {
  /** Connections in a row that did not come about, or ended before a byte of an answer. */
  failures: number;
  failingSince: number;
  failedAt: number;
  reason: string;
  reachedAt: number | undefined;
};

/** Passive health of the whole suite: what this router sees of connections to clusters, by every request to them. */
export type Connections = {
  /** It answered, whatever it was. */
  reached(coordinator: Pick<Coordinator, 'backendId' | 'url'>): void;
  /** A connection did not come about, or ended before a byte of an answer. */
  failed(coordinator: Pick<Coordinator, 'backendId' | 'url'>, reason: string): void;
};

/** The same, as it is reported. */
export type ConnectionTable = Connections & {
  /** Backends of which others want to know that they can be reached. */
  setDoubted(backendIds: ReadonlySet<string>): void;
  /** At most so many of what changed since it was last taken. */
  takeChanged(most: number): SeenConnection[];
  /** Puts back what could not be reported. */
  putBack(changed: readonly SeenConnection[]): void;
};

const REMEMBERED = 10_000;

/** @param onChange something is to be reported. `now`: any steady clock in milliseconds */
export function createConnections(onChange: () => void, now: () => number = () => performance.now()): ConnectionTable {
  const seen = new LRUCache<string, SeenConnection>({ max: REMEMBERED });
  const changed = new Set<string>();
  let doubted: ReadonlySet<string> = new Set();
  const change = (connection: SeenConnection) => {
    const key = keyOf(connection);
    seen.set(key, connection);
    changed.add(key);
    onChange();
  };
  return {
    // Called with each answer: nothing is to be done for those that nobody doubts.
    reached: ({ backendId, url }) => {
      const known = seen.get(keyOf({ backendId, url }));
      const isDoubted = doubted.has(backendId);
      if (!isDoubted && (known === undefined || known.failures === 0)) return;
      const none = { failures: 0, failingSince: 0, failedAt: 0, reason: '' };
      change({ backendId, url, ...none, reachedAt: now() });
    },
    failed: ({ backendId, url }, reason) => {
      const before = seen.get(keyOf({ backendId, url }));
      const at = now();
      change({
        ...{ backendId, url, failures: (before?.failures ?? 0) + 1, reason, failedAt: at },
        failingSince: before !== undefined && before.failures > 0 ? before.failingSince : at,
        reachedAt: before?.reachedAt,
      });
    },
    setDoubted: (backendIds) => {
      doubted = backendIds;
    },
    takeChanged: (most) => {
      const keys = changed.values().take(most).toArray();
      for (const key of keys) changed.delete(key);
      return keys.flatMap((key) => seen.get(key) ?? []);
    },
    putBack: (taken) => {
      for (const connection of taken) changed.add(keyOf(connection));
    },
  };
}

/** Queries go on at the address that a backend had when they began. */
function keyOf({ backendId, url }: Pick<Coordinator, 'backendId' | 'url'>): string {
  return `${backendId} ${url}`;
}
