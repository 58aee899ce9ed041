import { describeError, isUnreachable, type Logger, type Loop, refusesToken } from '@trino-gateway/runtime';

/** Tells which queries have ended, in batches, until the gatewayserver has stored it. */
export type LeaseEnds = AsyncDisposable & {
  /** Takes note and returns at once. */
  add(trinoQueryId: string): void;
};

export type LeaseEndsOptions = {
  /** Stores up to 1,000 ids. */
  send: (trinoQueryIds: string[], timeoutMs: number) => Promise<void>;
  /** Calls work now and then, and soon after `hurry`. */
  repeat: (work: (signal: AbortSignal) => Promise<void>) => Loop;
  logger: Logger;
  /** How many ids are kept; default 100,000, beyond it the oldest is left to the monitor's look. */
  most?: number;
};

const BATCH = 1_000;
const SEND_LIMIT_MS = 2_000;

/** Nothing to tell yet. */
export function createLeaseEnds({ send, repeat, logger, most = 100_000 }: LeaseEndsOptions): LeaseEnds {
  const waiting = new Set<string>();
  let failing = false;
  /** False when there is no point in going on now. */
  const sendBatch = async (): Promise<boolean> => {
    const batch = waiting.values().take(BATCH).toArray();
    try {
      await send(batch, SEND_LIMIT_MS);
    } catch (error) {
      failing = isUnreachable(error) || refusesToken(error);
      if (failing) return false;
      const fields = { queries: batch.length, error: describeError(error) };
      logger.warn('the gatewayserver does not accept which queries have ended', fields);
    }
    failing = false;
    for (const id of batch) waiting.delete(id);
    return true;
  };
  const loop = repeat(async (signal) => {
    while (waiting.size > 0 && !signal.aborted) if (!(await sendBatch())) return;
  });
  return {
    add: (trinoQueryId) => {
      const [oldest] = waiting;
      if (waiting.size >= most && oldest !== undefined) waiting.delete(oldest);
      waiting.add(trinoQueryId);
      if (!failing) loop.hurry();
    },
    [Symbol.asyncDispose]: async () => {
      await loop[Symbol.asyncDispose]();
      if (waiting.size > 0) await sendBatch();
    },
  };
}
