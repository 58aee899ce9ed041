import { LRUCache } from 'lru-cache';

/** What this router knows of the queries of one incarnation. */
export type IncarnationQueries = {
  /** How many were handed over or polled here, and did not end here. */
  live: number;
  /** The latest of them. */
  queries: { id: string; silentMs: number; polled: boolean; direct: boolean }[];
  /** Those whose last page passed here, the latest of them. */
  endedQueryIds: string[];
};

/** All queries that were handed over or polled here, whichever router handed them over, for as long as their clients may come back. */
export type KnownQueries = {
  handedOver(id: string, direct: boolean): void;
  polled(id: string): void;
  /** Its last page passed. */
  ended(id: string): void;
  ofIncarnation(suffix: string): IncarnationQueries;
  /** Forgets those whose clients have left. To be called regularly. */
  sweep(): void;
};

type Known = { seenAt: number; polled: boolean; direct: boolean };

/** One minute more than clusters wait for a client (query.client.timeout). */
const FORGOTTEN_MS = 360_000;
const MOST = 200_000;
const MOST_ENDED = 20_000;
const MOST_TOLD = 100;
const MOST_ENDED_TOLD = 1_000;

/** None. @param now epoch milliseconds */
export function createKnownQueries(now: () => number): KnownQueries {
  const known = new Map<string, Known>();
  const over = new LRUCache<string, true>({ max: MOST_ENDED });
  const add = (id: string, query: Known) => {
    known.set(id, query);
    const [oldest] = known.size > MOST ? known.keys() : [];
    if (oldest !== undefined) known.delete(oldest);
  };
  return {
    handedOver: (id, direct) => {
      if (!over.has(id)) add(id, { seenAt: now(), polled: false, direct });
    },
    polled: (id) => {
      const query = known.get(id);
      if (query === undefined) {
        // A last page that is repeated ties nothing.
        if (!over.has(id)) add(id, { seenAt: now(), polled: true, direct: false });
        return;
      }
      query.seenAt = now();
      query.polled = true;
    },
    ended: (id) => {
      known.delete(id);
      over.set(id, true);
    },
    ofIncarnation: (suffix) => {
      const end = `_${suffix}`;
      const at = now();
      const all = [...known].filter(([id, { seenAt }]) => id.endsWith(end) && at - seenAt < FORGOTTEN_MS);
      const latest = all.sort(([, a], [, b]) => b.seenAt - a.seenAt).slice(0, MOST_TOLD);
      const endedQueryIds: string[] = [];
      for (const id of over.keys()) {
        if (!id.endsWith(end)) continue;
        endedQueryIds.push(id);
        if (endedQueryIds.length === MOST_ENDED_TOLD) break;
      }
      return {
        live: all.length,
        queries: latest.map(([id, { seenAt, polled, direct }]) => ({ id, silentMs: at - seenAt, polled, direct })),
        endedQueryIds,
      };
    },
    sweep: () => {
      const before = now() - FORGOTTEN_MS;
      for (const [id, { seenAt }] of known) if (seenAt <= before) known.delete(id);
    },
  };
}
