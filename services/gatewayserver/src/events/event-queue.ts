import type { Query } from '@trino-gateway/api/gateway';
import { describeError, every, type Logger } from '@trino-gateway/runtime';
import { DatabaseUnavailableError } from '../storage/contract/store.ts';
import { createEarlyReports } from './early-reports.ts';

/** Reports of events on their way into history. */
export type EventQueue = AsyncDisposable & {
  /** Takes a report; false when there is no room, which whoever sent it should be told. */
  offer(report: Query): boolean;
  /** Reports that were taken and are not stored yet. */
  waiting(): number;
  /** Reports about queries that no router has told of so far. */
  early(): number;
};

/** What became of reports: in history, about queries that nobody submitted here, or given up. */
export type Settled = 'stored' | 'not ours' | 'lost';

export type EventQueueOptions = {
  /** Completes rows of history; answers the reports whose query has none. */
  complete: (reports: Query[]) => Promise<Query[]>;
  onSettled: (outcome: Settled, count: number) => void;
  /** How many wait at most, and how many early ones are kept; default 20,000 each. */
  most?: number;
  /** Time between batches; default 250 ms. */
  intervalMs?: number;
  /** How long the last reports may take at the end; default 2 s. */
  flushTimeLimitMs?: number;
  logger: Logger;
};

const BATCH = 500;
const SLOWEST_RETRY_MS = 5_000;

/**
 * Stores reports in the background, in batches. While the database is away they wait; those that are ahead of their
 * router's word are kept aside and tried again.
 */
export function createEventQueue(options: EventQueueOptions): EventQueue {
  const { complete, onSettled, logger } = options;
  const most = options.most ?? 20_000;
  const intervalMs = options.intervalMs ?? 250;
  const waiting = new Map<string, Query>();
  const early = createEarlyReports({ most, now: () => performance.now() });
  let underWay = 0;
  let failing = false;
  let retryMs = intervalMs;
  let notBefore = 0;

  const settle = (outcome: Settled, count: number) => {
    if (count > 0) onSettled(outcome, count);
  };
  /**
   * One report that the database refuses must not hold up the others: halves are tried until it is alone.
   * @returns those that are not in history now
   */
  const store = async (batch: Query[]): Promise<{ unknown: Query[]; refused: Query[] }> => {
    try {
      return { unknown: await complete(batch), refused: [] };
    } catch (error) {
      if (error instanceof DatabaseUnavailableError) throw error;
      if (batch.length > 1) {
        const middle = Math.ceil(batch.length / 2);
        const first = await store(batch.slice(0, middle));
        const second = await store(batch.slice(middle));
        return {
          unknown: [...first.unknown, ...second.unknown],
          refused: [...first.refused, ...second.refused],
        };
      }
      logger.warn('an event cannot be stored; it is dropped', { query: batch[0]?.id, error: describeError(error) });
      return { unknown: [], refused: batch };
    }
  };
  /** @returns false when the batch waits for the database */
  const storeBatch = async (batch: Query[]): Promise<boolean> => {
    underWay = batch.length;
    try {
      const { unknown, refused } = await store(batch);
      early.forget([...new Set(batch).difference(new Set(unknown))]);
      settle('stored', batch.length - unknown.length - refused.length);
      settle('lost', refused.length);
      settle('not ours', early.keep(unknown));
    } catch (error) {
      for (const report of batch) if (!waiting.has(report.id)) waiting.set(report.id, report);
      if (!failing) logger.warn('events are not stored for now; they wait', { error: describeError(error) });
      failing = true;
      return false;
    } finally {
      underWay = 0;
    }
    if (failing) logger.info('events are stored again');
    failing = false;
    return true;
  };
  const takeBatch = (): Query[] => {
    const batch = [...waiting.values()].slice(0, BATCH);
    for (const { id } of batch) waiting.delete(id);
    return batch;
  };

  const loop = every(intervalMs, 'storing events', logger, async (signal) => {
    if (performance.now() < notBefore) return;
    for (const report of early.due(BATCH)) waiting.set(report.id, report);
    while (waiting.size > 0 && !signal.aborted) {
      if (await storeBatch(takeBatch())) {
        retryMs = intervalMs;
      } else {
        notBefore = performance.now() + retryMs * (0.5 + Math.random());
        retryMs = Math.min(retryMs * 2, SLOWEST_RETRY_MS);
        return;
      }
    }
  });
  return {
    offer(report) {
      if (waiting.size + underWay >= most && !waiting.has(report.id)) return false;
      waiting.set(report.id, report);
      return true;
    },
    waiting: () => waiting.size + underWay,
    early: early.size,
    [Symbol.asyncDispose]: async () => {
      const limit = Promise.withResolvers<void>();
      const timer = setTimeout(limit.resolve, options.flushTimeLimitMs ?? 2_000);
      const flush = async () => {
        await loop[Symbol.asyncDispose]();
        while (waiting.size > 0 && (await storeBatch(takeBatch())));
      };
      await Promise.race([flush(), limit.promise]);
      clearTimeout(timer);
      const lost = waiting.size + underWay;
      if (lost > 0) logger.warn('events are lost at the stop', { events: lost });
    },
  };
}
