import {
  type AwaitTurnResponse_Turn,
  type Decision,
  GiveBackRequest_Reason as Reason,
} from '@trino-gateway/api/gateway';
import type { RouterConfig } from '@trino-gateway/config';
import { runLimit, withoutHeaders } from '@trino-gateway/trino';
import type { ClusterAnswer } from '../clusters/ask.ts';
import { readWhole, type WholeAnswer } from '../clusters/whole-answer.ts';
import type { AdmissionClient } from '../control-plane/admission-client.ts';
import type { GatewayClient } from '../control-plane/gateway-client.ts';
import { GatewayUnavailableError } from '../control-plane/retry-unreachable.ts';
import {
  type AttemptChosenDeps,
  attemptChosen,
  type Candidate,
  type Confirmed,
  candidateOf,
  leasedQuery,
} from '../dispatch/attempt.ts';
import { type HandOverDeps, recordHandOver } from '../dispatch/hand-over.ts';
import { decidedHeaders } from '../dispatch/headers/decided-headers.ts';
import type { FirstPage } from '../dispatch/post-statement.ts';
import { entryPointOf } from '../dispatch/require-authentication.ts';
import type { AssignResult } from '../dispatch/results.ts';
import type { Placement, Submission } from '../dispatch/submission.ts';
import { outsideUrl } from '../http/client-address.ts';
import type { Exchange } from '../http/exchange.ts';
import { type ConfirmLeaseDeps, leaseConfirmed } from '../leases/confirm-lease.ts';
import { coordinatorOf } from '../stickiness/coordinator.ts';
import { hashOfSecret } from './seal.ts';
import { type KeptAnswer, keptAnswer, sealAnswer } from './sealed-answer.ts';
import { resubmission, unsealStatement, type WaitingStatement } from './sealed-statement.ts';
import type { Ticket } from './ticket.ts';

export type DispatchOfferDeps = AttemptChosenDeps &
  ConfirmLeaseDeps &
  HandOverDeps & {
    gateway: Pick<GatewayClient, 'authentication' | 'drains'> & {
      admission: Pick<AdmissionClient, 'assign' | 'release' | 'cancelQueued' | 'settle'>;
    };
    config: Pick<RouterConfig, 'attempt_time_limit' | 'poll_time_limit'>;
    /** Called with what came of posting a statement that had waited. */
    onHandOver: (groupId: string, result: AssignResult) => void;
  };

/** What came of an offer. */
export type OfferEnd =
  /** A cluster has the query, and this is its first page. */
  | { kind: 'assigned'; kept: KeptAnswer }
  /** The cluster answers in its own words. */
  | { kind: 'answered'; answer: WholeAnswer; placement: Placement; presto: boolean }
  /** Another offer is to be awaited. */
  | { kind: 'again' }
  /** The gatewayserver does not answer. */
  | { kind: 'silent' };

/** A slot that a waiting statement is offered. */
type Offer = {
  /** With the signal of the dispatch, which outlives it. */
  poll: Exchange;
  ticket: Ticket;
  claimId: string;
  submission: Submission;
  candidate: Candidate;
  queuedMs: number;
  /** When it was made, by performance.now(). */
  beganAt: number;
  /** What is left of the client's own limit for all of its query's time. */
  leftMs: number;
};

/** Shorter than a claim lasts (15 s): a later page would be thrown away. */
const LONGEST_ATTEMPT_MS = 12_000;
const unauthenticated =
  'Access Denied: The cluster of this query has begun to ask for authentication while it waited: submit it again with user and password';
const acceptEncoding: ReadonlySet<string> = new Set(['accept-encoding']);
const again: OfferEnd = { kind: 'again' };
const silent: OfferEnd = { kind: 'silent' };

/** A queued statement: attempts the cluster it is offered a slot at. Its client gets that cluster's page, in this poll or the next. */
export async function dispatchOffer(
  context: DispatchOfferDeps,
  poll: Exchange,
  ticket: Ticket,
  turn: AwaitTurnResponse_Turn,
): Promise<OfferEnd> {
  const offer = await readOffer(context, poll, ticket, turn);
  if ('kind' in offer) return offer;
  try {
    return await attemptOffer(context, offer);
  } finally {
    context.gateway.drains.over(offer.submission.id);
  }
}

async function attemptOffer(context: DispatchOfferDeps, offer: Offer): Promise<OfferEnd> {
  const { config, gateway } = context;
  const { poll, ticket } = offer;
  const submission = endingWith(offer);
  gateway.drains.attempting(submission.id, offer.candidate.coordinator.backendId);
  const outcome = await attemptChosen(context, submission, askingForPlain(offer.candidate), {
    timeMs: Math.min(config.attempt_time_limit, LONGEST_ATTEMPT_MS),
    confirm: (first) => storeAnswer(context, offer, first),
  });
  switch (outcome.kind) {
    case 'taken':
      await handOver(context, offer, outcome.first);
      return { kind: 'assigned', kept: outcome.stored };
    case 'answered':
      return await notTaken(context, offer, outcome.answer);
    case 'abandoned':
      if (!poll.signal.aborted) return await endOver(context, poll, ticket, submission);
      await release(context, offer, 'abandoned', Reason.ABSENT, 'the client has gone');
      return again;
    case 'failed':
      await release(context, offer, 'failed', Reason.FAILED, outcome.reason);
      return again;
    case 'leaseLost':
      return again;
    case 'leaseUnclear':
      return silent;
  }
}

/** The statement with the cluster it is offered; the end of the offer where it cannot be read, or must not be sent there. */
async function readOffer(
  context: DispatchOfferDeps,
  poll: Exchange,
  ticket: Ticket,
  { claimId, backend, sealed, decision, queuedMs }: AwaitTurnResponse_Turn,
): Promise<Offer | OfferEnd> {
  const beganAt = performance.now();
  poll.account.takeAnyway(sealed.length);
  const waiting = unsealStatement(sealed, ticket);
  if (waiting === undefined || backend === undefined) {
    context.logger.error('a queued query cannot be read', { query: ticket.queryId });
    const message = 'The gateway cannot read this query any more: submit it again';
    return await endWait(context, poll, ticket, { errorName: 'GENERIC_INTERNAL_ERROR', message });
  }
  const check = context.gateway.authentication();
  // A policy came while it waited: the user of the statement was never checked.
  if (waiting.checkedUser === undefined && check?.forCluster(entryPointOf(waiting), coordinatorOf(backend)))
    return await endWait(context, poll, ticket, { errorName: 'PERMISSION_DENIED', message: unauthenticated });
  const submission = resubmission(waiting, poll);
  const placement = {
    backendId: backend.id,
    groupId: decision?.groupId || waiting.groupId,
    decidedBy: decidedBy(decision, waiting),
  };
  const decided = { ...decidedHeaders(waiting), requestSource: decision?.requestSource || waiting.requestSource };
  const elapsedMs = queuedMs + (waiting.elapsedMs ?? 0);
  const leftMs = (runLimit(submission.exchange.rawHeaders)?.ms ?? Number.POSITIVE_INFINITY) - elapsedMs;
  if (leftMs <= 0) return await endOver(context, poll, ticket, submission);
  const candidate = candidateOf(backend, submission, placement, { decided, elapsedMs });
  return { poll, ticket, claimId, submission, candidate, queuedMs, beganAt, leftMs };
}

/** What history says decided its group; also that it went on to the spill-over group of that. */
function decidedBy(decision: Decision | undefined, waiting: WaitingStatement): string {
  const { decidedBy: by = '', spilledOverFromGroupId: from = '' } = decision ?? {};
  return by || `${waiting.decidedBy}${from && `, spilled over from group ${from}`}`;
}

/** The submission that is given up when the client's own limit is over: its cluster may be silent for longer. */
function endingWith({ submission, leftMs }: Offer): Submission {
  if (leftMs > LONGEST_ATTEMPT_MS) return submission;
  const { exchange } = submission;
  const signal = AbortSignal.any([exchange.signal, AbortSignal.timeout(Math.ceil(leftMs))]);
  return { ...submission, exchange: { ...exchange, signal } };
}

/** The client's own limit is over before a cluster has the statement: nothing of it has run. */
function endOver(
  context: DispatchOfferDeps,
  poll: Exchange,
  ticket: Ticket,
  { exchange }: Submission,
): Promise<OfferEnd> {
  const message = runLimit(exchange.rawHeaders)?.message ?? '';
  return endWait(context, poll, ticket, { errorName: 'EXCEEDED_TIME_LIMIT', message });
}

/** The page is kept, and may be answered to another client of this link: it has to be plain. */
function askingForPlain(candidate: Candidate): Candidate {
  const sentHeaders = [...withoutHeaders(candidate.sentHeaders, acceptEncoding), 'Accept-Encoding', 'identity'];
  return { ...candidate, sentHeaders };
}

/** The cluster's page may reach the client only once it is stored that this cluster has the query. */
async function storeAnswer(context: DispatchOfferDeps, offer: Offer, first: FirstPage): Promise<Confirmed<KeptAnswer>> {
  const { gateway, onHandOver } = context;
  const { poll, ticket, claimId, submission, candidate } = offer;
  const { placement, direct } = candidate;
  const origin = direct === undefined ? outsideUrl(poll.client) : '';
  const waitedMs = offer.queuedMs + performance.now() - offer.beganAt;
  const kept = keptAnswer(first, { origin, presto: submission.exchange.presto, placement }, waitedMs);
  if (kept === undefined) {
    await release(context, offer, 'failed', Reason.FAILED, 'answered a page that cannot be read');
    return { kind: 'leaseLost' };
  }
  const query = leasedQuery(candidate, first);
  const { queryId } = ticket;
  const { trinoQueryId } = query;
  // Neither a hang-up nor a stop of the router ends the call: what is stored saves the next poll another attempt.
  const { signal } = new AbortController();
  try {
    const request = { queryId, claimId, trinoQueryId, sealedAnswer: sealAnswer(kept, ticket) };
    if (!(await gateway.admission.assign(request, signal))) {
      onHandOver(placement.groupId, 'lost');
      return { kind: 'leaseLost' };
    }
  } catch (error) {
    if (!(error instanceof GatewayUnavailableError)) throw error;
    onHandOver(placement.groupId, 'lost');
    return { kind: 'leaseUnclear' };
  }
  onHandOver(placement.groupId, 'handed_over');
  await leaseConfirmed(context, query, poll.signal);
  return { kind: 'taken', stored: kept };
}

async function handOver(
  context: DispatchOfferDeps,
  { ticket, submission, candidate, queuedMs }: Offer,
  first: FirstPage,
): Promise<void> {
  await recordHandOver(context, submission, candidate, first, { temporaryId: ticket.queryId, queuedMs });
  if (first.page.nextUri === undefined) context.gateway.admission.settle(first.page.id ?? '');
}

/** The cluster answers in its own words: it does not accept the credentials, or refuses the statement for good. */
async function notTaken(context: DispatchOfferDeps, offer: Offer, answer: ClusterAnswer): Promise<OfferEnd> {
  const { ticket, poll, submission, candidate } = offer;
  const { placement } = candidate;
  const text = `answered ${answer.status}`;
  if (answer.status === 401 || answer.status === 403)
    await release(context, offer, 'unauthenticated', Reason.UNAUTHENTICATED, text);
  else {
    context.onHandOver(placement.groupId, 'answered');
    await endWait(context, poll, ticket, { errorName: 'QUERY_REJECTED', message: `The cluster ${text}` });
  }
  // The slot is free by now, however long the rest takes.
  const whole = await readWhole(answer, context.config.poll_time_limit);
  return { kind: 'answered', answer: whole, placement, presto: submission.exchange.presto };
}

/** The slot is free again, and the statement keeps its place. */
async function release(
  { onHandOver, gateway }: DispatchOfferDeps,
  { ticket, claimId, candidate }: Offer,
  result: AssignResult,
  reason: Reason,
  text: string,
): Promise<void> {
  onHandOver(candidate.placement.groupId, result);
  await gateway.admission.release({ queryId: ticket.queryId, claimId, reason, text });
}

/** The statement leaves the queue for good: the next answer tells the client why. */
async function endWait(
  { gateway }: DispatchOfferDeps,
  { signal }: Exchange,
  { queryId, secret }: Ticket,
  end: { errorName: string; message: string },
): Promise<OfferEnd> {
  try {
    await gateway.admission.cancelQueued({ queryId, secretHash: hashOfSecret(secret), ...end }, signal);
    return again;
  } catch (error) {
    if (!(error instanceof GatewayUnavailableError) && !signal.aborted) throw error;
    return silent;
  }
}
