import type { Client } from '@connectrpc/connect';
import type { Backend, Query, QueryService } from '@trino-gateway/api/gateway';
import type { Logger } from '@trino-gateway/runtime';
import type { ClusterConnections, ClusterLimits } from '../clusters/cluster-connections.ts';
import { describeFailure } from '../clusters/describe-failure.ts';
import { createFailureLog } from '../clusters/failure-log.ts';
import { observeQueries } from '../clusters/observe-queries.ts';
import type { Outbox } from '../gatewayserver/outbox.ts';
import { createOpenQueries } from './open-queries.ts';
import { queryUpdate } from './query-update.ts';

/** Follows the queries of backends whose pages do not pass the gateway. */
export type DirectHistory = {
  /**
   * Asks the cluster about the open queries in the history, and reports what has changed. Ends within the time limit, and
   * never fails: it says nothing about the cluster's health.
   */
  follow(backend: Backend, limits: ClusterLimits): Promise<void>;
  /** The backend is no longer watched. */
  forget(backendId: string): void;
};

export type DirectHistoryOptions = {
  queries: Pick<Client<typeof QueryService>, 'listQueries' | 'recordQueries'>;
  connections: Pick<ClusterConnections, 'of' | 'withToken'>;
  outbox: Pick<Outbox, 'put' | 'drop'>;
  logger: Logger;
};

/** Nothing followed yet. */
export function createDirectHistory({ queries, connections, outbox, logger }: DirectHistoryOptions): DirectHistory {
  const openQueries = createOpenQueries(queries, logger);
  const failures = createFailureLog('queries of a DIRECT backend cannot be followed: their history stays open', logger);
  return {
    follow: async (backend, { timeLimitMs, signal: stopped }) => {
      const signal = AbortSignal.any([stopped, AbortSignal.timeout(timeLimitMs)]);
      const updates: Query[] = [];
      try {
        const open = new Map((await openQueries.read(backend.id, signal)).map((query) => [query.trinoQueryId, query]));
        const limits = { timeLimitMs, signal, dispatcher: await connections.of(backend) };
        const asked = await connections.withToken(backend);
        for await (const { ids, known } of observeQueries(asked, [...open.keys()], limits)) {
          for (const id of ids) {
            const query = open.get(id);
            const update = query && queryUpdate(query, known.get(id), Date.now());
            if (update) updates.push(update);
          }
        }
        failures.clear(backend.id);
      } catch (error) {
        if (stopped.aborted) return;
        failures.failed(backend.id, describeFailure(error, timeLimitMs));
      }
      // What is replaced before it was sent is found again the next time.
      if (updates.length > 0)
        outbox.put(keyOf(backend.id), (sending) => queries.recordQueries({ queries: updates }, { signal: sending }));
    },
    forget: (backendId) => {
      outbox.drop(keyOf(backendId));
      failures.clear(backendId);
      openQueries.forget(backendId);
    },
  };
}

function keyOf(backendId: string): string {
  return `queries ${backendId}`;
}
