import { classifyRequest, isTemporaryQueryId, waitInLink } from '@trino-gateway/trino';
import type { DirectAnswerer, DirectConnection, RequestHead, ResponseHead } from '@trino-gateway/wire';
import type { UnderWay } from '../../clusters/ask.ts';
import { PageObserver } from '../../clusters/page-observer.ts';
import type { CarriedAnswer, CarriedRequest } from '../../http/carrier.ts';
import type { Exchange } from '../../http/exchange.ts';
import { expectAnswer, requestHead } from '../../http/upstream/fast-client.ts';
import type { Upstream } from '../../http/upstream/upstream.ts';
import { DiedIdleError, timeLeft, type UpstreamRequest } from '../../http/upstream/upstream-answer.ts';
import type { ActivatedLeases } from '../../leases/activated-leases.ts';
import { atOnce, type RequestLimits } from '../../limits/request-limits.ts';
import type { Connections } from '../../passive-health/connections.ts';
import type { Coordinator } from '../../stickiness/coordinator.ts';
import type { Ownership } from '../../stickiness/ownership.ts';
import { lastPagePassed } from '../pass-on.ts';
import { type PollCoordinatorDeps, pollCoordinator } from '../poll-coordinator.ts';
import type { Poll } from '../request.ts';
import { openCarried } from './carried-exchange.ts';
import { type DirectListener, DirectPoll, type PollEnds, type SentPoll } from './direct-poll.ts';
import type { KnownAnswer } from './known-answers.ts';
import { createKnownRequests, type KnownRequest, type KnownRequestsDeps } from './known-requests.ts';
import { hasNextLink } from './next-link.ts';
import { holdDirectly, type WaitingPollsDeps } from './waiting-polls.ts';

/** Answers polls whose page is to be passed on as it is, and those of queries that wait here, by their bytes. Disposal ends its watch over those under way. */
export type DirectPolls = Disposable & {
  /** Whoever answers this request; undefined: it is one for the handlers of all requests. */
  answer(head: RequestHead, connection: DirectConnection, at: DirectListener): DirectAnswerer | undefined;
};

export type DirectPollsDeps = PollCoordinatorDeps &
  KnownRequestsDeps &
  WaitingPollsDeps & {
    gateway: KnownRequestsDeps['gateway'] & WaitingPollsDeps['gateway'] & PollCoordinatorDeps['gateway'];
    ownership: Pick<Ownership, 'owners' | 'tlsAt'>;
    upstream: Pick<Upstream, 'poolAt' | 'send'>;
    connections: Pick<Connections, 'reached'>;
    limits: Pick<RequestLimits, 'roomOf' | 'roomAt'>;
    /** Ends an exchange as its handler does. */
    settle(exchange: Exchange, answering: Promise<void>): void;
  };

const STATEMENT = '/v1/statement/';
/** A coordinator answers within a second or so; whatever takes longer has the time limits of every other request. */
const DIRECT_FOR_MS = 3_000;
const SWEEP_EVERY_MS = 1_000;

/** None is under way. */
export function createDirectPolls(deps: DirectPollsDeps): DirectPolls {
  const { ownership, upstream, limits, leases } = deps;
  const requests = createKnownRequests(deps);
  const underWay = new Set<DirectPoll>();
  const ends: PollEnds = {
    passed: (poll, answer, head, page) => {
      underWay.delete(poll);
      poll.sent.listener.passed();
      pagePassed(deps, poll.sent, { answer, head, page });
    },
    carry: (poll, carried) => {
      underWay.delete(poll);
      carry(deps, poll, carried);
    },
  };
  const sweeping = setInterval(() => {
    const before = performance.now() - DIRECT_FOR_MS;
    for (const poll of [...underWay]) {
      if (poll.startedAt > before) break; // they are in the order of their beginning
      poll.carry();
    }
  }, SWEEP_EVERY_MS).unref();
  return {
    answer: (head, connection, listener) => {
      const request = asPoll(head);
      if (request === undefined) return undefined;
      const known = requests.read(head.block, connection.socket, listener.port);
      if (known === undefined || leases.waitBefore(request.queryId) > 0) return undefined;
      if (isTemporaryQueryId(request.queryId)) return holdDirectly(deps, { request, known, connection, listener });
      const owners = ownership.owners(request.queryId);
      const coordinator = owners[0];
      if (coordinator === undefined || owners.length !== 1) return undefined;
      if (mayNeedLease(leases, request, coordinator)) return undefined;
      const lines = requests.linesFor(known, coordinator, listener.port);
      const pool = upstream.poolAt(coordinator.url, ownership.tlsAt(coordinator));
      if (lines === undefined || pool === undefined) return undefined;
      const text = requestHead('GET', request.target, lines);
      const releases = takeRoom(limits, known, coordinator.backendId);
      if (releases === undefined) return undefined;
      const sent: SentPoll = {
        ...{ request, coordinator, known, listener, releases },
        upstream: pool.take(),
      };
      const poll = new DirectPoll(connection, sent, ends);
      underWay.add(poll);
      sent.upstream.send({ isHead: false, head: text }, poll);
      return poll;
    },
    [Symbol.dispose]: () => clearInterval(sweeping),
  };
}

/** A poll without anything beside its link. */
function asPoll({ method, target }: RequestHead): Extract<Poll, { kind: 'poll' }> | undefined {
  if (method !== 'GET' || !target.startsWith(STATEMENT)) return undefined;
  const request = classifyRequest({ method, target });
  return request.kind === 'poll' && request.target === target && waitInLink(target) === 0 ? request : undefined;
}

/** The first poll starts the query: where there is a limit, only with a lease. */
function mayNeedLease(
  leases: Pick<ActivatedLeases, 'isLimited'>,
  { phase, token, queryId }: Extract<Poll, { kind: 'poll' }>,
  { backendId }: Coordinator,
): boolean {
  return phase === 'queued' && token === 1 && leases.isLimited(queryId, [backendId]);
}

/** Undefined where there is none at once: to wait for it, or to refuse, is for the handlers. */
function takeRoom(
  limits: Pick<RequestLimits, 'roomOf' | 'roomAt'>,
  { client }: KnownRequest,
  backendId: string,
): SentPoll['releases'] | undefined {
  const ofClient = atOnce(limits.roomOf(client.ip));
  const ofBackend = ofClient && atOnce(limits.roomAt(backendId));
  if (ofClient !== undefined && ofBackend !== undefined) return { client: ofClient, backend: ofBackend };
  ofClient?.();
  return undefined;
}

/** Notes what every page that passes shows. */
function pagePassed(
  context: DirectPollsDeps,
  { request, coordinator, releases }: SentPoll,
  { answer, head, page }: { answer: KnownAnswer; head: ResponseHead; page: Buffer },
): void {
  const { queryId } = request;
  releases.client();
  releases.backend();
  context.connections.reached(coordinator);
  context.live.seen(queryId);
  if (!hasNextLink(answer.encoding, page)) {
    const observer = new PageObserver(head.rawHeaders);
    observer.push(page);
    const findings = observer.end();
    if (findings.last === true) {
      lastPagePassed(context, queryId, coordinator, findings);
      return;
    }
  }
  if (request.kind === 'poll' && request.phase === 'executing') context.live.running(queryId);
}

/** The poll goes on as an exchange, whose cluster has been asked already. */
function carry(
  context: DirectPollsDeps,
  poll: DirectPoll,
  carried: { request: CarriedRequest; answer: CarriedAnswer },
): void {
  const { known, listener, coordinator, releases } = poll.sent;
  const exchange = openCarried(context, { known, listener, release: releases.client }, carried);
  const underWay: UnderWay = {
    release: releases.backend,
    answer: (sent) => expectPoll(context, poll, sent),
  };
  context.settle(exchange, pollCoordinator(context, exchange, poll.sent.request, coordinator, underWay));
}

async function expectPoll({ upstream }: DirectPollsDeps, poll: DirectPoll, sent: UpstreamRequest) {
  const { startedAt } = poll;
  const { taker, answer } = expectAnswer(sent, {
    ...{ connection: poll.sent.upstream, headTimeMs: sent.headTimeMs, startedAt },
  });
  poll.expect(taker);
  try {
    return await answer;
  } catch (error) {
    if (!(error instanceof DiedIdleError)) throw error;
    return await upstream.send({ ...sent, headTimeMs: timeLeft(sent.headTimeMs, startedAt) });
  }
}
