import { create } from '@bufbuild/protobuf';
import { timestampFromMs } from '@bufbuild/protobuf/wkt';
import { type Query, Query_ErrorSchema, Query_State } from '@trino-gateway/api/gateway';
import { LRUCache } from 'lru-cache';
import type { FailureLog } from './failure-log.ts';
import { createKnownQueries, type IncarnationQueries, type KnownQueries } from './known-queries.ts';
import { createDirectTable, createLiveCounts, createLiveTable, type LiveTable } from './live-tables.ts';
import type { QueryEnd } from './query-end.ts';
import type { History } from './reports/history-reporter.ts';

/** The queries this router has handed over, kept to count them and to report how they ended. */
export type LiveQueries = {
  /** A statement was handed over (or refused: then `query` already has its final state). Goes to history. */
  started(query: Query): void;
  /**
   * A statement was handed over to a cluster that serves the further pages to the client directly. Goes to history, where others
   * report its end; is counted for a short time only, until the monitor's load shows it.
   */
  directQueryStarted(query: Query): void;
  /** This query was polled: it is not abandoned. */
  seen(trinoQueryId: string): void;
  /** Its first executing page passed. */
  running(trinoQueryId: string): void;
  /** A last page, or a cancel, showed how it ended. Also for queries that another router handed over. */
  ended(trinoQueryId: string, end: QueryEnd): void;
  /** A statement that waited in the gateway under this temporary id has ended there: no cluster ever had it. */
  queuedQueryEnded(id: string, end: QueryEnd): void;
  /** Live queries by backend id. */
  counts(): ReadonlyMap<string, number>;
};

/** What other processes of the same router are told of queries that they may have handed over. */
export type QueryNews = { kind: 'ended'; queryId: string } | { kind: 'seen'; queryIds: readonly string[] };

/** Live queries, as the process that runs them sees them. */
export type LiveQueryTable = LiveQueries & {
  /** Another process of this router has seen a page, or the end, of queries that were perhaps handed over here. */
  elsewhere(news: QueryNews): void;
  /** Reports as UNKNOWN, and forgets, queries that nobody has polled for too long. To be called regularly. */
  sweep(): void;
  /** What is known here of the queries of an incarnation. */
  ofIncarnation(suffix: string): IncarnationQueries;
  /** How many are live. */
  size(): number;
  /** How many were forgotten because there were too many at once. */
  dropped(): number;
};

export type LiveQueriesOptions = {
  history: History;
  failures: FailureLog;
  /** Tells the other processes of this router; absent where there are none. */
  tell?: ((news: QueryNews) => void) | undefined;
  /** Epoch milliseconds. */
  now?: () => number;
  /** How many are remembered; default 200,000, beyond it the oldest is forgotten. */
  most?: number;
  /** Shorter in tests, in milliseconds. */
  timings?: Partial<typeof TIMINGS>;
};

const TIMINGS = {
  /** Silence after which a query counts as abandoned: one minute more than Trino's own limit. */
  abandonedAfterMs: 360_000,
  /** How long a query counts whose client polls the cluster itself: one and a half of the monitor's intervals. */
  directForMs: 15_000,
};

/** Ids whose end, or whose start elsewhere, was reported: repeated polls repeat pages, not reports. */
const REMEMBERED = 20_000;
/** Queries handed over elsewhere whose polls are told of at a time. */
const MOST_TOLD = 20_000;

/** An empty table. */
export function createLiveQueries(options: LiveQueriesOptions): LiveQueryTable {
  const { history, failures, tell, now = Date.now, most = 200_000 } = options;
  const { abandonedAfterMs, directForMs } = { ...TIMINGS, ...options.timings };
  const counts = createLiveCounts();
  const live = createLiveTable(counts, most);
  const direct = createDirectTable(counts, most);
  const known = createKnownQueries(now);
  const reported = new LRUCache<string, 'running' | 'ended'>({ max: REMEMBERED });

  const seenForOthers = createSeenForOthers(tell);
  const hasEnded = (ids: Ids, end: QueryEnd) => reportEnd(history, ids, end, now());

  return {
    started: (query) => {
      history.report(query);
      const { id, trinoQueryId, backendId, user, groupId, state, error } = query;
      if (error !== undefined) failures.refused(query, error.name);
      if (trinoQueryId === '' || isOver(state) || live.get(trinoQueryId)) return;
      known.handedOver(trinoQueryId, false);
      const running = state === Query_State.RUNNING;
      live.add(trinoQueryId, { id, backendId, user, groupId, running, lastSeenMs: now() });
    },
    directQueryStarted: (query) => {
      history.report(query);
      const { trinoQueryId, backendId, state } = query;
      if (trinoQueryId === '' || isOver(state) || direct.has(trinoQueryId)) return;
      known.handedOver(trinoQueryId, true);
      direct.add(trinoQueryId, backendId, now() + directForMs);
      direct.expire(now());
    },
    seen: (trinoQueryId) => {
      known.polled(trinoQueryId);
      const entry = live.get(trinoQueryId);
      if (entry) entry.lastSeenMs = now();
      else seenForOthers?.add(trinoQueryId);
    },
    running: (trinoQueryId) => {
      const entry = live.get(trinoQueryId);
      if (entry) {
        entry.lastSeenMs = now();
        if (entry.running) return;
        entry.running = true;
      } else {
        if (reported.has(trinoQueryId)) return;
        reported.set(trinoQueryId, 'running');
      }
      // The id is empty for a query of another router, which knows it: it differs from Trino's if the query has waited in the gateway.
      const id = entry?.id ?? '';
      history.report({ id, trinoQueryId, state: Query_State.RUNNING, startedAt: timestampFromMs(now()) });
    },
    ended: (trinoQueryId, end) => {
      known.ended(trinoQueryId);
      const entry = live.get(trinoQueryId);
      if (!entry && reported.get(trinoQueryId) === 'ended') return;
      if (!entry) tell?.({ kind: 'ended', queryId: trinoQueryId });
      live.remove(trinoQueryId);
      reported.set(trinoQueryId, 'ended');
      if (end.error !== undefined) failures.failed({ ...entry, trinoQueryId }, end.error.name);
      hasEnded({ id: entry?.id ?? '', trinoQueryId }, end);
    },
    queuedQueryEnded: (id, end) => {
      if (reported.get(id) === 'ended') return;
      reported.set(id, 'ended');
      hasEnded({ id, trinoQueryId: '' }, end);
    },
    counts: () => {
      direct.expire(now());
      return counts.byBackend();
    },
    elsewhere: (news) => hear(news, { live, known, reported }, now()),
    sweep: () => {
      seenForOthers?.tell();
      direct.expire(now());
      known.sweep();
      for (const [trinoQueryId, { id }] of live.takeSilentSince(now() - abandonedAfterMs))
        hasEnded({ id, trinoQueryId }, { state: Query_State.UNKNOWN });
    },
    ofIncarnation: known.ofIncarnation,
    size: live.size,
    dropped: live.dropped,
  };
}

/** Queries that were polled here and handed over elsewhere; undefined where there is nobody to tell. */
function createSeenForOthers(tell: LiveQueriesOptions['tell']) {
  const queryIds = new Set<string>();
  return (
    tell && {
      add: (queryId: string) => void (queryIds.size < MOST_TOLD && queryIds.add(queryId)),
      tell: () => {
        if (queryIds.size > 0) tell({ kind: 'seen', queryIds: [...queryIds] });
        queryIds.clear();
      },
    }
  );
}

type Tables = { live: LiveTable; known: KnownQueries; reported: LRUCache<string, 'running' | 'ended'> };

/** What another process of this router has seen, and has reported. */
function hear(news: QueryNews, { live, known, reported }: Tables, now: number): void {
  if (news.kind === 'seen') {
    live.seen(news.queryIds, now);
    return;
  }
  known.ended(news.queryId);
  live.remove(news.queryId);
  reported.set(news.queryId, 'ended');
}

function isOver(state: Query_State): boolean {
  return state === Query_State.FINISHED || state === Query_State.FAILED || state === Query_State.UNKNOWN;
}

type Ids = { id: string; trinoQueryId: string };

function reportEnd(history: History, ids: Ids, { state, error }: QueryEnd, now: number): void {
  const endedAt = timestampFromMs(now);
  history.report({ ...ids, state, endedAt, ...(error && { error: create(Query_ErrorSchema, error) }) });
}
