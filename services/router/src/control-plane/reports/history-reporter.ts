import { create } from '@bufbuild/protobuf';
import { Code, ConnectError } from '@connectrpc/connect';
import { type Query, Query_State, QuerySchema } from '@trino-gateway/api/gateway';
import {
  createDelivery,
  createOutageLog,
  databaseIsAway,
  describeError,
  every,
  gatewayserverOf,
  type Logger,
} from '@trino-gateway/runtime';

/** What is known of a query: all of it, or what has changed. The id may be empty for a query that another router handed over. */
export type QueryReport = Query | (Pick<Query, 'id' | 'trinoQueryId'> & Partial<Progress>);

/** What becomes known of a query while it runs. */
type Progress = Pick<Query, 'state' | 'startedAt' | 'endedAt' | 'error'>;

/** Where reports about queries go. Reporting never waits and never fails. */
export type History = {
  /** The fields that are set complete the query's row; reports about one query merge while they wait. */
  report(query: QueryReport): void;
};

export type RunningHistory = History &
  AsyncDisposable & {
    /** Reports waiting or under way. */
    backlog(): number;
    /** Reports that were given up: the backlog was full, or the gatewayserver refused them. */
    dropped(): number;
  };

export type HistoryOptions = {
  /** Stores a batch within the limit. Called again with the same reports when it failed. */
  send: (queries: QueryReport[], timeLimitMs: number) => Promise<void>;
  /** How many reports are kept (`router.history_backlog`); 0 keeps none, which turns history off. */
  most: number;
  /** How much text is kept, in bytes; default 64 MB. */
  mostBytes?: number;
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
const BATCH_BYTES = 4_000_000;
const LONGEST_PAUSE_MS = 5_000;
const TEXT_CHARACTERS = 1_000_000;
/** Codes that mean that a report itself is at fault, and sending it again is in vain. */
const NOT_ACCEPTABLE = new Set([
  Code.InvalidArgument,
  Code.OutOfRange,
  Code.FailedPrecondition,
  Code.ResourceExhausted,
]);

/** Sends reports in the background, oldest first, and keeps each until the gatewayserver has stored it. */
export function createHistory(options: HistoryOptions): RunningHistory {
  const { send, most, logger, mostBytes = 64_000_000 } = options;
  const { intervalMs, flushTimeLimitMs } = { ...TIMINGS, ...options.timings };
  const outage = createOutageLog({
    logger,
    recovered: 'history is stored again',
    recoveredFields: () => ({ dropped: delivery.dropped() }),
  });
  const delivery = createDelivery<QueryReport>({
    send: (batch, { timeLimitMs }) => send(batch, timeLimitMs),
    repeat: (run) => every(intervalMs, 'sending history', logger, run),
    keyOf,
    merge,
    bytesOf,
    most,
    mostBytes,
    // Ids of queries handed over elsewhere can be made up by anybody: they never displace what was submitted here.
    displaces: ({ id }) => id !== '',
    batch: BATCH,
    batchBytes: BATCH_BYTES,
    backoff: { firstMs: intervalMs, longestMs: LONGEST_PAUSE_MS },
    isRefused: (error) => NOT_ACCEPTABLE.has(ConnectError.from(error).code),
    onRefused: (query, error) =>
      logger.warn('the gatewayserver does not accept a report about a query; it is dropped', {
        query: keyOf(query),
        error: describeError(error),
      }),
    onFailure: (error) => {
      const gatewayserver = gatewayserverOf(error);
      const why = databaseIsAway(error)
        ? `the database of gatewayserver ${gatewayserver ?? ''} does not answer`
        : 'the gatewayserver does not store it';
      const fields = { gatewayserver, waiting: delivery.size(), error: describeError(error) };
      outage.failed(`history is not stored for now; reports are kept: ${why}`, fields);
    },
    onRecovery: outage.succeeded,
    flushTimeLimitMs,
    onLost: (reports) => logger.warn('reports about queries are lost at the stop', { reports }),
  });
  return {
    report: (query) => void delivery.add(withinLimits(query)),
    backlog: delivery.size,
    dropped: delivery.dropped,
    [Symbol.asyncDispose]: () => delivery[Symbol.asyncDispose](),
  };
}

const keyOf = ({ id, trinoQueryId }: QueryReport) => id || trinoQueryId;

const isFinal = (state: Query_State | undefined) => state === Query_State.FINISHED || state === Query_State.FAILED;

const EMPTY = create(QuerySchema);

type Fields = Record<string, unknown>;

/** The older report completed by what is set in the newer one; a final state is never undone. */
function merge(older: QueryReport, newer: QueryReport): QueryReport {
  // What says that it is a message has all of its fields.
  const base = '$typeName' in newer && !('$typeName' in older) ? EMPTY : undefined;
  const merged: Fields & QueryReport = { ...base, ...older };
  for (const field of Object.keys(newer)) {
    const value = (newer as Fields)[field];
    if (value !== '' && value !== 0 && value !== undefined && !(Array.isArray(value) && value.length === 0))
      merged[field] = value;
  }
  if (isFinal(older.state) || !newer.state) {
    merged.state = older.state ?? Query_State.STATE_UNSPECIFIED;
    merged.error = older.error;
    merged.endedAt = older.endedAt;
  }
  return merged;
}

function withinLimits(query: QueryReport): QueryReport {
  if (!('text' in query) || query.text.length <= TEXT_CHARACTERS) return query;
  // A copy through bytes: a slice would keep the whole statement in memory.
  const text = Buffer.from(query.text.slice(0, TEXT_CHARACTERS).toWellFormed()).toString();
  return { ...query, text };
}

function bytesOf(query: QueryReport): number {
  return Buffer.byteLength('text' in query ? query.text : '') + Buffer.byteLength(query.error?.message ?? '');
}
