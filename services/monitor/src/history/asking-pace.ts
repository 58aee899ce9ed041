/** How often a cluster is asked, late and gently, about queries that nobody was seen to read to their end. */
export type AskingPace = {
  /** Whether this backend may be asked now. */
  isDue(backendId: string): boolean;
  /** It was asked now; when it did not answer the next time is later. */
  asked(backendId: string, hasAnswered: boolean): void;
  /** Of these queries those that may be asked about now, the first of them; counts as asking. */
  take<Entry extends { id: string; isGuess: boolean }>(entries: readonly Entry[], most: number): Entry[];
  /** The backend is no longer of interest. */
  forget(backendId: string): void;
};

/** Between two questions to one cluster; twice as much after each that it did not answer. */
const EVERY_MS = 15_000;
const LONGEST_PAUSE_MS = 600_000;
/** Between two questions about one query; twice as much after each. */
const AGAIN_AFTER_MS = 30_000;
/** About a query whose end counts as unknown already. */
const MOST_TRIES = 3;
/** Beyond it the oldest is forgotten, and asked about a little sooner. */
const REMEMBERED = 50_000;

/** Nothing was asked yet. @param now milliseconds of a clock that never goes back */
export function createAskingPace(now: () => number): AskingPace {
  const backends = new Map<string, { nextAt: number; failures: number }>();
  const queries = new Map<string, { nextAt: number; tries: number }>();
  const takeOne = ({ id, isGuess }: { id: string; isGuess: boolean }): boolean => {
    const { nextAt, tries } = queries.get(id) ?? { nextAt: 0, tries: 0 };
    if (now() < nextAt || (isGuess && tries >= MOST_TRIES)) return false;
    queries.delete(id); // the oldest stands first
    queries.set(id, { nextAt: now() + Math.min(LONGEST_PAUSE_MS, AGAIN_AFTER_MS * 2 ** tries), tries: tries + 1 });
    const [oldest] = queries.size > REMEMBERED ? queries.keys() : [];
    if (oldest !== undefined) queries.delete(oldest);
    return true;
  };
  return {
    isDue: (backendId) => now() >= (backends.get(backendId)?.nextAt ?? 0),
    asked: (backendId, hasAnswered) => {
      const failures = hasAnswered ? 0 : (backends.get(backendId)?.failures ?? 0) + 1;
      const pauseMs = Math.min(LONGEST_PAUSE_MS, EVERY_MS * 2 ** failures);
      backends.set(backendId, { nextAt: now() + pauseMs, failures });
    },
    take: (entries, most) => {
      const taken: (typeof entries)[number][] = [];
      for (const entry of entries) {
        if (taken.length >= most) break;
        if (takeOne(entry)) taken.push(entry);
      }
      return taken;
    },
    forget: (backendId) => void backends.delete(backendId),
  };
}
