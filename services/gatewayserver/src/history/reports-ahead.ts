import type { Query } from '@trino-gateway/api/gateway';
import { describeError, every, type Logger } from '@trino-gateway/runtime';
import { createEarlyReports } from '../events/early-reports.ts';
import type { QueryStore } from '../storage/contract/queries.ts';

/** Reports about queries that no submission has told of yet, by the id of the cluster alone. */
export type ReportsAhead = AsyncDisposable & {
  /**
   * Keeps them until the router that handed the query over has told of it. They never become rows by themselves: anybody can
   * cancel an id that he has made up.
   */
  keep(reports: readonly Query[]): void;
};

const MOST_KEPT = 20_000;
const MOST_AT_ONCE = 500;
const EVERY_MS = 500;

/** Keeps none yet. They are given up after ten minutes, and with the process. */
export function keepReportsAhead(history: Pick<QueryStore, 'complete'>, logger: Logger): ReportsAhead {
  const early = createEarlyReports({ most: MOST_KEPT, now: () => performance.now() });
  const loop = every(EVERY_MS, 'completing history by reports that were ahead', logger, async () => {
    const due = early.due(MOST_AT_ONCE);
    if (due.length === 0) return;
    try {
      const unknown = new Set(await history.complete(due));
      early.forget(due.filter((report) => !unknown.has(report)));
      early.keep([...unknown]);
    } catch (error) {
      early.keep(due);
      logger.debug('history could not be completed by reports that were ahead', { error: describeError(error) });
    }
  });
  return {
    // A start and an end of one query wait side by side; a row has an id of its own.
    keep: (reports) =>
      void early.keep(reports.map((report) => ({ ...report, id: `${report.trinoQueryId} ${report.state}` }))),
    [Symbol.asyncDispose]: () => loop[Symbol.asyncDispose](),
  };
}
