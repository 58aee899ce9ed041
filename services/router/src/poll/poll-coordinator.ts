import { Query_State } from '@trino-gateway/api/gateway';
import type { RouterConfig } from '@trino-gateway/config';
import { type Logger, pause } from '@trino-gateway/runtime';
import { failedPage, firstHeader, type TrinoErrorName, trinoErrors } from '@trino-gateway/trino';
import { type AskCluster, type ClusterAnswer, isRedirect, type UnderWay } from '../clusters/ask.ts';
import { infoUri, outsideUrl } from '../http/client-address.ts';
import type { Exchange } from '../http/exchange.ts';
import { answerError, answerPage } from '../http/responses.ts';
import { UpstreamError } from '../http/upstream/upstream-answer.ts';
import type { ActivatedLeases } from '../leases/activated-leases.ts';
import { RETRY_AFTER } from '../limits/request-limits.ts';
import type { Coordinator } from '../stickiness/coordinator.ts';
import { type PassOnDeps, passOn } from './pass-on.ts';
import { methodOf, type Poll } from './request.ts';
import { hasRestarted } from './restarted.ts';

export type PollCoordinatorDeps = PassOnDeps & {
  leases: Pick<ActivatedLeases, 'wasTurnedAway'>;
  ask: AskCluster;
  config: Pick<RouterConfig, 'poll_time_limit'>;
  /** How long to wait before each repetition of a poll that its coordinator did not answer. */
  pollRetryDelaysMs: readonly number[];
  logger: Logger;
};

/** As long as Trino holds a poll: some clients give up at the first 503, and some after three seconds of silence. */
const ROOM_TIME_MS = 1_000;

const maybeUp: ReadonlySet<number> = new Set([502, 503, 504]);

/**
 * Asks the one coordinator. The same link gives the same page however often it is asked for, so repeating it bridges an outage.
 * `underWay`: it has been asked for the first time.
 *
 * The answer to a client when the outage lasts:
 * - the coordinator refuses or drops every connection: its process is gone, and with it the query. A GET gets a last page that
 *   says so, as a failed query does: the page ends every client with a clear message, where 503 would make some poll for hours
 *   and others give up without one. Heartbeats and cancels get a final HTTP error. The same where another process answers there.
 * - it accepts the connection and is silent: the query may well be running, so 504, which clients repeat.
 * - it, or a balancer before it, answers 502, 503 or 504: that answer.
 * - it does not know a query that had no slot a moment ago: its client came back so late that its slot had been given away, and the
 *   cluster has forgotten it before there was another. Nothing of it has run: a last page that says so.
 * - what answers in its place never has a page (the login page of a proxy, an empty answer, a redirect): a last page, too. 500 is
 *   final for most clients, but they show the status rather than the reason, some repeat it, and some read its text as a page.
 */
export async function pollCoordinator(
  context: PollCoordinatorDeps,
  exchange: Exchange,
  request: Poll,
  coordinator: Coordinator,
  underWay?: UnderWay,
): Promise<void> {
  const { pollRetryDelaysMs } = context;
  for (let attempt = 0; ; attempt += 1) {
    const delayMs = pollRetryDelaysMs[attempt];
    const isLast = delayMs === undefined;
    try {
      const answer = await context.ask(exchange, {
        coordinator,
        method: methodOf(request),
        path: request.target,
        headTimeMs: context.config.poll_time_limit,
        roomTimeMs: ROOM_TIME_MS,
        underWay: attempt === 0 ? underWay : undefined,
        signal: exchange.signal,
      });
      const isPoll = request.kind === 'poll' && request.method === 'GET';
      if (isPoll && answer.status === 404 && (await answerUnknown(context, exchange, request, coordinator))) {
        answer.body.destroy();
        return;
      }
      const isNoPage = isPoll && isNotAPage(answer);
      if (!isNoPage && (isLast || !maybeUp.has(answer.status))) {
        await passOn(context, exchange, request, answer);
        return;
      }
      answer.body.destroy();
      if (isLast) {
        tellNoPage(context, exchange, request, coordinator);
        return;
      }
    } catch (error) {
      if (!(error instanceof UpstreamError)) throw error;
      if (answerFailure(context, exchange, request, { coordinator, error, isLast }) || isLast) return;
    }
    await pause(delayMs, exchange.signal);
    if (exchange.signal.aborted) return;
  }
}

/** Answers why the coordinator does not know the query; false where its own answer says enough. */
async function answerUnknown(
  context: PollCoordinatorDeps,
  exchange: Exchange,
  request: Extract<Poll, { kind: 'poll' }>,
  coordinator: Coordinator,
): Promise<boolean> {
  const { queryId, phase, token, slug } = request;
  if (await hasRestarted(context.ask, exchange, coordinator, queryId)) {
    tellGone(context, exchange, request, { coordinator, reason: 'it has restarted' });
    return true;
  }
  if (phase !== 'queued' || token !== 1 || !context.leases.wasTurnedAway(queryId, slug)) return false;
  const message = `Query ${queryId} was never begun: its client came back so late that its slot had been given to another query, and its cluster has forgotten it since. Submit it again`;
  answerFailed(context, exchange, queryId, { name: 'ABANDONED_QUERY', message });
  // Nothing of it runs: the slot that its poll has just been given is free.
  context.gateway.admission.settle(queryId);
  return true;
}

/** Answers a poll that did not reach its coordinator; false when it should be repeated. */
function answerFailure(
  context: PollCoordinatorDeps,
  exchange: Exchange,
  request: Poll,
  { coordinator, error, isLast }: { coordinator: Coordinator; error: UpstreamError; isLast: boolean },
): boolean {
  const { queryId } = request;
  switch (error.kind) {
    case 'aborted':
      if (request.kind === 'poll' && request.method === 'GET' && !(request.phase === 'queued' && request.token === 1))
        context.endChecks.left({ exchange, coordinator, queryId }, { target: request.target });
      return true;
    case 'busy':
      answerError(exchange.response, 503, `The coordinator of query ${queryId} is busy: ${error.message}`, RETRY_AFTER);
      return true;
    case 'silent':
      answerError(exchange.response, 504, `The coordinator of query ${queryId} is silent: ${error.message}`);
      return true;
  }
  if (!isLast) return false;
  tellGone(context, exchange, request, { coordinator, reason: error.message });
  return true;
}

function isNotAPage(answer: ClusterAnswer): boolean {
  const { status, rawHeaders } = answer;
  if (status === 204 || isRedirect(answer)) return true;
  if (status !== 200) return false;
  if (firstHeader(rawHeaders, 'content-length')?.trim() === '0') return true;
  return !/^application\/json\b/i.test(firstHeader(rawHeaders, 'content-type')?.trim() ?? '');
}

function tellGone(
  context: Pick<PollCoordinatorDeps, 'live' | 'logger'>,
  exchange: Exchange,
  request: Poll,
  { coordinator, reason }: { coordinator: Coordinator; reason: string },
): void {
  const { queryId } = request;
  context.logger.warn('the coordinator of a query is gone', { backend: coordinator.backendId, query: queryId, reason });
  const message = `The coordinator that ran query ${queryId} is gone: ${reason}`;
  if (request.kind === 'poll' && request.method === 'GET')
    answerFailed(context, exchange, queryId, { name: 'REMOTE_HOST_GONE', message });
  else answerError(exchange.response, 500, message);
}

function tellNoPage(
  context: Pick<PollCoordinatorDeps, 'live' | 'logger'>,
  exchange: Exchange,
  { queryId }: Poll,
  { backendId }: Coordinator,
): void {
  context.logger.warn('a coordinator answers something that is not a page', { backend: backendId, query: queryId });
  const message = `What answers for the coordinator of query ${queryId} sends something that is not a page of Trino; the query may still run`;
  answerFailed(context, exchange, queryId, { name: 'GENERIC_INTERNAL_ERROR', message });
}

/** A last page, as a failed query has it. */
function answerFailed(
  { live }: Pick<PollCoordinatorDeps, 'live'>,
  { response, client }: Exchange,
  queryId: string,
  { name, message }: { name: TrinoErrorName; message: string },
): void {
  live.ended(queryId, { state: Query_State.FAILED, error: { name, code: trinoErrors[name].code, message } });
  answerPage(
    response,
    failedPage({ id: queryId, infoUri: infoUri(outsideUrl(client), queryId), error: { name, message } }),
  );
}
