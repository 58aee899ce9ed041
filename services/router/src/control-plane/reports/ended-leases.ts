import {
  createDelivery,
  describeError,
  isUnreachable,
  type Logger,
  type Loop,
  refusesToken,
} from '@trino-gateway/runtime';

/** Reports which queries have ended, in batches, until the gatewayserver has stored it. */
export type EndedLeases = AsyncDisposable & {
  /** Takes note and returns at once. */
  add(trinoQueryId: string): void;
};

export type EndedLeasesOptions = {
  /** Stores up to 1,000 ids. */
  send: (trinoQueryIds: string[], timeoutMs: number) => Promise<void>;
  /** Calls work now and then, and soon after `hurry`. */
  repeat: (work: (signal: AbortSignal) => Promise<void>) => Loop;
  logger: Logger;
  /** How many ids are kept; default 100,000, beyond it the oldest is left to the monitor's sweep. */
  most?: number;
};

const BATCH = 1_000;
const TIME_LIMIT_MS = 2_000;

/** Nothing to report yet. */
export function createEndedLeases({ send, repeat, logger, most = 100_000 }: EndedLeasesOptions): EndedLeases {
  const delivery = createDelivery<string>({
    send: (trinoQueryIds, { timeLimitMs }) => send(trinoQueryIds, timeLimitMs),
    sendTimeLimitMs: TIME_LIMIT_MS,
    repeat,
    keyOf: (trinoQueryId) => trinoQueryId,
    most,
    batch: BATCH,
    isHurried: true,
    isRefused: (error) => !isUnreachable(error) && !refusesToken(error),
    onRefused: (query, error) =>
      logger.warn('the gatewayserver does not accept that a query has ended', { query, error: describeError(error) }),
    flushTimeLimitMs: TIME_LIMIT_MS,
  });
  return {
    add: (trinoQueryId) => void delivery.add(trinoQueryId),
    [Symbol.asyncDispose]: () => delivery[Symbol.asyncDispose](),
  };
}
