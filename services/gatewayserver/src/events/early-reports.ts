import type { Query } from '@trino-gateway/api/gateway';

/** Reports that came before their query was known. */
export type EarlyReports = {
  /** Keeps them for another try. @returns how many reports, these or older ones, were given up instead */
  keep(reports: readonly Query[]): number;
  /** Forgets reports that need no further try. */
  forget(reports: readonly Query[]): void;
  /** Hands out those whose next try is due, the oldest first, at most `most`. */
  due(most: number): Query[];
  /** How many are kept, those under way included. */
  size(): number;
};

/** As long as a router may be cut off from here and still tell of its queries. */
const LIFE_MS = 600_000;
const FIRST_WAIT_MS = 1_000;
const LONGEST_WAIT_MS = 60_000;

type Early = { report: Query; since: number; waitMs: number; dueAt: number };

/**
 * An empty store of them, in memory: a handful of seconds is the rule, and most of what stays longer is about queries
 * that did not come through the gateway. Tries become rarer, and end after ten minutes.
 * @param options.now milliseconds of any clock that only goes forward
 */
export function createEarlyReports({ most, now }: { most: number; now: () => number }): EarlyReports {
  const kept = new Map<string, Early>(); // in the order of first sight
  return {
    keep(reports) {
      let givenUp = 0;
      for (const report of reports) {
        const before = kept.get(report.id);
        const since = before?.since ?? now();
        if (now() - since >= LIFE_MS) {
          kept.delete(report.id);
          givenUp++;
          continue;
        }
        const waitMs = before ? Math.min(before.waitMs * 2, LONGEST_WAIT_MS) : FIRST_WAIT_MS;
        kept.set(report.id, { report, since, waitMs, dueAt: now() + waitMs });
      }
      for (const oldest of kept.keys()) {
        if (kept.size <= most) break;
        kept.delete(oldest);
        givenUp++;
      }
      return givenUp;
    },
    forget(reports) {
      for (const { id } of reports) kept.delete(id);
    },
    due(mostTaken) {
      const taken: Query[] = [];
      for (const early of kept.values()) {
        if (taken.length >= mostTaken) break;
        if (early.dueAt > now()) continue;
        early.dueAt = Number.POSITIVE_INFINITY; // until its try has ended
        taken.push(early.report);
      }
      return taken;
    },
    size: () => kept.size,
  };
}
