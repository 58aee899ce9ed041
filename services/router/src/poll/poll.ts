import { Query_State } from '@trino-gateway/api/gateway';
import { pause } from '@trino-gateway/runtime';
import {
  failedPage,
  firstHeader,
  isTemporaryQueryId,
  queryNotFoundMessage,
  querySuffix,
  type TrinoRequest,
  trinoErrors,
} from '@trino-gateway/trino';
import { type ClusterAnswer, isRedirect } from '../clusters/ask.ts';
import { askAll, type Verdict } from '../clusters/ask-all.ts';
import { PageWatch } from '../clusters/page-observer.ts';
import { relay } from '../clusters/relay.ts';
import { canceledEnd, endOf } from '../control-plane/query-end.ts';
import { activate } from '../dispatch/activate-lease.ts';
import type { RoadContext } from '../dispatch/context.ts';
import { readRefusalLink } from '../dispatch/refusal.ts';
import { originOf } from '../http/client-address.ts';
import type { Exchange } from '../http/exchange.ts';
import { UpstreamError } from '../http/http-client.ts';
import { answerEmpty, answerError, answerPage } from '../http/responses.ts';
import { RETRY_AFTER } from '../limits/request-limits.ts';
import { deleteWaiting, getWaiting, headWaiting, type WaitingPoll } from '../queue/poll-queued.ts';
import { readTicket } from '../queue/ticket.ts';
import type { Owner } from '../stickiness/ownership.ts';

/** A request for a link of a statement. */
export type Poll = Extract<TrinoRequest, { kind: 'poll' | 'partialCancel' }>;

/** Anything below a statement: polls, heartbeats, cancels. All go to the coordinator that made the link. */
export async function poll(context: RoadContext, exchange: Exchange, request: Poll): Promise<void> {
  const { queryId } = request;
  if (isTemporaryQueryId(queryId)) {
    await answerOwnLink(context, exchange, request);
    return;
  }
  const owners = context.ownership.owners(queryId);
  if (!(await mayStart(context, exchange, request, owners))) return;
  const [owner] = owners;
  if (owner !== undefined && owners.length === 1) await pollOwner(context, exchange, request, owner);
  else await pollAnybody(context, exchange, request, owners);
}

/** The first poll of a query starts it at its cluster. */
async function mayStart(
  context: RoadContext,
  exchange: Exchange,
  request: Poll,
  owners: readonly Owner[],
): Promise<boolean> {
  if (request.kind !== 'poll' || request.phase !== 'queued' || request.token !== 1) return true;
  const { queryId, slug, target, method } = request;
  if (method === 'DELETE') return true;
  const possible = owners.length > 0 ? owners : context.ownership.candidates();
  const backendIds = possible.map(({ backendId }) => backendId);
  return await activate(context, exchange, { queryId, slug, target, method }, backendIds);
}

const methodOf = (request: Poll) => (request.kind === 'poll' ? request.method : 'DELETE');
const maybeUp: ReadonlySet<number> = new Set([502, 503, 504]);

/**
 * Asks the one owner. The same link gives the same page however often it is asked for, so an outage is sat out by repeating it.
 *
 * What a client is told when the outage lasts:
 * - the coordinator refuses or drops every connection: its process is gone, and with it the query. A GET gets a last page that
 *   says so, as a failed query does: the page ends every client with a clear message, where 503 would make some poll for hours
 *   and others give up without one. Heartbeats and cancels get a final HTTP error.
 * - it accepts the connection and is silent: the query may well be running, so 504, which clients repeat.
 * - it, or a balancer before it, answers 502, 503 or 504: that answer.
 */
async function pollOwner(context: RoadContext, exchange: Exchange, request: Poll, owner: Owner): Promise<void> {
  const { config, pollRetryDelaysMs } = context;
  for (let attempt = 0; ; attempt += 1) {
    const delayMs = pollRetryDelaysMs[attempt];
    const isLast = delayMs === undefined;
    try {
      const answer = await context.ask(exchange, {
        owner,
        method: methodOf(request),
        path: request.target,
        headTimeMs: config.poll_time_limit,
        signal: exchange.signal,
      });
      const isNoPage = request.kind === 'poll' && request.method === 'GET' && isNotAPage(answer);
      if ((!maybeUp.has(answer.status) && !isNoPage) || (isLast && !isNoPage)) {
        await passOn(context, exchange, request, answer);
        return;
      }
      answer.body.destroy();
      if (isLast) {
        answerError(
          exchange.response,
          500,
          `The coordinator of query ${request.queryId} answers something that is no page of Trino`,
        );
        return;
      }
    } catch (error) {
      if (!(error instanceof UpstreamError)) throw error;
      if (error.kind === 'aborted') return;
      if (error.kind === 'busy') {
        const message = `The coordinator of query ${request.queryId} is busy: ${error.message}`;
        answerError(exchange.response, 503, message, RETRY_AFTER);
        return;
      }
      if (error.kind === 'silent') {
        answerError(exchange.response, 504, `The coordinator of query ${request.queryId} is silent: ${error.message}`);
        return;
      }
      if (isLast) {
        context.logger.warn('the coordinator of a query is gone', {
          backend: owner.backendId,
          query: request.queryId,
          reason: error.message,
        });
        answerGone(context, exchange, request, error.message);
        return;
      }
    }
    await pause(delayMs, exchange.signal);
    if (exchange.signal.aborted) return;
  }
}

/** A suffix nobody has taught us, or two coordinators share: whoever does not answer 404 is the owner. */
async function pollAnybody(
  context: RoadContext,
  exchange: Exchange,
  request: Poll,
  sharing: readonly Owner[],
): Promise<void> {
  const { misses, ownership, link } = context;
  const { response } = exchange;
  // By link, not by id: a wrong link must not make the right one unknown.
  const key = `${methodOf(request)} ${request.target}`;
  if (misses.has(key)) {
    answerError(response, 404, queryNotFoundMessage);
    return;
  }
  const search = await askAll(
    context,
    exchange,
    sharing.length > 0 ? sharing : ownership.candidates(),
    { method: methodOf(request), path: request.target },
    judge,
  );
  if (search.kind === 'abandoned') return;
  if (search.kind === 'found') {
    const { owner } = search.answer;
    if (ownership.learn(request.queryId, owner)) {
      void link.recordIncarnation({ suffix: querySuffix(request.queryId) ?? '', ...owner }).catch(() => false);
    }
    await passOn(context, exchange, request, search.answer);
    return;
  }
  if (search.kind === 'denied') search.answer.body.destroy();
  if (search.kind === 'nobody') {
    if (key.length <= 512) misses.add(key);
    answerError(response, 404, queryNotFoundMessage);
    return;
  }
  answerError(response, 503, `Not every cluster that could know query ${request.queryId} has answered`);
}

function judge(answer: ClusterAnswer): Verdict {
  const { status } = answer;
  if (status === 404) return 'notTheirs';
  return status === 200 || status === 204 || status === 410 ? 'theirs' : 'unclear';
}

/** Streams an answer to the client and notes what it says of the query. */
async function passOn(context: RoadContext, exchange: Exchange, request: Poll, answer: ClusterAnswer): Promise<void> {
  const { live, transactions, config } = context;
  const { queryId } = request;
  const { status, rawHeaders } = answer;
  const isPage = request.kind === 'poll' && request.method === 'GET' && status === 200;
  if (status === 200 || status === 204) live.seen(queryId);
  const opened = isPage ? transactions.observe(queryId, rawHeaders, answer.owner) : undefined;
  if (opened !== undefined) await opened;
  const watch = isPage ? new PageWatch(rawHeaders) : undefined;
  const outcome = await relay(exchange, answer, {
    ...(watch === undefined ? {} : { onChunk: (chunk: Buffer) => watch.push(chunk) }),
    stallTimeMs: config.poll_time_limit,
  });
  if (request.kind === 'poll' && request.method === 'DELETE' && status === 204) live.ended(queryId, canceledEnd);
  if (watch === undefined || outcome === 'broken') return;
  const findings = watch.end();
  if (findings.last === true) {
    live.ended(queryId, endOf(findings));
    if (context.activation.isLimited(queryId, [answer.owner.backendId])) context.link.admission.settle(queryId);
  } else if (request.kind === 'poll' && request.phase === 'executing') live.running(queryId);
}

function isNotAPage(answer: ClusterAnswer): boolean {
  const { status, rawHeaders } = answer;
  if (status === 204 || isRedirect(answer)) return true;
  if (status !== 200) return false;
  if (firstHeader(rawHeaders, 'content-length')?.trim() === '0') return true;
  return !/^application\/json\b/i.test(firstHeader(rawHeaders, 'content-type')?.trim() ?? '');
}

function answerGone(context: RoadContext, { response, client }: Exchange, request: Poll, reason: string): void {
  const { queryId } = request;
  const message = `The coordinator that ran query ${queryId} is gone: ${reason}`;
  if (request.kind !== 'poll' || request.method !== 'GET') {
    answerError(response, 500, message);
    return;
  }
  const name = 'REMOTE_HOST_GONE';
  context.live.ended(queryId, { state: Query_State.FAILED, error: { name, code: trinoErrors[name].code, message } });
  const infoUri = `${originOf(client)}/ui/query.html?${queryId}`;
  answerPage(response, failedPage({ id: queryId, infoUri, error: { name, message } }));
}

/** A link we made ourselves: of a statement that waits, or one that says why it was refused, and proves that we said so. */
async function answerOwnLink(context: RoadContext, exchange: Exchange, request: Poll): Promise<void> {
  const { response, client } = exchange;
  const key = context.link.refusalKey();
  if (key === undefined) {
    answerError(response, 503, context.link.notReady() ?? 'The gateway is starting');
    return;
  }
  const ticket = request.kind === 'poll' && request.phase === 'queued' ? readTicket(request, key) : undefined;
  if (request.kind === 'poll' && ticket !== undefined) {
    const waiting: WaitingPoll = { context, exchange, ticket, slug: request.slug, token: request.token };
    if (request.method === 'GET') await getWaiting(waiting);
    else if (request.method === 'HEAD') await headWaiting(waiting);
    else await deleteWaiting(waiting, (there) => poll(context, exchange, there));
    return;
  }
  const origin = originOf(client);
  const refusal =
    request.kind === 'poll' && request.phase === 'queued'
      ? readRefusalLink(request, { key, origin, nowMs: context.now() })
      : undefined;
  if (refusal === undefined) answerError(response, 404, queryNotFoundMessage);
  else if (methodOf(request) === 'DELETE') answerEmpty(response, 204);
  else answerPage(response, refusal.page);
}
