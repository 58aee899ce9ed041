import type { Client } from '@connectrpc/connect';
import {
  type Backend,
  ListQueriesRequest_Order,
  type Query,
  Query_State,
  type QueryService,
} from '@trino-gateway/api/gateway';
import { describeError, type Logger } from '@trino-gateway/runtime';
import { querySuffix } from '@trino-gateway/trino';
import { describeFailure, withoutQuoted } from '../clusters/describe-failure.ts';
import { readSightings } from '../clusters/observe-queries.ts';
import type { Outbox } from '../gatewayserver/outbox.ts';
import { newsOf } from './query-update.ts';

/** Follows the queries of backends whose pages do not pass the gateway. */
export type DirectHistory = {
  /**
   * Asks the cluster for the open entries of the history, and tells what has changed. Ends within the time limit, and
   * never fails: it is no part of the cluster's health.
   */
  follow(backend: Backend, limits: { timeLimitMs: number; signal: AbortSignal }): Promise<void>;
  /** The backend is no longer watched. */
  gone(backendId: string): void;
};

export type DirectHistoryOptions = {
  queries: Pick<Client<typeof QueryService>, 'listQueries' | 'recordQueries'>;
  outbox: Pick<Outbox, 'put' | 'drop'>;
  logger: Logger;
};

// An entry may hold a megabyte of text.
const PAGE_SIZE = 50;
const MOST_PAGES = 10;

/** Nothing followed yet. */
export function createDirectHistory({ queries, outbox, logger }: DirectHistoryOptions): DirectHistory {
  // Where the next look goes on, when there are more open entries than one look takes.
  const places = new Map<string, string>();
  const failing = new Set<string>();

  const openEntries = async (backendId: string, state: Query_State, signal: AbortSignal): Promise<Query[]> => {
    const placeKey = `${backendId} ${state}`;
    const found: Query[] = [];
    let pageToken = places.get(placeKey) ?? '';
    for (let page = 0; page < MOST_PAGES; page++) {
      const answer = await queries.listQueries(
        { backendId, state, order: ListQueriesRequest_Order.OLDEST_FIRST, pageSize: PAGE_SIZE, pageToken },
        { signal },
      );
      // Without the texts, which nobody needs here.
      found.push(...answer.queries.map((query) => ({ ...query, text: '' })));
      pageToken = answer.nextPageToken;
      if (pageToken === '') break;
    }
    if (pageToken === '') places.delete(placeKey);
    else places.set(placeKey, pageToken);
    return found.filter(({ trinoQueryId }) => querySuffix(trinoQueryId) !== undefined);
  };
  const forgetPlaces = (backendId: string) => {
    for (const state of [Query_State.QUEUED, Query_State.RUNNING]) places.delete(`${backendId} ${state}`);
  };
  const open = async (backendId: string, signal: AbortSignal): Promise<Query[]> => {
    try {
      const queued = await openEntries(backendId, Query_State.QUEUED, signal);
      return [...queued, ...(await openEntries(backendId, Query_State.RUNNING, signal))];
    } catch (error) {
      forgetPlaces(backendId); // it may have been the place that it does not know
      // Whether the gatewayserver answers is said by those who always ask it.
      logger.debug('the open queries of a backend cannot be read', { backend: backendId, error: describeError(error) });
      return [];
    }
  };
  const say = (backend: string, problem: string | undefined) => {
    if (problem === undefined) failing.delete(backend);
    else if (!failing.has(backend)) {
      failing.add(backend);
      logger.warn('queries of a DIRECT backend cannot be followed: their history stays open', {
        backend,
        error: withoutQuoted(problem),
      });
    }
  };
  return {
    follow: async (backend, { timeLimitMs, signal: stopped }) => {
      const signal = AbortSignal.any([stopped, AbortSignal.timeout(timeLimitMs)]);
      const news: Query[] = [];
      try {
        const entries = new Map((await open(backend.id, signal)).map((entry) => [entry.trinoQueryId, entry]));
        for await (const { ids, seen } of readSightings(backend, [...entries.keys()], { timeLimitMs, signal })) {
          for (const id of ids) {
            const entry = entries.get(id);
            const one = entry && newsOf(entry, seen.get(id), Date.now());
            if (one) news.push(one);
          }
        }
        say(backend.id, undefined);
      } catch (error) {
        if (stopped.aborted) return;
        say(backend.id, describeFailure(error, timeLimitMs));
      }
      // What is replaced before it was told is found again at the next look.
      if (news.length > 0)
        outbox.put(keyOf(backend.id), (told) => queries.recordQueries({ queries: news }, { signal: told }));
    },
    gone: (backendId) => {
      outbox.drop(keyOf(backendId));
      failing.delete(backendId);
      forgetPlaces(backendId);
    },
  };
}

function keyOf(backendId: string): string {
  return `queries ${backendId}`;
}
