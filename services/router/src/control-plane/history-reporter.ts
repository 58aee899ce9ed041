import { Code, ConnectError } from '@connectrpc/connect';
import { type Query, Query_State } from '@trino-gateway/api/gateway';
import { describeError, every, type Logger } from '@trino-gateway/runtime';

/** Where reports about queries go. Reporting never waits and never fails. */
export type History = {
  /**
   * What is set fills or completes the query's row; reports about one query merge while they wait. Its id may be empty for a
   * query that somebody else has handed over.
   */
  report(query: Query): void;
};

export type RunningHistory = History &
  AsyncDisposable & {
    /** Reports waiting or under way. */
    backlog(): number;
    /** Reports that were given up: the backlog was full, or the gatewayserver would not have them. */
    dropped(): number;
  };

export type HistoryOptions = {
  /** Stores a batch; resolves when it is stored, fails within the limit. Called again with the same reports when it failed. */
  send: (queries: Query[], timeLimitMs: number) => Promise<void>;
  /** How many reports are kept (`router.history_backlog`); 0 keeps none, which turns history off. */
  most: number;
  /** How much text is kept, in bytes; default 64 MB. */
  mostBytes?: number;
  /** Time between batches; default 250 ms. */
  intervalMs?: number;
  /** How long the last reports may take at the end; default 2 s. */
  flushTimeLimitMs?: number;
  logger: Logger;
};

const BATCH = 500;
const BATCH_BYTES = 4_000_000;
const SEND_TIME_LIMIT_MS = 5_000;
const SLOWEST_RETRY_MS = 5_000;
const TEXT_CHARACTERS = 1_000_000;
/** Codes that tell that a report itself is at fault, so that sending it again is in vain. */
const NOT_ACCEPTABLE = new Set([
  Code.InvalidArgument,
  Code.OutOfRange,
  Code.FailedPrecondition,
  Code.ResourceExhausted,
]);

type Waiting = { query: Query; bytes: number };

/** Sends reports in the background, oldest first, and keeps each until the gatewayserver has stored it. */
export function createHistory(options: HistoryOptions): RunningHistory {
  const { send, most, logger } = options;
  const mostBytes = options.mostBytes ?? 64_000_000;
  const intervalMs = options.intervalMs ?? 250;
  const waiting = new Map<string, Waiting>();
  let bytes = 0;
  let underWay = 0;
  let dropped = 0;
  let failing = false;
  let retryMs = intervalMs;
  let notBefore = 0;

  const put = (query: Query) => {
    const key = query.id || query.trinoQueryId;
    const before = waiting.get(key);
    const merged = before ? merge(before.query, query) : query;
    const size = bytesOf(merged);
    waiting.set(key, { query: merged, bytes: size });
    bytes += size - (before?.bytes ?? 0);
  };
  const take = (id: string, { bytes: size }: Waiting) => {
    waiting.delete(id);
    bytes -= size;
  };
  const keepBounds = () => {
    for (const [id, oldest] of waiting) {
      if (waiting.size + underWay <= most && bytes <= mostBytes) return;
      take(id, oldest);
      dropped++;
    }
  };
  const takeBatch = (): Query[] => {
    const batch: Query[] = [];
    let size = 0;
    for (const [id, next] of waiting) {
      if (batch.length === BATCH || (batch.length > 0 && size + next.bytes > BATCH_BYTES)) break;
      take(id, next);
      batch.push(next.query);
      size += next.bytes;
    }
    return batch;
  };
  /** Failed reports are older than what came in meanwhile: they go to the front, and the newer words win. */
  const giveBack = (batch: readonly Query[]) => {
    const newer = [...waiting.values()];
    waiting.clear();
    bytes = 0;
    for (const query of batch) put(query);
    for (const { query } of newer) put(query);
    keepBounds();
  };
  /** One unacceptable report must not hold up the others: halves are tried until it is alone, then it is dropped. */
  const store = async (batch: Query[], timeLimitMs: number): Promise<void> => {
    try {
      await send(batch, timeLimitMs);
    } catch (error) {
      if (!NOT_ACCEPTABLE.has(ConnectError.from(error).code)) throw error;
      if (batch.length === 1) {
        dropped++;
        logger.warn('the gatewayserver does not accept a report about a query; it is dropped', {
          query: batch[0]?.id || batch[0]?.trinoQueryId,
          error: describeError(error),
        });
        return;
      }
      const middle = Math.ceil(batch.length / 2);
      await store(batch.slice(0, middle), timeLimitMs);
      await store(batch.slice(middle), timeLimitMs);
    }
  };
  const sendOnce = async (timeLimitMs: number): Promise<boolean> => {
    const batch = takeBatch();
    underWay = batch.length;
    try {
      await store(batch, timeLimitMs);
      underWay = 0;
    } catch (error) {
      underWay = 0;
      giveBack(batch);
      if (!failing) logger.warn('history is not stored for now; reports are kept', { error: describeError(error) });
      failing = true;
      return false;
    }
    if (failing) logger.info('history is stored again', { dropped });
    failing = false;
    return true;
  };

  const loop = every(intervalMs, 'sending history', logger, async (signal) => {
    if (performance.now() < notBefore) return;
    while (waiting.size > 0 && !signal.aborted) {
      if (await sendOnce(SEND_TIME_LIMIT_MS)) {
        retryMs = intervalMs;
        if (waiting.size < BATCH) return;
      } else {
        notBefore = performance.now() + retryMs * (0.5 + Math.random());
        retryMs = Math.min(retryMs * 2, SLOWEST_RETRY_MS);
        return;
      }
    }
  });
  const flushTimeLimitMs = options.flushTimeLimitMs ?? 2_000;
  return {
    report: (query) => {
      // Of what others have handed over anybody can make up ids: that never displaces what was submitted here.
      if (query.id === '' && waiting.size + underWay >= most && !waiting.has(query.trinoQueryId)) {
        dropped++;
        return;
      }
      put(withinLimits(query));
      keepBounds();
    },
    backlog: () => waiting.size + underWay,
    dropped: () => dropped,
    [Symbol.asyncDispose]: async () => {
      const deadline = performance.now() + flushTimeLimitMs;
      const limit = Promise.withResolvers<void>();
      const timer = setTimeout(limit.resolve, flushTimeLimitMs);
      await Promise.race([loop[Symbol.asyncDispose](), limit.promise]);
      clearTimeout(timer);
      while (waiting.size > 0) {
        const leftMs = Math.ceil(deadline - performance.now()); // the protocol has whole milliseconds only
        if (leftMs < 1 || !(await sendOnce(leftMs))) break;
      }
      const lost = waiting.size + underWay;
      if (lost > 0) logger.warn('reports about queries are lost at the stop', { reports: lost });
    },
  };
}

const isFinal = (state: Query_State) => state === Query_State.FINISHED || state === Query_State.FAILED;

/** The older report completed by what is set in the newer one; a final state is never undone. */
function merge(older: Query, newer: Query): Query {
  const merged: Record<string, unknown> & Query = { ...older };
  for (const [field, value] of Object.entries(newer))
    if (value !== '' && value !== 0 && value !== undefined && !(Array.isArray(value) && value.length === 0))
      merged[field] = value;
  if (isFinal(older.state) || newer.state === Query_State.STATE_UNSPECIFIED) {
    merged.state = older.state;
    merged.error = older.error;
    merged.endedAt = older.endedAt;
  }
  return merged;
}

function withinLimits(query: Query): Query {
  if (query.text.length <= TEXT_CHARACTERS) return query;
  // A copy through bytes: a slice would keep the whole statement in memory.
  const text = Buffer.from(query.text.slice(0, TEXT_CHARACTERS).toWellFormed()).toString();
  return { ...query, text };
}

function bytesOf({ text, error }: Query): number {
  return Buffer.byteLength(text) + Buffer.byteLength(error?.message ?? '');
}
