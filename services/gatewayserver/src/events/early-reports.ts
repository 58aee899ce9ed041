import type { Query } from '@trino-gateway/api/gateway';

/** Reports that arrived before history had a row of their query. */
export type EarlyReports = {
  /** Keeps them for another attempt. @returns how many reports, these or older ones, were dropped instead */
  keep(reports: readonly Query[]): number;
  /** Forgets reports that need no further attempt. */
  forget(reports: readonly Query[]): void;
  /** Those whose next attempt is due, the oldest first, at most `most`. */
  due(most: number): Query[];
  /** How many are kept, those of attempts under way included. */
  size(): number;
};

/** As long as a router may be disconnected and still report its queries. */
const KEPT_MS = 600_000;
const FIRST_WAIT_MS = 1_000;
const LONGEST_WAIT_MS = 60_000;

type Early = { report: Query; since: number; waitMs: number; dueAt: number };

/**
 * None, in memory. Most are kept for a few seconds; most of those that stay longer are about queries that did not come through
 * the gateway. Attempts become rarer, and end after ten minutes.
 * @param options.now milliseconds of any clock that only goes forward
 */
export function createEarlyReports({ most, now }: { most: number; now: () => number }): EarlyReports {
  const kept = new Map<string, Early>(); // in the order in which they first arrived
  return {
    keep(reports) {
      let dropped = 0;
      for (const report of reports) {
        const before = kept.get(report.id);
        const since = before?.since ?? now();
        if (now() - since >= KEPT_MS) {
          kept.delete(report.id);
          dropped++;
          continue;
        }
        const waitMs = before ? Math.min(before.waitMs * 2, LONGEST_WAIT_MS) : FIRST_WAIT_MS;
        kept.set(report.id, { report, since, waitMs, dueAt: now() + waitMs });
      }
      for (const oldest of kept.keys()) {
        if (kept.size <= most) break;
        kept.delete(oldest);
        dropped++;
      }
      return dropped;
    },
    forget(reports) {
      for (const { id } of reports) kept.delete(id);
    },
    due(mostTaken) {
      const taken: Query[] = [];
      for (const early of kept.values()) {
        if (taken.length >= mostTaken) break;
        if (early.dueAt > now()) continue;
        early.dueAt = Number.POSITIVE_INFINITY; // until its attempt has ended
        taken.push(early.report);
      }
      return taken;
    },
    size: () => kept.size,
  };
}
