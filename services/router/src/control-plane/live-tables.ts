import type { Query } from '@trino-gateway/api/gateway';

/** A query that this router handed over, and whose pages it passes on. */
export type LiveQuery = Pick<Query, 'id' | 'user' | 'groupId' | 'backendId'> & { running: boolean; lastSeenMs: number };

/** How many queries are live, by backend. */
export type LiveCounts = {
  add(backendId: string): void;
  remove(backendId: string): void;
  /** Without backends that have none. */
  byBackend(): ReadonlyMap<string, number>;
};

export function createLiveCounts(): LiveCounts {
  const counts = new Map<string, number>();
  return {
    add: (backendId) => void counts.set(backendId, (counts.get(backendId) ?? 0) + 1),
    remove: (backendId) => {
      const left = (counts.get(backendId) ?? 0) - 1;
      if (left > 0) counts.set(backendId, left);
      else counts.delete(backendId);
    },
    byBackend: () => counts,
  };
}

/** Live queries by Trino id; each counts while it is in the table. */
export type LiveTable = {
  add(trinoQueryId: string, query: LiveQuery): void;
  get(trinoQueryId: string): LiveQuery | undefined;
  remove(trinoQueryId: string): void;
  /** Those of them that are here were seen at this time. */
  seen(trinoQueryIds: readonly string[], timeMs: number): void;
  /** Removes those last seen at this time or before. */
  takeSilentSince(timeMs: number): [trinoQueryId: string, query: LiveQuery][];
  size(): number;
  /** How many were forgotten because there were more than `most`: the oldest each time. */
  dropped(): number;
};

export function createLiveTable(counts: LiveCounts, most: number): LiveTable {
  const live = new Map<string, LiveQuery>();
  let dropped = 0;
  const remove = (trinoQueryId: string) => {
    const query = live.get(trinoQueryId);
    if (query === undefined) return;
    live.delete(trinoQueryId);
    counts.remove(query.backendId);
  };
  return {
    add: (trinoQueryId, query) => {
      live.set(trinoQueryId, query);
      counts.add(query.backendId);
      const [oldest] = live.size > most ? live.keys() : [];
      if (oldest === undefined) return;
      remove(oldest);
      dropped += 1;
    },
    get: (trinoQueryId) => live.get(trinoQueryId),
    remove,
    seen: (trinoQueryIds, timeMs) => {
      for (const trinoQueryId of trinoQueryIds) {
        const query = live.get(trinoQueryId);
        if (query !== undefined) query.lastSeenMs = timeMs;
      }
    },
    takeSilentSince: (timeMs) => {
      const silent = [...live].filter(([, { lastSeenMs }]) => lastSeenMs <= timeMs);
      for (const [trinoQueryId] of silent) remove(trinoQueryId);
      return silent;
    },
    size: () => live.size,
    dropped: () => dropped,
  };
}

/** Queries whose clients poll the cluster directly: each counts for a short time, and the oldest no longer when there are too many. */
export type DirectTable = {
  add(trinoQueryId: string, backendId: string, untilMs: number): void;
  has(trinoQueryId: string): boolean;
  /** No longer counts those whose time is up. */
  expire(nowMs: number): void;
};

export function createDirectTable(counts: LiveCounts, most: number): DirectTable {
  // Ordered by time: those that expire first stand at the front.
  const direct = new Map<string, { backendId: string; untilMs: number }>();
  return {
    add: (trinoQueryId, backendId, untilMs) => {
      direct.set(trinoQueryId, { backendId, untilMs });
      counts.add(backendId);
    },
    has: (trinoQueryId) => direct.has(trinoQueryId),
    expire: (nowMs) => {
      for (const [trinoQueryId, { backendId, untilMs }] of direct) {
        if (untilMs > nowMs && direct.size <= most) return;
        direct.delete(trinoQueryId);
        counts.remove(backendId);
      }
    },
  };
}
