import { create } from '@bufbuild/protobuf';
import { timestampFromMs } from '@bufbuild/protobuf/wkt';
import { type Query, Query_State, QuerySchema } from '@trino-gateway/api/gateway';
import { describeError, every, type Logger } from '@trino-gateway/runtime';
import { trinoErrors } from '@trino-gateway/trino';
import type { Store } from '../../storage/contract/store.ts';
import type { Committed } from '../ledger/ledger.ts';
import { endedMessage } from '../rules/ended-message.ts';
import type { Waiter } from '../state/waiter.ts';

/** Tells history of queries that ended while they waited: perhaps no router is left to. */
export type EndedReports = AsyncDisposable & {
  committed(changes: Pick<Committed, 'waiters'>): void;
};

const MOST_KEPT = 10_000;
const MOST_AT_ONCE = 500;
const EVERY_MS = 500;

/** Written behind: history never holds up admission. What does not fit while the database is away is dropped. */
export function reportEnded(store: Pick<Store, 'recordQueries'>, logger: Logger): EndedReports {
  let ended: Query[] = [];
  const flush = async () => {
    const batch = ended.slice(0, MOST_AT_ONCE);
    if (batch.length === 0) return;
    try {
      await store.recordQueries(batch);
      ended = ended.slice(batch.length);
    } catch (error) {
      logger.debug('history could not be told of queries that ended in the queue', { error: describeError(error) });
    }
  };
  const loop = every(EVERY_MS, 'telling history of queries that ended in the queue', logger, flush);
  return {
    committed: ({ waiters }) => {
      for (const { before, after } of waiters)
        if (after?.phase === 'ENDED' && before?.phase !== 'ENDED' && ended.length < MOST_KEPT)
          ended.push(endedQuery(after));
    },
    async [Symbol.asyncDispose]() {
      await loop[Symbol.asyncDispose]();
      await flush();
    },
  };
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
