import { Query_State } from '@trino-gateway/api/gateway';
import type { RouterConfig } from '@trino-gateway/config';
import { pause } from '@trino-gateway/runtime';
import { failedPage, parseQueryId, queryNotFoundMessage, trinoErrors } from '@trino-gateway/trino';
import type { LiveQueries } from '../control-plane/live-queries.ts';
import { decisionHeaders } from '../dispatch/decision-headers.ts';
import { errorName } from '../dispatch/refusal.ts';
import { infoUri, originOf } from '../http/client-address.ts';
import type { Exchange } from '../http/exchange.ts';
import { answerEmpty, answerError, answerPage } from '../http/responses.ts';
import type { HeldPolls } from '../limits/held-polls.ts';
import { type AwaitOfferDeps, awaitOffer } from './await-offer.ts';
import { type DispatchOfferDeps, dispatchOffer } from './dispatch-offer.ts';
import { answerKept, unsealAnswer } from './sealed-answer.ts';
import { type Ticket, waitingPage } from './ticket.ts';

export type PollQueuedDeps = AwaitOfferDeps &
  DispatchOfferDeps & {
    config: Pick<RouterConfig, 'submit_time_limit'>;
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
};

/** What is left of a hold when an offer came to nothing, so that the next one finds its client present. */
const LEAST_HOLD_MS = 250;
/** A gatewayserver that answers before it is time is not asked more often than this. */
const LEAST_PAUSE_MS = 100;

/** GET: a QUEUED page after a while, or what became of the statement, as soon as it does. */
export async function getQueued(context: PollQueuedDeps, poll: QueuedPoll): Promise<void> {
  const { exchange, ticket, token } = poll;
  const { config, heldPolls } = context;
  const began = performance.now();
  const holdMs = heldPolls.holdMs(token);
  // Another attempt must be over before clients give up.
  const lastAttemptAt = began + config.submit_time_limit - config.attempt_time_limit;
  for (let attempts = 0; ; ) {
    const asked = performance.now();
    const leftMs = Math.max(holdMs - (asked - began), LEAST_HOLD_MS);
    const answer = await awaitOffer(context, exchange.signal, ticket, leftMs);
    if (exchange.signal.aborted && answer.case !== 'turn') return;
    switch (answer.case) {
      case 'gone':
        return;
      case 'unknown':
        answerError(exchange.response, 404, queryNotFoundMessage);
        return;
      case 'handedOver':
        answerHandedOver(context, poll, answer.value.sealedAnswer);
        return;
      case 'ended':
        answerEnded(context, poll, answer.value);
        return;
      case 'turn': {
        const end = await dispatchOffer(context, exchange, ticket, answer.value);
        if (end === 'answered') return;
        attempts += 1;
        if (end === 'again' && performance.now() < lastAttemptAt) continue;
        break;
      }
      case 'waiting':
        if (attempts === 0 && performance.now() - began < holdMs - LEAST_HOLD_MS && !heldPolls.isStopping()) {
          const pauseMs = Math.max(0, LEAST_PAUSE_MS - (performance.now() - asked));
          await pause(pauseMs, exchange.signal);
          continue;
        }
    }
    answerQueued(context, poll);
    return;
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
  answerPage(exchange.response, failedPage({ id, infoUri: infoUri(originOf(exchange.client), id), error, ...times }));
}

function answerQueued(context: PollQueuedDeps, { exchange, ticket, slug, token }: QueuedPoll): void {
  const { queryId } = ticket;
  const waitedMs = queuedMs(context, queryId);
  const page = { origin: originOf(exchange.client), queryId, slug, token: token + 1, queuedMs: waitedMs };
  context.onQueuedPage();
  answerPage(exchange.response, waitingPage(page));
}

/** By the last answer about it; while the gatewayserver does not answer, by the moment in its id. */
function queuedMs({ heldPolls, now }: Pick<PollQueuedDeps, 'heldPolls' | 'now'>, queryId: string): number {
  const known = heldPolls.queuedMs(queryId);
  if (known !== undefined) return known;
  const stamp = parseQueryId(queryId)?.stamp ?? '';
  const parts = /^(\d{4})(\d\d)(\d\d)_(\d\d)(\d\d)(\d\d)$/.exec(stamp) ?? [];
  const [, year, month, day, hour, minute, second] = parts;
  const since = Date.parse(`${year}-${month}-${day}T${hour}:${minute}:${second}Z`);
  return Number.isNaN(since) ? 0 : Math.max(0, now() - since);
}
