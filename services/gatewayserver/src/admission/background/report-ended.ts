import { create } from '@bufbuild/protobuf';
import { timestampFromMs } from '@bufbuild/protobuf/wkt';
import { type Query, Query_State, QuerySchema } from '@trino-gateway/api/gateway';
import { createBoundedLines, createDelivery, describeError, every, type Logger } from '@trino-gateway/runtime';
import { trinoErrors } from '@trino-gateway/trino';
import type { QueryStore } from '../../storage/contract/queries.ts';
import type { Committed } from '../ledger/run-batch.ts';
import { endedMessage } from '../rules/ended-message.ts';
import type { Waiter } from '../state/waiter.ts';

/** Reports queries that ended while they waited: there may be no router left to do so. */
export type EndedReports = AsyncDisposable & {
  committed(changes: Pick<Committed, 'waiters'>): void;
};

const MOST_KEPT = 10_000;
const BATCH = 500;
const EVERY_MS = 500;
const FLUSH_LIMIT_MS = 2_000;
const MOST_LOGGED_PER_SECOND = 50;

/** Reported in the background: history never holds up admission. What does not fit while the database is away is dropped. */
export function reportEnded(history: Pick<QueryStore, 'record'>, logger: Logger): EndedReports {
  const delivery = createDelivery<Query>({
    send: (queries) => history.record(queries),
    repeat: (run) => every(EVERY_MS, 'reporting queries that ended in the queue', logger, run),
    keyOf: ({ id }) => id,
    most: MOST_KEPT,
    displaces: () => false,
    batch: BATCH,
    onFailure: (error) =>
      logger.debug('queries that ended in the queue could not be reported', { error: describeError(error) }),
    flushTimeLimitMs: FLUSH_LIMIT_MS,
  });
  const log = createBoundedLines(logger, MOST_LOGGED_PER_SECOND);
  return {
    committed: ({ waiters }) => {
      for (const { before, after } of waiters)
        if (after?.phase === 'ENDED' && before?.phase !== 'ENDED') {
          delivery.add(endedQuery(after));
          log('a waiting query has ended', named(after));
        }
    },
    [Symbol.asyncDispose]: () => delivery[Symbol.asyncDispose](),
  };
}

/** For the log: without the text, and without the message, which may quote it. */
function named({ id, groupId, user, queuedAt, endedAt, endedBy }: Waiter): Record<string, unknown> {
  return { query: id, user: user.slice(0, 200), group: groupId, error: endedBy, waitedMs: endedAt - queuedAt };
}

function endedQuery(waiter: Waiter): Query {
  const { id, groupId, user, source, queuedAt, endedAt, endedBy } = waiter;
  const code = Object.entries(trinoErrors).find(([name]) => name === endedBy)?.[1].code ?? 0;
  return create(QuerySchema, {
    id,
    groupId,
    user,
    source,
    state: Query_State.FAILED,
    submittedAt: timestampFromMs(queuedAt),
    endedAt: timestampFromMs(endedAt),
    queuedMs: Math.min(endedAt - queuedAt, 2 ** 31 - 1),
    error: { name: endedBy, code, message: endedMessage(waiter) },
  });
}
