import type { MessageInitShape } from '@bufbuild/protobuf';
import type { ReportLiveQueriesRequestSchema } from '@trino-gateway/api/gateway';
import { describeError, every, type Logger, within } from '@trino-gateway/runtime';
import type { OwnershipTable } from '../../stickiness/ownership.ts';

/** Reports regularly what this router has live. */
export type LiveReports = AsyncDisposable & {
  /** A submission was given up, or is now counted as live: the gatewayserver need not count it as started any more. */
  settle(submissionId: string): void;
  /** Resolves when this router is known to the gatewayserver, or was tried to be made known. */
  readonly begun: Promise<void>;
};

type Report = Exclude<MessageInitShape<typeof ReportLiveQueriesRequestSchema>, { $typeName: string }>;

export type LiveReportsOptions = {
  send: (report: Report, signal: AbortSignal) => Promise<void>;
  /** Live queries by backend id. */
  liveCounts: () => ReadonlyMap<string, number>;
  /** What is told of drains. */
  drains: { any(): boolean; told(): Pick<Report, 'drainsRevision' | 'drains'> };
  /** Knows which suffixes were asked for. */
  ownership: Pick<OwnershipTable, 'takeUsedSuffixes' | 'returnUsedSuffixes'>;
  intervalMs: number;
  usedSuffixesIntervalMs: number;
  logger: Logger;
};

const MOST_SETTLED = 100_000;
/** So often the gatewayserver hears of a router that has nothing to tell: it knows then whom to ask about a drain. */
const HEARTBEAT_MS = 3_000;
const LAST_REPORT_MS = 1_500;

/** Begins to report. */
export function createLiveReports(reports: LiveReportsOptions): LiveReports {
  const { send, liveCounts, ownership, drains, ...options } = reports;
  const { intervalMs, usedSuffixesIntervalMs, logger } = options;
  let settled: string[] = [];
  let lastCounts = '';
  let number = 0n;
  let sentAt = Number.NEGATIVE_INFINITY;
  const { promise: begun, resolve: hasBegun } = Promise.withResolvers<void>();
  const countsNow = () => [...liveCounts()].map(([backendId, live]) => ({ backendId, live }));
  const tell = async (report: Report, signal: AbortSignal) => {
    number += 1n;
    await send({ ...report, number, ...drains.told() }, signal);
    sentAt = performance.now();
  };
  let suffixesDue = performance.now() + usedSuffixesIntervalMs;
  const reporting = every(intervalMs, 'reporting live queries', logger, async (signal) => {
    const counts = countsNow();
    const text = JSON.stringify(counts);
    const settledSubmissionIds = settled;
    const withSuffixes = performance.now() >= suffixesDue;
    const usedSuffixes = withSuffixes ? ownership.takeUsedSuffixes() : [];
    if (withSuffixes) suffixesDue = performance.now() + usedSuffixesIntervalMs;
    // Live queries are reported even when nothing changed: a gatewayserver that restarted does not know of them.
    const quiet = counts.length === 0 && settledSubmissionIds.length === 0 && usedSuffixes.length === 0;
    const isDue = drains.any() || performance.now() - sentAt >= HEARTBEAT_MS;
    if (quiet && !isDue && text === (lastCounts || text)) return;
    settled = [];
    try {
      await tell({ counts, settledSubmissionIds, usedSuffixes }, signal);
      lastCounts = text;
    } catch (error) {
      settled = [...settledSubmissionIds, ...settled].slice(-MOST_SETTLED);
      ownership.returnUsedSuffixes(usedSuffixes);
      if (withSuffixes) suffixesDue = 0;
      logger.debug('live queries could not be reported', { error: describeError(error) });
    } finally {
      hasBegun();
    }
  });
  return {
    settle: (submissionId) => {
      if (settled.length < MOST_SETTLED) settled.push(submissionId);
    },
    begun,
    async [Symbol.asyncDispose]() {
      await reporting[Symbol.asyncDispose]();
      hasBegun();
      // Without it the gatewayserver waits for what this router may still have in hand.
      const last = new AbortController();
      const leaving = { counts: countsNow(), settledSubmissionIds: settled, leaving: true };
      await within(LAST_REPORT_MS, () => tell(leaving, last.signal).catch(() => undefined));
      last.abort();
    },
  };
}
