import type { Client } from '@connectrpc/connect';
import {
  type Backend,
  ListQueriesRequest_Order,
  type Query,
  Query_State,
  type QueryService,
} from '@trino-gateway/api/gateway';
import { describeError, type Logger } from '@trino-gateway/runtime';
import { querySuffix, runStatement } from '@trino-gateway/trino';
import { callerOf } from './caller.ts';
import { describeQueryError, withoutQuoted } from './failure.ts';
import type { Outbox } from './outbox.ts';
import { newsOf, type Sighting } from './query-sighting.ts';

/** Follows the queries of backends whose pages do not pass the gateway. */
export type DirectHistory = {
  /**
   * Asks the cluster for every open entry of the history, and tells what has changed. Ends within the time limit per
   * question, and never fails: it is no part of the cluster's health.
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
const IDS_PER_STATEMENT = 200;

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
    follow: async (backend, { timeLimitMs, signal }) => {
      let open: Query[];
      try {
        const queued = await openEntries(backend.id, Query_State.QUEUED, signal);
        open = [...queued, ...(await openEntries(backend.id, Query_State.RUNNING, signal))];
      } catch (error) {
        // Whether the gatewayserver answers is said by those who always ask it.
        logger.debug('the open queries of a backend cannot be read', {
          backend: backend.id,
          error: describeError(error),
        });
        return;
      }
      if (open.length === 0) return;
      try {
        const seen = await sightings(backend, open, { timeLimitMs, signal });
        say(backend.id, undefined);
        const news = open.flatMap((entry) => newsOf(entry, seen.get(entry.trinoQueryId), Date.now()) ?? []);
        // What is replaced before it was told is found again at the next look.
        if (news.length > 0)
          outbox.put(keyOf(backend.id), (told) => queries.recordQueries({ queries: news }, { signal: told }));
      } catch (error) {
        if (!signal.aborted) say(backend.id, describeError(error));
      }
    },
    gone: (backendId) => {
      outbox.drop(keyOf(backendId));
      failing.delete(backendId);
      for (const state of [Query_State.QUEUED, Query_State.RUNNING]) places.delete(`${backendId} ${state}`);
    },
  };
}

/** What the cluster knows of these queries, by its ids. */
async function sightings(
  backend: Backend,
  open: readonly Query[],
  limits: { timeLimitMs: number; signal: AbortSignal },
): Promise<Map<string, Sighting>> {
  const seen = new Map<string, Sighting>();
  for (let from = 0; from < open.length; from += IDS_PER_STATEMENT) {
    const ids = open.slice(from, from + IDS_PER_STATEMENT).map(({ trinoQueryId }) => `'${trinoQueryId}'`);
    const statement = `SELECT query_id, state, error_code, to_unixtime(started), to_unixtime("end") FROM system.runtime.queries WHERE query_id IN (${ids.join(', ')})`;
    const { rows, error } = await runStatement({ ...callerOf(backend), statement, ...limits });
    if (error) throw new Error(describeQueryError(error));
    for (const [id, state, errorName, startedAt, endedAt] of rows)
      seen.set(String(id), {
        state: String(state),
        errorName: typeof errorName === 'string' ? errorName : undefined,
        startedAt: milliseconds(startedAt),
        endedAt: milliseconds(endedAt),
      });
  }
  return seen;
}

function milliseconds(seconds: unknown): number | undefined {
  return typeof seconds === 'number' ? Math.round(seconds * 1_000) : undefined;
}

function keyOf(backendId: string): string {
  return `queries ${backendId}`;
}
