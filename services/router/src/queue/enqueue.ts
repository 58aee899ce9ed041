import { type Query, Query_State, type RouteResponse, type SnapshotBackend } from '@trino-gateway/api/gateway';
import { MOST_SEALED_BYTES } from '@trino-gateway/api/limits';
import type { RouterConfig } from '@trino-gateway/config';
import type { Logger } from '@trino-gateway/runtime';
import { statementProblem, statementSession } from '@trino-gateway/sql';
import { sessionHeadersProblem, timeLimitProblem, waitLimit } from '@trino-gateway/trino';
import { claimOf } from '../auth/claim.ts';
import type { CheckImpersonation } from '../clusters/impersonation.ts';
import type { CheckClient } from '../clusters/verify-client.ts';
import type { AdmissionClient } from '../control-plane/admission-client.ts';
import type { GatewayClient } from '../control-plane/gateway-client.ts';
import type { LiveQueries } from '../control-plane/live-queries.ts';
import { GatewayUnavailableError } from '../control-plane/retry-unreachable.ts';
import { directView } from '../dispatch/direct.ts';
import { decidedHeaders } from '../dispatch/headers/decided-headers.ts';
import type { Refusal } from '../dispatch/refusal.ts';
import { historyOf, historyPlacement, type Submission } from '../dispatch/submission.ts';
import { outsideUrl } from '../http/client-address.ts';
import { answerPage, HttpError } from '../http/responses.ts';
import type { HeldPolls } from '../limits/held-polls.ts';
import { coordinatorOf } from '../stickiness/coordinator.ts';
import { hashOfSecret } from './seal.ts';
import { sealStatement } from './sealed-statement.ts';
import type { TemporaryIds } from './temporary-ids.ts';
import { type LimitLeft, newTicket, slugOf, type Ticket, waitingPage } from './ticket.ts';
import { claimProblem } from './verify-claim.ts';

export type JoinQueueDeps = {
  gateway: Pick<GatewayClient, 'signingKey'> & { admission: Pick<AdmissionClient, 'enqueue'> };
  config: Pick<RouterConfig, 'history_text_while_waiting'>;
  checkClient: CheckClient;
  checkImpersonation: CheckImpersonation;
  live: Pick<LiveQueries, 'started'>;
  heldPolls: Pick<HeldPolls, 'waited'>;
  temporaryId: TemporaryIds;
  now: () => number;
  logger: Logger;
};

/** A decision for a group that has no slot free. `backend`: one of the group that can check who the client is. */
export type MustWait = { decision: NonNullable<RouteResponse['decision']>; backend: RouteResponse['backend'] };

type Limits = { signal: AbortSignal; leftMs(): number };

/**
 * Queues a statement in its group and answers the first page of the wait. Undefined when that was done, or the client hung up;
 * else why it may not wait.
 * @throws AccessDenied when a cluster of the group does not know the client: strangers must not fill the queue
 */
export async function joinQueue(
  context: JoinQueueDeps,
  submission: Submission,
  { decision, backend }: MustWait,
  limits: Limits,
): Promise<Refusal | undefined> {
  const { exchange } = submission;
  const key = context.gateway.signingKey();
  if (key === undefined) return { name: 'NO_NODES_AVAILABLE', message: 'The gateway is starting: try again' };
  const refusal = (backend && (await clientProblem(context, submission, backend, limits))) ?? hopeless(submission);
  if (exchange.signal.aborted) return undefined;
  if (refusal !== undefined) return refusal;
  const elapsedMs = context.now() - submission.submittedAt;
  const limit = limitLeft(exchange.rawHeaders, elapsedMs);
  if (limit !== undefined && limit.leftMs <= 0) return { name: 'EXCEEDED_TIME_LIMIT', message: limit.message };
  const ticket = newTicket(context.temporaryId(context.now()));
  const { groupId, decidedBy } = decision;
  const sealed = sealStatement(submission, { groupId, decidedBy, ...decidedHeaders(decision), elapsedMs }, ticket);
  if (sealed.length > MOST_SEALED_BYTES) return tooLong(sealed.length);
  const query = historyOf(submission, exchange.rawHeaders, {
    id: ticket.queryId,
    state: Query_State.QUEUED,
    ...historyPlacement(decision),
    // Who reads the database must not see what waits sealed in it: the text comes once a cluster has it.
    ...(context.config.history_text_while_waiting ? {} : { text: '' }),
  });
  const queued = await enqueue(context, submission, { decision, ticket, sealed, query, limit }, limits.signal);
  if (queued === 'abandoned') return undefined;
  if (queued !== 'queued') return queued;
  const { queryId } = ticket;
  context.live.started(query);
  context.heldPolls.waited(queryId, 0);
  context.logger.debug('a query was queued', { requestId: submission.id, query: queryId, group: groupId });
  const slug = slugOf(ticket, key);
  answerPage(
    exchange.response,
    waitingPage({ origin: outsideUrl(exchange.client), ticket, slug, token: 1, queuedMs: 0, limit }),
  );
  return undefined;
}

/** Why the client may not wait as who it says it is; undefined when a cluster of the group confirms it. */
async function clientProblem(
  context: Pick<JoinQueueDeps, 'checkClient' | 'checkImpersonation'>,
  submission: Submission,
  backend: SnapshotBackend,
  { signal, leftMs }: Limits,
): Promise<Refusal | undefined> {
  const { exchange } = submission;
  if (exchange.user !== undefined) return undefined;
  const coordinator = coordinatorOf(backend);
  // Its challenge leads where that of the statement would: to the cluster itself, where clients poll it there.
  const client = directView(backend, submission);
  const verdict = await context.checkClient(exchange, coordinator, { timeMs: leftMs(), signal, client });
  // While no cluster can be asked every name is believed: that opens nothing of anybody's, and the cluster checks later.
  if (exchange.signal.aborted || verdict === 'unclear') return undefined;
  const limits = { isKnown: verdict === 'known', timeMs: leftMs(), signal };
  return await claimProblem(context, exchange, coordinator, claimOf(exchange), limits);
}

/**
 * Why any cluster would refuse the statement at once, as far as the request alone tells: it need not wait for that.
 * @throws HttpError where Trino answers 400
 */
function hopeless({ statement, exchange: { rawHeaders } }: Submission): Refusal | undefined {
  const malformed = sessionHeadersProblem(rawHeaders);
  if (malformed !== undefined) throw new HttpError(400, malformed);
  const invalid = timeLimitProblem(rawHeaders);
  return (
    statementProblem(statement, statementSession(rawHeaders)) ??
    (invalid === undefined ? undefined : { name: 'INVALID_SESSION_PROPERTY', message: invalid })
  );
}

/** Longer than anything waits; the contract knows no greater number. */
const LONGEST_LIMIT_MS = 2 ** 31 - 1;

/** What is left of the client's own limit for the wait of a statement that came so long ago. */
function limitLeft(rawHeaders: readonly string[], elapsedMs: number): LimitLeft | undefined {
  const limit = waitLimit(rawHeaders);
  return limit && limit.ms < LONGEST_LIMIT_MS ? { ...limit, leftMs: limit.ms - Math.max(0, elapsedMs) } : undefined;
}

type Waiter = {
  decision: MustWait['decision'];
  ticket: Ticket;
  sealed: Uint8Array<ArrayBuffer>;
  query: Query;
  limit: LimitLeft | undefined;
};

async function enqueue(
  { gateway }: JoinQueueDeps,
  { exchange, user }: Submission,
  { decision, ticket, sealed, query, limit }: Waiter,
  signal: AbortSignal,
): Promise<'queued' | 'abandoned' | Refusal> {
  const { groupId, priority, requestSource, affinityHash, strict, outage, pinnedBackendId: onlyBackendId } = decision;
  try {
    const { refusal, refusalErrorName } = await gateway.admission.enqueue(
      {
        queryId: ticket.queryId,
        submissionId: ticket.queryId,
        groupId,
        priority,
        affinityHash,
        onlyBackendId,
        strict,
        outage,
        sessionUser: user,
        clientSource: query.source,
        user: claimOf(exchange).user,
        secretHash: hashOfSecret(ticket.secret),
        sealed,
        askedAtMs: exchange.arrivedAt,
        source: requestSource || query.source,
        ...(limit && { limit: { leftMs: Math.ceil(limit.leftMs), message: limit.message } }),
      },
      signal,
    );
    return refusal === '' ? 'queued' : { name: refusalErrorName, message: refusal };
  } catch (error) {
    if (exchange.signal.aborted) return 'abandoned';
    if (!(error instanceof GatewayUnavailableError) && !signal.aborted) throw error;
    const message =
      'No slot is free for this query, and it cannot be queued while the gatewayserver does not answer: try again in a minute';
    return { name: 'NO_NODES_AVAILABLE', message };
  }
}

function tooLong(bytes: number): Refusal {
  const message = `No slot is free for this query, and with its headers it is too long to wait for one: ${bytes} bytes, at most ${MOST_SEALED_BYTES} may wait`;
  return { name: 'QUERY_TEXT_TOO_LARGE', message };
}
