import type { LiveView } from '../routing/strategies/strategy.ts';
import { createRecentStarts } from './recent-starts.ts';

/** The gatewayserver's own counts of what runs where; in memory, one per replica. */
export type LoadCounts = LiveView & {
  /** A router's whole report; it replaces its last one. The settled submissions are counted in it, or were abandoned. */
  report(routerId: string, counts: ReadonlyMap<string, number>, settledSubmissionIds: readonly string[]): void;
  /** A submission was decided for a backend; deciding again moves it. */
  started(submissionId: string, backendId: string): void;
  /** When one was last decided for a backend, epoch milliseconds; 0 without any. */
  lastStartedAt(backendId: string): number;
};

/** A router that has not reported for this long has died: its queries are no longer counted. */
const REPORT_MS = 10_000;
/** A submission that no report has settled for this long never became a query. */
const UNSETTLED_MS = 30_000;
const MOST_ROUTERS = 1_000;
const MOST_UNSETTLED = 100_000;

/** @param now epoch milliseconds */
export function createLoadCounts(now: () => number): LoadCounts {
  const totals = createTotals();
  const starts = createRecentStarts(now);
  const reports = createExpiring<ReadonlyMap<string, number>>(now, REPORT_MS, MOST_ROUTERS, (counts) => {
    for (const [backendId, count] of counts) totals.add(backendId, -count);
  });
  const unsettled = createExpiring<string>(now, UNSETTLED_MS, MOST_UNSETTLED, (backendId) => totals.add(backendId, -1));
  const expire = () => {
    reports.expire();
    unsettled.expire();
  };
  return {
    report(routerId, counts, settledSubmissionIds) {
      reports.set(routerId, counts);
      for (const [backendId, count] of counts) totals.add(backendId, count);
      for (const submissionId of settledSubmissionIds) unsettled.remove(submissionId);
      expire();
    },
    started(submissionId, backendId) {
      unsettled.set(submissionId, backendId);
      totals.add(backendId, 1);
      starts.note(backendId);
      expire();
    },
    live(backendId) {
      expire();
      return totals.of(backendId);
    },
    startedSince: starts.since,
    lastStartedAt: starts.lastAt,
  };
}

function createTotals(): { add(backendId: string, change: number): void; of(backendId: string): number } {
  const totals = new Map<string, number>();
  return {
    add(backendId, change) {
      const total = (totals.get(backendId) ?? 0) + change;
      if (total > 0) totals.set(backendId, total);
      else totals.delete(backendId);
    },
    of: (backendId) => totals.get(backendId) ?? 0,
  };
}

/** Values that are removed when they are too old, the oldest also when there are too many. */
type Expiring<Value> = {
  /** Replaces, and so removes, the one before. */
  set(key: string, value: Value): void;
  remove(key: string): void;
  expire(): void;
};

/** @param removed called with each value that is no longer there */
function createExpiring<Value>(
  now: () => number,
  maxAgeMs: number,
  most: number,
  removed: (value: Value) => void,
): Expiring<Value> {
  const kept = new Map<string, { value: Value; at: number }>(); // in the order of time
  let nextExpiry = Number.POSITIVE_INFINITY;
  const remove = (key: string) => {
    const found = kept.get(key);
    if (!found) return;
    kept.delete(key);
    removed(found.value);
  };
  return {
    set(key, value) {
      remove(key);
      const at = now();
      kept.set(key, { value, at });
      nextExpiry = Math.min(nextExpiry, at + maxAgeMs + 1);
    },
    remove,
    expire() {
      if (now() < nextExpiry && kept.size <= most) return;
      nextExpiry = Number.POSITIVE_INFINITY;
      for (const [key, { at }] of kept) {
        if (now() - at <= maxAgeMs && kept.size <= most) {
          nextExpiry = at + maxAgeMs + 1;
          break;
        }
        remove(key);
      }
    },
  };
}
