import { create } from '@bufbuild/protobuf';
import { timestampFromMs } from '@bufbuild/protobuf/wkt';
import { type Query, Query_ErrorSchema, Query_State, QuerySchema } from '@trino-gateway/api/gateway';
import { LRUCache } from 'lru-cache';
import type { History } from './reports/history-reporter.ts';

/** What the router remembers of a query it handed over, to count it and to tell how it ended. */
export type LiveQueries = {
  /** A statement was handed over (or refused: then `query` already has its final state). Goes to history. */
  started(query: Query): void;
  /**
   * A statement was handed over to a cluster from which its client gets the further pages itself. Goes to history, whose row
   * others complete; is counted for a short time only, until the monitor's load shows it.
   */
  departed(query: Query): void;
  /** A poll for this Trino id passed; keeps it from being taken for abandoned. */
  seen(trinoQueryId: string): void;
  /** Its first executing page passed. */
  running(trinoQueryId: string): void;
  /** The last page, or a cancel, told how it ended. Also for ids this router did not hand over. */
  ended(
    trinoQueryId: string,
    end: { state: Query['state']; error?: { name: string; code: number; message: string } },
  ): void;
  /** A statement that waited in the gateway under this temporary id has ended there: no cluster ever had it. */
  gaveUp(id: string, end: { state: Query['state']; error?: { name: string; code: number; message: string } }): void;
  /** Live queries by backend id. */
  counts(): ReadonlyMap<string, number>;
};

/** The table with what its owner looks after. */
export type LiveQueryTable = LiveQueries & {
  /** Reports as UNKNOWN, and forgets, what nobody has polled for too long. To be called now and then. */
  sweep(): void;
  /** How many are live. */
  size(): number;
  /** How many were forgotten because there were too many at once. */
  dropped(): number;
};

export type LiveQueriesOptions = {
  history: History;
  /** Epoch milliseconds. */
  now?: () => number;
  /** Silence after which a query counts as abandoned; default 6 minutes, one more than Trino's own limit. */
  abandonedAfterMs?: number;
  /** How long a query counts that departed; default 15 s, one and a half of the monitor's intervals. */
  departedForMs?: number;
  /** How many are remembered; default 200,000, beyond it the oldest is forgotten. */
  most?: number;
};

type Live = { id: string; backendId: string; running: boolean; lastSeenMs: number };

/** Ids whose end, or whose start elsewhere, was told: repeated polls repeat pages, not reports. */
const REMEMBERED = 20_000;

/** An empty table. */
export function createLiveQueries(options: LiveQueriesOptions): LiveQueryTable {
  const { history } = options;
  const now = options.now ?? Date.now;
  const abandonedAfterMs = options.abandonedAfterMs ?? 360_000;
  const departedForMs = options.departedForMs ?? 15_000;
  const most = options.most ?? 200_000;
  const live = new Map<string, Live>();
  const departed = new Map<string, { backendId: string; untilMs: number }>();
  const counts = new Map<string, number>();
  const told = new LRUCache<string, 'running' | 'ended'>({ max: REMEMBERED });
  let dropped = 0;

  const count = (backendId: string, change: 1 | -1) => {
    const left = (counts.get(backendId) ?? 0) + change;
    if (left > 0) counts.set(backendId, left);
    else counts.delete(backendId);
  };
  const forget = (trinoQueryId: string, entry: Live) => {
    live.delete(trinoQueryId);
    count(entry.backendId, -1);
  };
  // In the order of time: what is over stands at the front.
  const letGo = () => {
    for (const [trinoQueryId, { backendId, untilMs }] of departed) {
      if (untilMs > now() && departed.size <= most) return;
      departed.delete(trinoQueryId);
      count(backendId, -1);
    }
  };
  const report = (
    trinoQueryId: string,
    id: string,
    fields: Partial<Pick<Query, 'state' | 'startedAt' | 'endedAt' | 'error'>>,
  ) => history.report(create(QuerySchema, { id, trinoQueryId, ...fields }));

  return {
    started: (query) => {
      history.report(query);
      const { id, trinoQueryId, backendId } = query;
      if (trinoQueryId === '' || isOver(query.state) || live.has(trinoQueryId)) return;
      live.set(trinoQueryId, { id, backendId, running: query.state === Query_State.RUNNING, lastSeenMs: now() });
      count(backendId, 1);
      if (live.size <= most) return;
      for (const [oldestId, oldest] of live) {
        forget(oldestId, oldest);
        dropped++;
        break;
      }
    },
    departed: (query) => {
      history.report(query);
      const { trinoQueryId, backendId } = query;
      if (trinoQueryId === '' || isOver(query.state) || departed.has(trinoQueryId)) return;
      departed.set(trinoQueryId, { backendId, untilMs: now() + departedForMs });
      count(backendId, 1);
      letGo();
    },
    seen: (trinoQueryId) => {
      const entry = live.get(trinoQueryId);
      if (entry) entry.lastSeenMs = now();
    },
    running: (trinoQueryId) => {
      const entry = live.get(trinoQueryId);
      if (entry) {
        entry.lastSeenMs = now();
        if (entry.running) return;
        entry.running = true;
      } else {
        if (told.has(trinoQueryId)) return;
        told.set(trinoQueryId, 'running');
      }
      // Without one: whoever handed it over knows its id, which is another one where it has waited in the gateway.
      report(trinoQueryId, entry?.id ?? '', {
        state: Query_State.RUNNING,
        startedAt: timestampFromMs(now()),
      });
    },
    ended: (trinoQueryId, { state, error }) => {
      const entry = live.get(trinoQueryId);
      if (!entry && told.get(trinoQueryId) === 'ended') return;
      if (entry) forget(trinoQueryId, entry);
      told.set(trinoQueryId, 'ended');
      report(trinoQueryId, entry?.id ?? '', {
        state,
        endedAt: timestampFromMs(now()),
        ...(error && { error: create(Query_ErrorSchema, error) }),
      });
    },
    gaveUp: (id, { state, error }) => {
      if (told.get(id) === 'ended') return;
      told.set(id, 'ended');
      report('', id, {
        state,
        endedAt: timestampFromMs(now()),
        ...(error && { error: create(Query_ErrorSchema, error) }),
      });
    },
    counts: () => {
      letGo();
      return counts;
    },
    sweep: () => {
      letGo();
      const silentSince = now() - abandonedAfterMs;
      for (const [trinoQueryId, entry] of live) {
        if (entry.lastSeenMs > silentSince) continue;
        forget(trinoQueryId, entry);
        report(trinoQueryId, entry.id, { state: Query_State.UNKNOWN, endedAt: timestampFromMs(now()) });
      }
    },
    size: () => live.size,
    dropped: () => dropped,
  };
}

function isOver(state: Query_State): boolean {
  return state === Query_State.FINISHED || state === Query_State.FAILED || state === Query_State.UNKNOWN;
}
