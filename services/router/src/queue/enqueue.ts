import { Query_State, type RouteResponse } from '@trino-gateway/api/gateway';
import { MOST_SEALED_BYTES } from '@trino-gateway/api/limits';
import { claimOf } from '../auth/claim.ts';
import { GatewayUnavailableError } from '../control-plane/retry-unreachable.ts';
import type { RoadContext } from '../dispatch/context.ts';
import type { Refusal } from '../dispatch/refusal.ts';
import { historyOf, type Submission } from '../dispatch/submission.ts';
import { originOf } from '../http/client-address.ts';
import { answerPage } from '../http/responses.ts';
import { hashOfSecret } from './seal.ts';
import { sealStatement } from './sealed-statement.ts';
import { newTicket, slugOf, waitingPage } from './ticket.ts';
import { whyNotTheirs } from './verify-claim.ts';

/** The answer to a submission that there is no slot for: its decision names the group. */
export type MustWait = { decision: NonNullable<RouteResponse['decision']>; backend: RouteResponse['backend'] };

/**
 * Gives a statement its place in the queue of its group and its client the first page of the wait. Undefined when that was
 * done, or the client hung up; else why it may not wait.
 * @throws AccessDenied when a cluster of the group does not know the client: strangers must not fill the queue
 */
export async function joinQueue(
  context: RoadContext,
  submission: Submission,
  { decision, backend }: MustWait,
  deadline: { signal: AbortSignal; leftMs(): number },
): Promise<Refusal | undefined> {
  const { exchange } = submission;
  const { link } = context;
  const claim = claimOf(exchange);
  const key = link.refusalKey();
  if (key === undefined) return { name: 'NO_NODES_AVAILABLE', message: 'The gateway is starting: try again' };
  if (backend !== undefined && exchange.user === undefined) {
    const owner = { backendId: backend.id, url: backend.url, forwardedHeaders: backend.forwardedHeaders };
    const limits = () => ({ timeMs: deadline.leftMs(), signal: deadline.signal });
    const verdict = await context.checkClient(exchange, owner, limits());
    if (exchange.signal.aborted) return undefined;
    // While no cluster can be asked every name is believed: nothing of anybody's is opened by it, and the cluster checks later.
    const refusal =
      verdict === 'unclear'
        ? undefined
        : await whyNotTheirs(context, exchange, owner, claim, { isKnown: verdict === 'known', ...limits() });
    if (exchange.signal.aborted) return undefined;
    if (refusal !== undefined) return refusal;
  }
  const ticket = newTicket(context.temporaryId(context.now()));
  const { queryId, secret } = ticket;
  const { groupId, priority, decidedBy, requestSource } = decision;
  const sealed = sealStatement(submission, { groupId, decidedBy, requestSource }, ticket);
  if (sealed.length > MOST_SEALED_BYTES) return tooLong(sealed.length);
  const query = historyOf(submission, exchange.rawHeaders, {
    id: queryId,
    state: Query_State.QUEUED,
    groupId,
    decidedBy,
    // Whoever reads the database must not see what waits sealed in it: its text comes when a cluster has it.
    ...(context.config.history_text_while_waiting ? {} : { text: '' }),
  });
  try {
    const { refusal, refusalErrorName } = await link.admission.enqueue(
      {
        queryId,
        submissionId: queryId,
        groupId,
        priority,
        user: claim.user,
        secretHash: hashOfSecret(secret),
        sealed,
        source: requestSource || query.source,
      },
      deadline.signal,
    );
    if (refusal !== '') return { name: refusalErrorName, message: refusal };
  } catch (error) {
    if (exchange.signal.aborted) return undefined;
    if (!(error instanceof GatewayUnavailableError) && !deadline.signal.aborted) throw error;
    const message = 'There is no room for this query now, and the gatewayserver does not answer: try again in a minute';
    return { name: 'NO_NODES_AVAILABLE', message };
  }
  context.live.started(query);
  context.holds.waited(queryId, 0);
  context.logger.debug('a query waits', { requestId: submission.id, query: queryId, group: groupId });
  const { client, response } = exchange;
  const origin = originOf(client);
  answerPage(response, waitingPage({ origin, queryId, slug: slugOf(ticket, key), token: 1, queuedMs: 0 }));
  return undefined;
}

function tooLong(bytes: number): Refusal {
  const message = `There is no room for this query now, and with its headers it is too long to wait: ${bytes} bytes, of at most ${MOST_SEALED_BYTES}`;
  return { name: 'QUERY_TEXT_TOO_LARGE', message };
}
