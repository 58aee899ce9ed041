import { LRUCache } from 'lru-cache';

/** The polls of waiting clients that are held here, and what was last said to them. */
export type Holds = {
  /** How long a poll of the link with this token may be held, in milliseconds. */
  holdMs(token: number): number;
  /** Aborted when the router stops: whoever is held is answered at once. */
  readonly stopping: AbortSignal;
  /** A poll of this id begins to be held; what is returned ends that, and tells how many others of it are still held. */
  enter(queryId: string): () => number;
  /** How many are held. */
  count(): number;
  /** The gatewayserver said that this query has waited for so long. */
  waited(queryId: string, queuedMs: number): void;
  /** How long it has waited by now, in milliseconds; undefined when nothing of it was heard here. */
  queuedMs(queryId: string): number | undefined;
  /** Ends all holds, and those to come. */
  stop(): void;
};

/** Beyond it the least recently polled is forgotten: its pages then tell times anew. */
const REMEMBERED = 50_000;

/** Trino holds a first poll for a moment and later ones for a second; who waits for long is not woken so often. */
const HOLD_MS = { first: 1_000, later: 5_000 };

/** Nobody held. `now` is any steady clock in milliseconds; `holdMs` is shorter in tests. */
export function createHolds({
  now = () => performance.now(),
  holdMs = HOLD_MS,
}: {
  now?: () => number;
  holdMs?: typeof HOLD_MS;
} = {}): Holds {
  const stopping = new AbortController();
  const held = new Map<string, number>();
  const queuedSince = new LRUCache<string, number>({ max: REMEMBERED });
  let count = 0;
  return {
    stopping: stopping.signal,
    holdMs: (token) => (token <= 1 ? holdMs.first : holdMs.later),
    enter: (queryId) => {
      held.set(queryId, (held.get(queryId) ?? 0) + 1);
      count += 1;
      return () => {
        const others = (held.get(queryId) ?? 1) - 1;
        if (others > 0) held.set(queryId, others);
        else held.delete(queryId);
        count -= 1;
        return others;
      };
    },
    count: () => count,
    waited: (queryId, queuedMs) => void queuedSince.set(queryId, now() - queuedMs),
    queuedMs: (queryId) => {
      const since = queuedSince.get(queryId);
      return since === undefined ? undefined : now() - since;
    },
    stop: () => stopping.abort(),
  };
}
