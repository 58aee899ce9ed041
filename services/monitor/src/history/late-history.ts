import { timestampFromMs } from '@bufbuild/protobuf/wkt';
import type { Client } from '@connectrpc/connect';
import { clusterAccess } from '@trino-gateway/api/cluster-access';
import { type Backend, type Query, type QueryService, Query_State as State } from '@trino-gateway/api/gateway';
import type { Logger } from '@trino-gateway/runtime';
import { knowsQuery } from '@trino-gateway/trino/client';
import type { ClusterConnections, ClusterLimits } from '../clusters/cluster-connections.ts';
import { describeFailure } from '../clusters/describe-failure.ts';
import { createFailureLog } from '../clusters/failure-log.ts';
import { observeQueries } from '../clusters/observe-queries.ts';
import type { Outbox } from '../gatewayserver/outbox.ts';
import { createAskingPace } from './asking-pace.ts';
import { createOpenQueries } from './open-queries.ts';
import { queryUpdate } from './query-update.ts';

/**
 * Finds out how queries ended whose last page passed no router: their clients did not read them to the end, or the router died. Their
 * clusters are asked late, so that most have ended by themselves, and gently: see {@link createAskingPace}.
 */
export type LateHistory = {
  /** Asks, if it is time, and reports what has changed. Ends within the time limit, and never fails. */
  follow(backend: Backend, limits: { timeLimitMs: number; signal: AbortSignal }): Promise<void>;
  /** The backend is no longer watched. */
  forget(backendId: string): void;
};

export type LateHistoryOptions = {
  queries: Pick<Client<typeof QueryService>, 'listQueries' | 'recordQueries'>;
  connections: Pick<ClusterConnections, 'of' | 'withToken'>;
  outbox: Pick<Outbox, 'put' | 'drop'>;
  logger: Logger;
};

/** A query younger than this is left to its router. */
const LATE_MS = 30_000;
/** A cluster keeps ended queries for a quarter of an hour. */
const GUESSED_FOR_MS = 3_600_000;
const MOST_AT_ONCE = 200;
const MOST_CONFIRMED = 20;

/** Nothing asked yet. */
export function createLateHistory({ queries, connections, outbox, logger }: LateHistoryOptions): LateHistory {
  const openQueries = createOpenQueries(queries, logger);
  const pace = createAskingPace(() => performance.now());
  const failures = createFailureLog(
    'a cluster does not say how queries ended: their history stays open or UNKNOWN',
    logger,
  );
  const readLate = (backendId: string, signal: AbortSignal) => {
    const [submittedBefore, submittedAfter] = [LATE_MS, GUESSED_FOR_MS].map((ms) => timestampFromMs(Date.now() - ms));
    return openQueries.read(backendId, signal, [
      { state: State.QUEUED, submittedBefore },
      { state: State.RUNNING, submittedBefore },
      { state: State.UNKNOWN, submittedBefore, submittedAfter },
    ]);
  };
  return {
    follow: async (backend, { timeLimitMs, signal: stopped }) => {
      if (!pace.isDue(backend.id)) return;
      pace.asked(backend.id, true);
      const signal = AbortSignal.any([stopped, AbortSignal.timeout(timeLimitMs)]);
      const late = (await readLate(backend.id, signal)).map((query) => ({
        id: query.trinoQueryId,
        isGuess: query.state === State.UNKNOWN,
        query,
      }));
      const updates: Query[] = [];
      try {
        const limits = { timeLimitMs, signal, dispatcher: await connections.of(backend) };
        const asked = pace.take(late, MOST_AT_ONCE).map(({ query }) => query);
        for await (const update of updatesOf(await connections.withToken(backend), asked, limits)) updates.push(update);
        if (asked.length > 0) failures.clear(backend.id);
      } catch (error) {
        if (stopped.aborted) return;
        pace.asked(backend.id, false);
        failures.failed(backend.id, describeFailure(error, timeLimitMs));
      }
      if (updates.length > 0)
        outbox.put(keyOf(backend.id), (sending) => queries.recordQueries({ queries: updates }, { signal: sending }));
    },
    forget: (backendId) => {
      outbox.drop(keyOf(backendId));
      failures.clear(backendId);
      openQueries.forget(backendId);
      pace.forget(backendId);
    },
  };
}

const keyOf = (backendId: string) => `late queries ${backendId}`;

/** What a cluster says of these queries, as reports. Throws when it does not answer, or refuses. */
async function* updatesOf(backend: Backend, asked: readonly Query[], limits: ClusterLimits): AsyncGenerator<Query> {
  const entries = new Map(asked.map((query) => [query.trinoQueryId, query]));
  let confirmations = 0;
  for await (const { ids, known } of observeQueries(backend, [...entries.keys()], limits)) {
    for (const id of ids) {
      const entry = entries.get(id);
      const update = entry && queryUpdate(entry, known.get(id), Date.now());
      if (update === undefined || update.state === entry?.state) continue;
      if (update.state === State.UNKNOWN) {
        // The list leaves out what its reader may not see; asked by its id, a cluster then refuses.
        confirmations += 1;
        if (confirmations > MOST_CONFIRMED || (await knowsQuery(id, { ...clusterAccess(backend), ...limits })))
          continue;
      }
      yield update;
    }
  }
}
