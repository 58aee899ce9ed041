import { createDelivery, describeError, every, type Logger } from '@trino-gateway/runtime';
import type { Ledger } from '../ledger/ledger.ts';
import { settle } from '../rules/lease-phases.ts';

/** Releases the slots of queries whose clusters have reported their end by an event. */
export type CompletedQueries = AsyncDisposable & {
  /** Takes note and returns at once. */
  add(trinoQueryId: string): void;
};

type Options = {
  ledger: Pick<Ledger, 'run' | 'state'>;
  /** Whether any backend is limited: where none is and no slot is taken, nothing is stored. */
  isAnyLimited: () => boolean;
  onSettled: (leases: number) => void;
  logger: Logger;
};

/** While the database is away; beyond it the oldest is left to the monitor's sweep. */
const MOST_KEPT = 20_000;
const BATCH = 1_000;
const RETRY_MS = 500;
const FLUSH_LIMIT_MS = 2_000;

/** None yet. Disposal tries once more to store what it has. */
export function settleCompleted({ ledger, isAnyLimited, onSettled, logger }: Options): CompletedQueries {
  const delivery = createDelivery<string>({
    send: async (trinoQueryIds) => onSettled(await ledger.run((admission) => settle(admission, trinoQueryIds))),
    repeat: (run) => every(RETRY_MS, 'releasing the slots of completed queries', logger, run),
    keyOf: (trinoQueryId) => trinoQueryId,
    most: MOST_KEPT,
    batch: BATCH,
    isHurried: true,
    onFailure: (error) =>
      logger.debug('slots of completed queries are released later', { error: describeError(error) }),
    flushTimeLimitMs: FLUSH_LIMIT_MS,
  });
  return {
    add: (trinoQueryId) => {
      if (isAnyLimited() || ledger.state().countedLeases()[Symbol.iterator]().next().done !== true)
        delivery.add(trinoQueryId);
    },
    [Symbol.asyncDispose]: () => delivery[Symbol.asyncDispose](),
  };
}
