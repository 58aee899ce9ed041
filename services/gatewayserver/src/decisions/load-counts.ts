import type { LiveView } from '../routing/strategies/strategy.ts';

/** The gatewayserver's own counts of what runs where; kept in memory, one per replica. */
export type LiveCounts = LiveView & {
  /** A router's whole report; it replaces its last one. The settled submissions are in it, or were given up. */
  report(routerId: string, counts: ReadonlyMap<string, number>, settledSubmissionIds: readonly string[]): void;
  /** A submission was decided for a backend; deciding it anew moves it. */
  started(submissionId: string, backendId: string): void;
};

/** A router that has said nothing for this long has died, and its queries are no longer counted. */
const REPORT_LIFE_MS = 10_000;
/** A submission that no report has settled for this long never became a query. */
const UNSETTLED_LIFE_MS = 30_000;
const START_SLICE_MS = 250;
/** Starts are remembered this long: more than any load sample that still counts as known is old. */
const STARTS_LIFE_MS = 300_000;
const MOST_ROUTERS = 1_000;
const MOST_UNSETTLED = 100_000;

/** @param now epoch milliseconds */
export function createLiveCounts(now: () => number): LiveCounts {
  const reports = new Map<string, { counts: ReadonlyMap<string, number>; at: number }>();
  const unsettled = new Map<string, { backendId: string; at: number }>();
  const totals = new Map<string, number>();
  const starts = new Map<string, { slice: number; count: number }[]>();
  let nextExpiry = Number.POSITIVE_INFINITY;

  const add = (backendId: string, change: number) => {
    const total = (totals.get(backendId) ?? 0) + change;
    if (total > 0) totals.set(backendId, total);
    else totals.delete(backendId);
  };
  const forgetReport = (routerId: string) => {
    for (const [backendId, count] of reports.get(routerId)?.counts ?? []) add(backendId, -count);
    reports.delete(routerId);
  };
  const settle = (submissionId: string) => {
    const submission = unsettled.get(submissionId);
    if (!submission) return;
    unsettled.delete(submissionId);
    add(submission.backendId, -1);
  };
  const expireAfter = (lifeMs: number, since: number) => {
    nextExpiry = Math.min(nextExpiry, since + lifeMs + 1);
  };
  // Both maps are in the order of time, so whatever is over stands at their front.
  const expire = () => {
    if (now() < nextExpiry && reports.size <= MOST_ROUTERS && unsettled.size <= MOST_UNSETTLED) return;
    nextExpiry = Number.POSITIVE_INFINITY;
    for (const [routerId, { at }] of reports) {
      if (now() - at <= REPORT_LIFE_MS && reports.size <= MOST_ROUTERS) {
        expireAfter(REPORT_LIFE_MS, at);
        break;
      }
      forgetReport(routerId);
    }
    for (const [submissionId, { at }] of unsettled) {
      if (now() - at <= UNSETTLED_LIFE_MS && unsettled.size <= MOST_UNSETTLED) {
        expireAfter(UNSETTLED_LIFE_MS, at);
        break;
      }
      settle(submissionId);
    }
  };
  const noteStart = (backendId: string) => {
    const slice = Math.floor(now() / START_SLICE_MS);
    const slices = starts.get(backendId) ?? [];
    if (slices.length === 0) starts.set(backendId, slices);
    const last = slices.at(-1);
    if (last?.slice === slice) last.count++;
    else slices.push({ slice, count: 1 });
    while ((slices[0]?.slice ?? slice) < slice - STARTS_LIFE_MS / START_SLICE_MS) slices.shift();
  };
  return {
    report(routerId, counts, settledSubmissionIds) {
      forgetReport(routerId);
      reports.set(routerId, { counts, at: now() });
      expireAfter(REPORT_LIFE_MS, now());
      for (const [backendId, count] of counts) add(backendId, count);
      for (const submissionId of settledSubmissionIds) settle(submissionId);
      expire();
    },
    started(submissionId, backendId) {
      settle(submissionId);
      unsettled.set(submissionId, { backendId, at: now() });
      expireAfter(UNSETTLED_LIFE_MS, now());
      add(backendId, 1);
      noteStart(backendId);
      expire();
    },
    live(backendId) {
      expire();
      return totals.get(backendId) ?? 0;
    },
    startedSince(backendId, since) {
      const slices = starts.get(backendId);
      let started = 0;
      for (let at = (slices?.length ?? 0) - 1; at >= 0; at--) {
        const found = slices?.[at];
        if (!found || found.slice * START_SLICE_MS < since) break;
        started += found.count;
      }
      return started;
    },
  };
}
