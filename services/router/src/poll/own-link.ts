import { pause } from '@trino-gateway/runtime';
import { queryNotFoundMessage } from '@trino-gateway/trino';
import type { GatewayClient } from '../control-plane/gateway-client.ts';
import { readSignedAnswer } from '../dispatch/signed-answer.ts';
import { outsideUrl } from '../http/client-address.ts';
import type { Exchange } from '../http/exchange.ts';
import { answerEmpty, answerError, answerPage } from '../http/responses.ts';
import { type CancelQueuedDeps, cancelQueued } from '../queue/cancel-queued.ts';
import { getQueued, headQueued, type PollQueuedDeps } from '../queue/poll-queued.ts';
import { limitOfLink, type TicketReader } from '../queue/ticket.ts';
import { methodOf, type Poll } from './request.ts';

export type OwnLinkDeps = PollQueuedDeps &
  CancelQueuedDeps & {
    readTicket: TicketReader;
    gateway: Pick<GatewayClient, 'signingKey' | 'notReady'>;
    now: () => number;
  };

const KEY_WAIT_MS = 1_000;
const KEY_STEP_MS = 50;

/**
 * A link that the gateway itself has made: of a statement that waits, or with a signed answer. `cancelThere` cancels a query at its
 * cluster.
 */
export async function answerOwnLink(
  context: OwnLinkDeps,
  exchange: Exchange,
  request: Poll,
  cancelThere: (request: Poll) => Promise<void>,
): Promise<void> {
  const { response } = exchange;
  const key = await keyInAMoment(context.gateway, exchange.signal);
  if (exchange.signal.aborted) return;
  if (key === undefined) {
    answerError(response, 503, context.gateway.notReady() ?? 'The gateway is starting');
    return;
  }
  if (request.kind !== 'poll' || request.phase !== 'queued') {
    answerError(response, 404, queryNotFoundMessage);
    return;
  }
  const ticket = context.readTicket(request, key);
  if (ticket !== undefined) {
    const { slug, token, target } = request;
    const poll = { exchange, ticket, slug, token, limit: limitOfLink(target) };
    if (request.method === 'GET') await getQueued(context, poll);
    else if (request.method === 'HEAD') await headQueued(context, poll);
    else await cancelQueued(context, poll, cancelThere);
    return;
  }
  const answer = readSignedAnswer(request, { key, origin: outsideUrl(exchange.client), nowMs: context.now() });
  if (answer === undefined) answerError(response, 404, queryNotFoundMessage);
  else if (methodOf(request) === 'DELETE') answerEmpty(response, 204);
  else answerPage(response, answer.page);
}

/** A router that has just started, without a state file, learns the key from a gatewayserver. */
async function keyInAMoment({ signingKey }: Pick<GatewayClient, 'signingKey'>, signal: AbortSignal) {
  for (let waitedMs = 0; signingKey() === undefined && waitedMs < KEY_WAIT_MS; waitedMs += KEY_STEP_MS) {
    await pause(KEY_STEP_MS, signal);
    if (signal.aborted) break;
  }
  return signingKey();
}
