import type { Query } from '@trino-gateway/api/gateway';
import { describeError, every, type Logger } from '@trino-gateway/runtime';
import { createEarlyReports } from '../events/early-reports.ts';
import type { QueryStore } from '../storage/contract/queries.ts';

/** Reports of queries that history has no row of yet: they name the id of the cluster alone. */
export type UnmatchedReports = AsyncDisposable & {
  /**
   * Keeps them until the router that submitted the query has reported it. They never become rows by themselves: anybody can
   * cancel a made-up id.
   */
  keep(reports: readonly Query[]): void;
};

const MOST_KEPT = 20_000;
const MOST_AT_ONCE = 500;
const EVERY_MS = 500;

/** None yet. They are dropped after ten minutes, and when the process stops. */
export function keepUnmatchedReports(history: Pick<QueryStore, 'complete'>, logger: Logger): UnmatchedReports {
  const early = createEarlyReports({ most: MOST_KEPT, now: () => performance.now() });
  const loop = every(EVERY_MS, 'completing history by unmatched reports', logger, async () => {
    const due = early.due(MOST_AT_ONCE);
    if (due.length === 0) return;
    try {
      const unknown = new Set(await history.complete(due));
      early.forget(due.filter((report) => !unknown.has(report)));
      early.keep([...unknown]);
    } catch (error) {
      early.keep(due);
      logger.debug('history could not be completed by unmatched reports', { error: describeError(error) });
    }
  });
  return {
    // A query may have two, of its start and of its end: each needs an id.
    keep: (reports) =>
      void early.keep(reports.map((report) => ({ ...report, id: `${report.trinoQueryId} ${report.state}` }))),
    [Symbol.asyncDispose]: () => loop[Symbol.asyncDispose](),
  };
}
