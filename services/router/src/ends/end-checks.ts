import { pause } from '@trino-gateway/runtime';
import type { AskCluster, ClusterRequest } from '../clusters/ask.ts';
import type { AdmissionClient } from '../control-plane/admission-client.ts';
import type { LiveQueries } from '../control-plane/live-queries.ts';
import { canceledEnd, type QueryEnd } from '../control-plane/query-end.ts';
import type { Exchange } from '../http/exchange.ts';
import type { ActivatedLeases } from '../leases/activated-leases.ts';
import type { Coordinator } from '../stickiness/coordinator.ts';
import { endedPage, endedQuery, readAnswer } from './answered-end.ts';

/** The query that a client ended, or left, by a request of its own: that request's headers and coordinator. */
export type LeftQuery = { exchange: Exchange; coordinator: Coordinator; queryId: string };

/**
 * Frees the slot of a query whose last page did not pass, and reports how it ended, as soon as its cluster says so. That a cluster
 * accepted a cancel, or that a client hung up, proves nothing: the cluster is asked, at once and a few times more. All return at
 * once; the slots of what they do not find out the monitor's sweeps free.
 */
export type EndChecks = {
  /** The cluster has accepted a DELETE of this link. */
  canceled(query: LeftQuery, link: { target: string; isFirst: boolean }): void;
  /** The client has hung up while it asked for this link, which may have been the last one. */
  left(query: LeftQuery, link: { target: string }): void;
  /** The cluster has accepted a cancel or a kill by the id, or does so now; `assumed` is reported if it does not say how the query ended. */
  killed(query: LeftQuery, assumed?: QueryEnd): void;
};

export type EndChecksOptions = {
  ask: AskCluster;
  admission: Pick<AdmissionClient, 'settle' | 'expireUnpolled'>;
  leases: Pick<ActivatedLeases, 'isLimited' | 'isActivated'>;
  live: Pick<LiveQueries, 'ended'>;
  /** Aborted when the router stops. */
  stopped: AbortSignal;
};

/** Before each question: a cluster needs some 30 ms for a cancel. */
const DELAYS_MS = [0, 50, 150, 400, 1_000];
const ANSWER_TIME_MS = 3_000;
const AT_ONCE = 64;

type Question = {
  path: string;
  delaysMs: readonly number[];
  endIn: (queryId: string, body: Buffer) => QueryEnd | undefined;
};

/** The link alone authorises the question, as it does a poll, and gives the same page however often it is asked for. */
const byLink = (path: string, delaysMs = DELAYS_MS): Question => ({ path, delaysMs, endIn: endedPage });
/** With the credentials that ended the query. */
const byId = (id: string): Question => ({
  path: `/v1/query/${id}?pruned=true`,
  delaysMs: DELAYS_MS,
  endIn: endedQuery,
});

/** Checks nothing yet. */
export function createEndChecks(options: EndChecksOptions): EndChecks {
  const { admission, leases, live } = options;
  const running = new Set<string>();

  const check = (query: LeftQuery, question: Question, assumed?: QueryEnd) => {
    const { queryId, coordinator } = query;
    if (running.has(queryId)) return;
    if (running.size >= AT_ONCE) {
      if (assumed !== undefined) live.ended(queryId, assumed);
      return;
    }
    running.add(queryId);
    void findEnd(options, query, question).then((found) => {
      running.delete(queryId);
      const end = found ?? assumed;
      if (end !== undefined) live.ended(queryId, end);
      if (found !== undefined && leases.isLimited(queryId, [coordinator.backendId])) admission.settle(queryId);
    });
  };
  return {
    canceled: (query, { target, isFirst }) => {
      const { queryId, coordinator } = query;
      if (!isFirst || leases.isActivated(queryId)) {
        check(query, byLink(target), canceledEnd);
        return;
      }
      // It may not have begun, and to ask with its first link would start it.
      live.ended(queryId, canceledEnd);
      if (leases.isLimited(queryId, [coordinator.backendId])) admission.expireUnpolled(queryId);
    },
    left: (query, { target }) => {
      if (leases.isLimited(query.queryId, [query.coordinator.backendId])) check(query, byLink(target, [0]));
    },
    killed: (query, assumed) => check(query, byId(query.queryId), assumed),
  };
}

/** How the query ended; undefined when its cluster does not say. */
async function findEnd(
  { ask, stopped }: EndChecksOptions,
  { exchange, coordinator, queryId }: LeftQuery,
  { path, delaysMs, endIn }: Question,
): Promise<QueryEnd | undefined> {
  for (const delayMs of delaysMs) {
    if (delayMs > 0) await pause(delayMs, stopped);
    if (stopped.aborted) return undefined;
    const signal = AbortSignal.any([stopped, AbortSignal.timeout(ANSWER_TIME_MS)]);
    const request: ClusterRequest = { coordinator, method: 'GET', path, headTimeMs: ANSWER_TIME_MS, signal };
    try {
      const { status, body } = await readAnswer(ask, exchange, request);
      const end = status === 200 ? endIn(queryId, body) : undefined;
      // Refused or unknown: it will not say more when it is asked again.
      if (end !== undefined || (status >= 400 && status < 500)) return end;
    } catch {
      // It does not answer: asked again.
    }
  }
  return undefined;
}
