import { LRUCache } from 'lru-cache';
import type { DueTimes } from '../limits/due-times.ts';

/**
 * The dispatch of a query that was offered a slot. It outlives the poll that it began in: when the poll is over, its client reads
 * that it waits, and the next one joins.
 */
export type Dispatch<End> = {
  /**
   * Waits for its end, which nobody else may get then; undefined when the time is over, or the client has gone. When the only
   * client that waits for it hangs up, the dispatch is aborted.
   */
  join(client: AbortSignal, waitMs: number): Promise<End | undefined>;
};

/** The dispatches of this router, one for each query. */
export type Dispatches<End> = {
  of(queryId: string): Dispatch<End> | undefined;
  /** Whether there is one of this query, or an end of one that nobody was there for. */
  has(queryId: string): boolean;
  /** Begins one; `signal` is aborted when its client has gone. */
  begin(queryId: string, work: (signal: AbortSignal) => Promise<End>): Dispatch<End>;
};

/** An end that nobody was there for is kept for the next poll, for so long, and so many bytes of them. */
const KEPT_MS = 30_000;
const MOST_KEPT_BYTES = 16_777_216;

/**
 * None. `keptBytes`: the size of an end that must reach a client, for lack of another place where the next poll finds it; 0 for
 * all others.
 */
export function createDispatches<End extends object>(
  keptBytes: (end: End) => number,
  due: DueTimes,
  mostBytes = MOST_KEPT_BYTES,
): Dispatches<End> {
  const underWay = new Map<string, Dispatch<End>>();
  const kept = new LRUCache<string, End>({ maxSize: mostBytes, sizeCalculation: keptBytes, ttl: KEPT_MS });
  const begin = (queryId: string, work: (signal: AbortSignal) => Promise<End>): Dispatch<End> => {
    const gone = new AbortController();
    let clients = 0;
    const end = work(gone.signal);
    const dispatch: Dispatch<End> = {
      join: async (client, waitMs) => {
        clients += 1;
        const outcome = await firstOf(end, client, (over) => due.after(waitMs, over));
        clients -= 1;
        if (outcome === 'gone' && clients === 0) gone.abort();
        return typeof outcome === 'string' ? undefined : outcome;
      },
    };
    underWay.set(queryId, dispatch);
    void end.then(
      (outcome) => {
        underWay.delete(queryId);
        if (clients === 0 && keptBytes(outcome) > 0) kept.set(queryId, outcome);
      },
      () => underWay.delete(queryId),
    );
    return dispatch;
  };
  return {
    of: (queryId) => {
      const end = kept.get(queryId);
      kept.delete(queryId);
      return end === undefined ? underWay.get(queryId) : { join: async () => end };
    },
    has: (queryId) => underWay.has(queryId) || kept.has(queryId),
    begin,
  };
}

async function firstOf<End>(
  end: Promise<End>,
  client: AbortSignal,
  afterWait: (over: () => void) => () => void,
): Promise<End | 'gone' | 'over'> {
  const { promise, resolve } = Promise.withResolvers<'gone' | 'over'>();
  const onHangUp = () => resolve('gone');
  const notDue = afterWait(() => resolve('over'));
  client.addEventListener('abort', onHangUp, { once: true });
  if (client.aborted) onHangUp();
  try {
    return await Promise.race([end, promise]);
  } finally {
    notDue();
    client.removeEventListener('abort', onHangUp);
  }
}
