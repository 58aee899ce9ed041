import type { Query } from '@trino-gateway/api/gateway';
import { createDelivery, createOutageLog, describeError, every, type Logger } from '@trino-gateway/runtime';
import { DatabaseUnavailableError } from '../storage/contract/errors.ts';
import { createEarlyReports } from './early-reports.ts';

/** Reports of events on their way into history. */
export type EventQueue = AsyncDisposable & {
  /** Takes a report; false when there is no room, which its sender should learn. */
  offer(report: Query): boolean;
  /** Reports that were taken and are not stored yet. */
  waiting(): number;
  /** Reports about queries that no router has reported so far. */
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
  logger: Logger;
  /** Shorter in tests, in milliseconds. */
  timings?: Partial<typeof TIMINGS>;
};

const TIMINGS = {
  /** Time between batches. */
  intervalMs: 250,
  /** How long the last reports may take at the end. */
  flushTimeLimitMs: 2_000,
};

const BATCH = 500;
const LONGEST_PAUSE_MS = 5_000;

/**
 * Stores reports in the background, in batches. While the database is away they wait; those that are ahead of their
 * router's word are kept aside and tried again.
 */
export function createEventQueue(options: EventQueueOptions): EventQueue {
  const { complete, onSettled, logger, most = 20_000 } = options;
  const { intervalMs, flushTimeLimitMs } = { ...TIMINGS, ...options.timings };
  const early = createEarlyReports({ most, now: () => performance.now() });

  const settle = (outcome: Settled, count: number) => {
    if (count > 0) onSettled(outcome, count);
  };
  const outage = createOutageLog({ logger, recovered: 'events are stored again' });
  const delivery = createDelivery<Query>({
    send: async (batch) => {
      const unknown = await complete(batch);
      early.forget([...new Set(batch).difference(new Set(unknown))]);
      settle('stored', batch.length - unknown.length);
      settle('not ours', early.keep(unknown));
    },
    repeat: (run) => every(intervalMs, 'storing events', logger, run),
    keyOf: ({ id }) => id,
    most,
    displaces: () => false,
    due: () => early.due(BATCH),
    batch: BATCH,
    backoff: { firstMs: intervalMs, longestMs: LONGEST_PAUSE_MS },
    isRefused: (error) => !(error instanceof DatabaseUnavailableError),
    onRefused: (report, error) => {
      logger.warn('an event cannot be stored; it is dropped', { query: report.id, error: describeError(error) });
      early.forget([report]);
      settle('lost', 1);
    },
    onFailure: (error) =>
      outage.failed('events are not stored for now; they wait', {
        waiting: delivery.size(),
        error: describeError(error),
      }),
    onRecovery: outage.succeeded,
    flushTimeLimitMs,
    onLost: (events) => logger.warn('events are lost at the stop', { events }),
  });
  return {
    offer: delivery.add,
    waiting: delivery.size,
    early: early.size,
    [Symbol.asyncDispose]: () => delivery[Symbol.asyncDispose](),
  };
}
