import { Query_State } from '@trino-gateway/api/gateway';
import { pause } from '@trino-gateway/runtime';
import {
  classifyRequest,
  failedPage,
  PageScanner,
  parseQueryId,
  queryNotFoundMessage,
  type TrinoRequest,
  trinoErrors,
} from '@trino-gateway/trino';
import { canceledEnd } from '../control-plane/query-end.ts';
import { GatewayUnavailableError } from '../control-plane/retry-unreachable.ts';
import type { RoadContext } from '../dispatch/context.ts';
import { explain } from '../dispatch/decision-headers.ts';
import { errorName, infoUri } from '../dispatch/refusal.ts';
import { originOf } from '../http/client-address.ts';
import type { Exchange } from '../http/exchange.ts';
import { answerEmpty, answerError, answerPage } from '../http/responses.ts';
import { waitTurn } from './await-turn.ts';
import { takeTurn } from './dispatch-turn.ts';
import { hashOfSecret } from './seal.ts';
import { answerKept, unsealAnswer } from './sealed-answer.ts';
import { type Ticket, waitingPage } from './ticket.ts';

/** A poll of a link of a statement. */
type LinkPoll = Extract<TrinoRequest, { kind: 'poll' }>;

/** A poll of a statement that waits, or has waited, in the gateway. */
export type WaitingPoll = {
  context: RoadContext;
  exchange: Exchange;
  ticket: Ticket;
  /** Of the link. */
  slug: string;
  /** Of the link; any old one is answered like the newest. */
  token: number;
};

/** What is left of a hold when a turn came to nothing, so that the next one finds its client present. */
const LEAST_HOLD_MS = 250;
/** A gatewayserver that answers before it is time is not asked more often than this. */
const LEAST_PAUSE_MS = 100;

/** GET: a QUEUED page after a while, or what became of the statement, as soon as it does. */
export async function getWaiting(poll: WaitingPoll): Promise<void> {
  const { context, exchange, ticket, token } = poll;
  const { config, holds } = context;
  const began = performance.now();
  const holdMs = holds.holdMs(token);
  // Another try must be over before clients give up.
  const lastTryAt = began + config.submit_time_limit - config.attempt_time_limit;
  for (let attempts = 0; ; ) {
    const asked = performance.now();
    const leftMs = Math.max(holdMs - (asked - began), LEAST_HOLD_MS);
    const answer = await waitTurn(context, exchange.signal, ticket, leftMs);
    if (exchange.signal.aborted && answer.case !== 'turn') return;
    switch (answer.case) {
      case 'gone':
        return;
      case 'unknown':
        answerError(exchange.response, 404, queryNotFoundMessage);
        return;
      case 'handedOver':
        answerHandedOver(poll, answer.value.sealedAnswer);
        return;
      case 'ended':
        answerEnded(poll, answer.value);
        return;
      case 'turn': {
        const end = await takeTurn(context, exchange, ticket, answer.value);
        if (end === 'answered') return;
        attempts += 1;
        if (end === 'again' && performance.now() < lastTryAt) continue;
        break;
      }
      case 'waiting':
        if (attempts === 0 && performance.now() - began < holdMs - LEAST_HOLD_MS && !holds.isStopping()) {
          const pauseMs = Math.max(0, LEAST_PAUSE_MS - (performance.now() - asked));
          await pause(pauseMs, exchange.signal);
          continue;
        }
    }
    answerWaiting(poll);
    return;
  }
}

/** HEAD: whether the link is good. It is no poll: nothing is started by it, and nobody is present for it. */
export async function headWaiting({ context, exchange, ticket }: WaitingPoll): Promise<void> {
  const answer = await waitTurn(context, exchange.signal, ticket, 0);
  if (answer.case === 'unknown') answerError(exchange.response, 404, queryNotFoundMessage);
  else answerEmpty(exchange.response, 200);
}

/** DELETE: it leaves the queue; where a cluster has it already, `cancelThere` gets the cluster's own link. */
export async function deleteWaiting(
  { context, exchange, ticket }: WaitingPoll,
  cancelThere: (request: LinkPoll) => Promise<void>,
): Promise<void> {
  const { response, signal } = exchange;
  const { queryId, secret } = ticket;
  const secretHash = hashOfSecret(secret);
  try {
    const answer = await context.link.admission.cancelQueued({ queryId, secretHash }, signal);
    if (answer === undefined) {
      answerError(response, 404, queryNotFoundMessage);
      return;
    }
    if (!answer.cancelled) {
      const link = await linkAtCluster(context, ticket, signal);
      if (link !== undefined) {
        await cancelThere(link);
        return;
      }
    } else context.live.gaveUp(queryId, canceledEnd);
    answerEmpty(response, 204);
  } catch (error) {
    if (signal.aborted) return;
    if (!(error instanceof GatewayUnavailableError)) throw error;
    // Not 503: clients that cancel would repeat it for hours. Who stops polling is forgotten anyway.
    answerError(response, 500, `The gatewayserver does not answer (${error.message})`);
  }
}

async function linkAtCluster(
  { link }: RoadContext,
  ticket: Ticket,
  signal: AbortSignal,
): Promise<LinkPoll | undefined> {
  const { queryId, secret } = ticket;
  const asked = { queryId, secretHash: hashOfSecret(secret), waitMs: 0 };
  const answer = await link.admission.awaitTurn(asked, { signal, waitMs: 0 });
  if (answer?.state.case !== 'handedOver') return undefined;
  const kept = unsealAnswer(answer.state.value.sealedAnswer, ticket);
  if (kept === undefined) return undefined;
  const page = new PageScanner();
  page.push(kept.page);
  if (page.nextUri === undefined || !URL.canParse(page.nextUri)) return undefined;
  const { pathname, search } = new URL(page.nextUri);
  const request = classifyRequest({ method: 'DELETE', target: pathname + search });
  return request.kind === 'poll' ? request : undefined;
}

function answerHandedOver({ exchange, ticket, context }: WaitingPoll, sealedAnswer: Uint8Array): void {
  const kept = unsealAnswer(sealedAnswer, ticket);
  if (kept !== undefined) {
    answerKept(exchange, kept, explain(context, kept.placement));
    return;
  }
  context.logger.error('the first page of a query that waited cannot be read', { query: ticket.queryId });
  answerError(exchange.response, 500);
}

function answerEnded(poll: WaitingPoll, { errorName: name, message }: { errorName: string; message: string }): void {
  const { context, exchange, ticket } = poll;
  const { queryId: id } = ticket;
  const error = { name: errorName(name), message };
  const state = Query_State.FAILED;
  context.live.gaveUp(id, { state, error: { ...error, code: trinoErrors[error.name].code } });
  const waitedMs = queuedMs(context, id);
  const times = { elapsedMillis: waitedMs, queuedMillis: waitedMs };
  answerPage(exchange.response, failedPage({ id, infoUri: infoUri(originOf(exchange.client), id), error, ...times }));
}

function answerWaiting({ context, exchange, ticket, slug, token }: WaitingPoll): void {
  const { queryId } = ticket;
  const waitedMs = queuedMs(context, queryId);
  const page = { origin: originOf(exchange.client), queryId, slug, token: token + 1, queuedMs: waitedMs };
  context.onQueuedPage();
  answerPage(exchange.response, waitingPage(page));
}

/** By what was last heard of it; while nobody can be asked, by the moment in its id. */
function queuedMs({ holds, now }: RoadContext, queryId: string): number {
  const known = holds.queuedMs(queryId);
  if (known !== undefined) return known;
  const stamp = parseQueryId(queryId)?.stamp ?? '';
  const parts = /^(\d{4})(\d\d)(\d\d)_(\d\d)(\d\d)(\d\d)$/.exec(stamp) ?? [];
  const [, year, month, day, hour, minute, second] = parts;
  const since = Date.parse(`${year}-${month}-${day}T${hour}:${minute}:${second}Z`);
  return Number.isNaN(since) ? 0 : Math.max(0, now() - since);
}
