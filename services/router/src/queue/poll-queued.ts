import { type AwaitTurnResponse_Turn, Query_State } from '@trino-gateway/api/gateway';
import type { RouterConfig } from '@trino-gateway/config';
import { describeError, pause } from '@trino-gateway/runtime';
import { failedPage, maxWaitMs, parseQueryId, queryNotFoundMessage, trinoErrors } from '@trino-gateway/trino';
import type { Attendance } from '../attendance/attendance.ts';
import { answerWhole } from '../clusters/whole-answer.ts';
import type { LiveQueries } from '../control-plane/live-queries.ts';
import { decisionHeaders } from '../dispatch/decision-headers.ts';
import { errorName } from '../dispatch/refusal.ts';
import { infoUri, outsideUrl } from '../http/client-address.ts';
import type { Exchange } from '../http/exchange.ts';
import { answerEmpty, answerError, answerPage, HttpError } from '../http/responses.ts';
import type { ByteBudget } from '../limits/byte-budget.ts';
import type { FailedPolls } from '../limits/failed-polls.ts';
import type { HeldPolls } from '../limits/held-polls.ts';
import { ownerOfAddress } from '../limits/shares.ts';
import { type AwaitOfferDeps, awaitOffer, type QueueAnswer } from './await-offer.ts';
import { type DispatchOfferDeps, dispatchOffer, type OfferEnd } from './dispatch-offer.ts';
import type { Dispatch, Dispatches } from './dispatches.ts';
import { hashOfSecret } from './seal.ts';
import { answerKept, unsealAnswer } from './sealed-answer.ts';
import { type LimitLeft, type Ticket, waitingPage } from './ticket.ts';

export type PollQueuedDeps = AwaitOfferDeps &
  DispatchOfferDeps & {
    config: Pick<RouterConfig, 'explain_headers'>;
    /** How much of what clients sent may be held. */
    bytes: Pick<ByteBudget, 'open'>;
    dispatches: Dispatches<OfferEnd>;
    attendance: Attendance;
    failedPolls: FailedPolls;
    heldPolls: Pick<HeldPolls, 'holdMs' | 'queuedMs'>;
    live: Pick<LiveQueries, 'queuedQueryEnded'>;
    /** Called when a poll was answered with a QUEUED page of the gateway's own. */
    onQueuedPage: () => void;
  };

/** A poll of a statement that waits, or has waited, in the gateway. */
export type QueuedPoll = {
  exchange: Exchange;
  ticket: Ticket;
  /** Of the link. */
  slug: string;
  /** Of the link; an old one is answered like the newest. */
  token: number;
  /** The client's own limit for its wait, by the link. */
  limit: LimitLeft | undefined;
};

/** A gatewayserver that answers before it is time is not asked more often than this, nor for what is left when it is less. */
const LEAST_PAUSE_MS = 100;

/**
 * GET: a QUEUED page after a second at most, or what became of the statement, as soon as it does. What goes wrong here takes nothing
 * from the query, whose place is kept: its client polls again.
 */
export async function getQueued(context: PollQueuedDeps, poll: QueuedPoll): Promise<void> {
  const { failedPolls, heldPolls, logger } = context;
  const { exchange, ticket } = poll;
  const until = performance.now() + heldPolls.holdMs(maxWaitMs(exchange.request.url ?? ''));
  const leftMs = () => until - performance.now();
  try {
    await answerPoll(context, poll, leftMs);
    failedPolls.succeeded(ticket.queryId);
  } catch (error) {
    const { response, signal } = exchange;
    if (error instanceof HttpError || signal.aborted || response.headersSent || !failedPolls.mayGoOn(ticket.queryId))
      throw error;
    logger.error('a poll of a waiting query failed: its client polls again', {
      query: ticket.queryId,
      error: describeError(error),
    });
    // Who is answered at once comes back at once.
    await pause(Math.max(0, leftMs()), signal);
    if (!signal.aborted) answerQueued(context, poll);
  }
}

async function answerPoll(context: PollQueuedDeps, poll: QueuedPoll, leftMs: () => number): Promise<void> {
  const { exchange, ticket } = poll;
  const { heldPolls, dispatches } = context;
  const { signal } = exchange;
  do {
    const asked = performance.now();
    let dispatch = dispatches.of(ticket.queryId);
    if (dispatch === undefined) {
      const held = attended(context, poll, leftMs());
      if (held !== undefined && !(await held)) break;
      const answer = await awaitOffer(context, signal, ticket, Math.max(leftMs(), LEAST_PAUSE_MS));
      // Another poll of the same client may have begun it meanwhile.
      if (answer.case === 'turn')
        dispatch = dispatches.of(ticket.queryId) ?? beginDispatch(context, poll, answer.value);
      else if (signal.aborted || answerWithout(context, poll, answer)) return;
    }
    const end = await dispatch?.join(signal, leftMs());
    if (signal.aborted || (end !== undefined && answerEnd(context, poll, end))) return;
    const pauseMs = Math.min(LEAST_PAUSE_MS - (performance.now() - asked), leftMs());
    if (end?.kind !== 'again' && pauseMs > 0 && !heldPolls.isStopping()) await pause(pauseMs, signal);
  } while (leftMs() >= LEAST_PAUSE_MS && !heldPolls.isStopping() && !signal.aborted);
  if (!signal.aborted) answerQueued(context, poll);
}

/** Holds the poll of a client that polls on: whether there is more to say than that it waits. Undefined when it has to ask by itself. */
function attended(
  { attendance, gateway }: PollQueuedDeps,
  { exchange: { signal }, ticket: { queryId, secret } }: QueuedPoll,
  waitMs: number,
): Promise<boolean> | undefined {
  const secretHash = () => hashOfSecret(secret);
  return attendance.hold({ queryId, secretHash }, signal, waitMs)?.then((end) => {
    if (end === 'gone') gateway.admission.leave({ queryId, secretHash: secretHash() });
    return end === 'changed';
  });
}

/** The query goes to the cluster that it is offered a slot at, whether this poll lasts long enough or not. */
function beginDispatch(
  context: PollQueuedDeps,
  { exchange, ticket }: QueuedPoll,
  turn: AwaitTurnResponse_Turn,
): Dispatch<OfferEnd> {
  return context.dispatches.begin(ticket.queryId, async (signal) => {
    const account = context.bytes.open(ownerOfAddress(exchange.client.ip));
    try {
      return await dispatchOffer(context, { ...exchange, account, signal }, ticket, turn);
    } finally {
      account.close();
    }
  });
}

/** Answers what the gatewayserver says of a query that it offers nothing; false when it waits, or nothing is said of it. */
function answerWithout(
  context: PollQueuedDeps,
  poll: QueuedPoll,
  answer: Exclude<QueueAnswer, { case: 'turn' }>,
): boolean {
  switch (answer.case) {
    case 'gone':
      return true;
    case 'unknown':
      answerError(poll.exchange.response, 404, queryNotFoundMessage);
      return true;
    case 'handedOver':
      answerHandedOver(context, poll, answer.value.sealedAnswer);
      return true;
    case 'ended':
      answerEnded(context, poll, answer.value);
      return true;
    case 'waiting':
    case 'silent':
      return false;
  }
}

/** Answers what came of an offer; false when another one is to be awaited. */
function answerEnd({ config }: PollQueuedDeps, { exchange }: QueuedPoll, end: OfferEnd): boolean {
  switch (end.kind) {
    case 'assigned':
      answerKept(exchange, end.kept, decisionHeaders(config, end.kept.placement));
      return true;
    case 'answered':
      answerWhole({ ...exchange, presto: end.presto }, end.answer, decisionHeaders(config, end.placement));
      return true;
    case 'again':
    case 'silent':
      return false;
  }
}

/** HEAD: whether the link is good. It is no poll: it starts nothing, and does not make its client present. */
export async function headQueued(context: AwaitOfferDeps, { exchange, ticket }: QueuedPoll): Promise<void> {
  const answer = await awaitOffer(context, exchange.signal, ticket, 0);
  if (answer.case === 'unknown') answerError(exchange.response, 404, queryNotFoundMessage);
  else answerEmpty(exchange.response, 200);
}

function answerHandedOver(
  { config, logger }: PollQueuedDeps,
  { exchange, ticket }: QueuedPoll,
  sealedAnswer: Uint8Array,
): void {
  const kept = unsealAnswer(sealedAnswer, ticket);
  if (kept !== undefined) {
    answerKept(exchange, kept, decisionHeaders(config, kept.placement));
    return;
  }
  logger.error('the first page of a queued query cannot be read', { query: ticket.queryId });
  answerError(exchange.response, 500);
}

function answerEnded(
  context: PollQueuedDeps,
  { exchange, ticket }: QueuedPoll,
  { errorName: name, message }: { errorName: string; message: string },
): void {
  const { queryId: id } = ticket;
  const error = { name: errorName(name), message };
  const state = Query_State.FAILED;
  context.live.queuedQueryEnded(id, { state, error: { ...error, code: trinoErrors[error.name].code } });
  const waitedMs = queuedMs(context, id);
  const times = { elapsedMillis: waitedMs, queuedMillis: waitedMs };
  answerPage(exchange.response, failedPage({ id, infoUri: infoUri(outsideUrl(exchange.client), id), error, ...times }));
}

function answerQueued(context: PollQueuedDeps, poll: QueuedPoll): void {
  const { exchange, ticket, slug, token, limit } = poll;
  const { queryId } = ticket;
  const waitedMs = queuedMs(context, queryId);
  // Neither gatewayserver nor database may answer now: when they do they end it as well, and nothing was started meanwhile.
  if (limit !== undefined && waitedMs >= limit.leftMs) {
    answerEnded(context, poll, { errorName: 'EXCEEDED_TIME_LIMIT', message: limit.message });
    return;
  }
  const page = { origin: outsideUrl(exchange.client), ticket, slug, token: token + 1, queuedMs: waitedMs, limit };
  context.onQueuedPage();
  context.attendance.waits(queryId);
  answerPage(exchange.response, waitingPage(page));
}

/** How long a query has waited, by the last answer about it; while the gatewayserver does not answer, by the moment in its id. */
export function queuedMs(
  { heldPolls, now }: { heldPolls: Pick<HeldPolls, 'queuedMs'>; now: () => number },
  queryId: string,
): number {
  const known = heldPolls.queuedMs(queryId);
  if (known !== undefined) return known;
  const stamp = parseQueryId(queryId)?.stamp ?? '';
  const parts = /^(\d{4})(\d\d)(\d\d)_(\d\d)(\d\d)(\d\d)$/.exec(stamp) ?? [];
  const [, year, month, day, hour, minute, second] = parts;
  const since = Date.parse(`${year}-${month}-${day}T${hour}:${minute}:${second}Z`);
  return Number.isNaN(since) ? 0 : Math.max(0, now() - since);
}
