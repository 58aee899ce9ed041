import type { ReportLiveQueriesRequest } from '@trino-gateway/api/gateway';
import { describeError, every, type Logger } from '@trino-gateway/runtime';
import type { OwnershipTable } from '../../stickiness/ownership.ts';

/** Reports regularly what this router has live. */
export type LiveReports = AsyncDisposable & {
  /** A submission was given up, or is now counted as live: the gatewayserver need not count it as started any more. */
  settle(submissionId: string): void;
};

type Report = Pick<ReportLiveQueriesRequest, 'settledSubmissionIds' | 'usedSuffixes'> & {
  counts: { backendId: string; live: number }[];
};

export type LiveReportsOptions = {
  send: (report: Report, signal: AbortSignal) => Promise<void>;
  /** Live queries by backend id. */
  liveCounts: () => ReadonlyMap<string, number>;
  /** Knows which suffixes were asked for. */
  ownership: Pick<OwnershipTable, 'takeUsedSuffixes' | 'returnUsedSuffixes'>;
  intervalMs: number;
  usedSuffixesIntervalMs: number;
  logger: Logger;
};

const MOST_SETTLED = 100_000;

/** Begins to report. */
export function createLiveReports({ send, liveCounts, ownership, ...options }: LiveReportsOptions): LiveReports {
  const { intervalMs, usedSuffixesIntervalMs, logger } = options;
  let settled: string[] = [];
  let lastCounts = '';
  let suffixesDue = performance.now() + usedSuffixesIntervalMs;
  const reporting = every(intervalMs, 'reporting live queries', logger, async (signal) => {
    const counts = [...liveCounts()].map(([backendId, live]) => ({ backendId, live }));
    const text = JSON.stringify(counts);
    const settledSubmissionIds = settled;
    const withSuffixes = performance.now() >= suffixesDue;
    const usedSuffixes = withSuffixes ? ownership.takeUsedSuffixes() : [];
    if (withSuffixes) suffixesDue = performance.now() + usedSuffixesIntervalMs;
    // Live queries are reported even when nothing changed: a gatewayserver that restarted does not know of them.
    const quiet = counts.length === 0 && settledSubmissionIds.length === 0 && usedSuffixes.length === 0;
    if (quiet && text === (lastCounts || text)) return;
    settled = [];
    try {
      await send({ counts, settledSubmissionIds, usedSuffixes }, signal);
      lastCounts = text;
    } catch (error) {
      settled = [...settledSubmissionIds, ...settled].slice(-MOST_SETTLED);
      ownership.returnUsedSuffixes(usedSuffixes);
      if (withSuffixes) suffixesDue = 0;
      logger.debug('live queries could not be reported', { error: describeError(error) });
    }
  });
  return {
    settle: (submissionId) => {
      if (settled.length < MOST_SETTLED) settled.push(submissionId);
    },
    [Symbol.asyncDispose]: () => reporting[Symbol.asyncDispose](),
  };
}
