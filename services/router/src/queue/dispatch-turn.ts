import { type AwaitTurnResponse_Turn, GiveBackRequest_Reason as Reason } from '@trino-gateway/api/gateway';
import { parsePageError, withoutHeaders } from '@trino-gateway/trino';
import { relay } from '../clusters/relay.ts';
import { endOf } from '../control-plane/query-end.ts';
import { GatewayUnavailableError } from '../control-plane/retry-unreachable.ts';
import { activateDirect } from '../dispatch/activate-lease.ts';
import type { RoadContext } from '../dispatch/context.ts';
import { explain } from '../dispatch/decision-headers.ts';
import { directView } from '../dispatch/direct.ts';
import { type PostOutcome, postStatement } from '../dispatch/post-statement.ts';
import { doorOf } from '../dispatch/require-authentication.ts';
import type { AssignResult } from '../dispatch/results.ts';
import { withSource } from '../dispatch/route.ts';
import { historyOf, type Placement, type Submission } from '../dispatch/submission.ts';
import { originOf } from '../http/client-address.ts';
import type { Exchange } from '../http/exchange.ts';
import type { Owner } from '../stickiness/ownership.ts';
import { hashOfSecret } from './seal.ts';
import { answerKept, keptAnswer, sealAnswer } from './sealed-answer.ts';
import { resubmission, unsealStatement } from './sealed-statement.ts';
import type { Ticket } from './ticket.ts';

/** What came of a turn: the client has its answer or has gone, its turn is to be asked for again, or nobody can say. */
export type TurnEnd = 'answered' | 'again' | 'silent';

/** A turn with what is needed to take it. */
type Taking = {
  context: RoadContext;
  /** The poll it is taken in. */
  poll: Exchange;
  ticket: Ticket;
  claimId: string;
  submission: Submission;
  owner: Owner;
  placement: Placement;
  sentHeaders: readonly string[];
  isDirect: boolean;
  /** The origin of the links that pass the router; empty when they lead to the cluster. */
  origin: string;
  queuedMs: number;
};

/** Shorter than a claim lasts (15 s): a later answer could be given to nobody. */
const LONGEST_ATTEMPT_MS = 12_000;
const unauthenticated =
  'Access Denied: The cluster of this query asks for authentication since it waits: submit it again with user and password';
const acceptEncoding: ReadonlySet<string> = new Set(['accept-encoding']);

/** It is this query's turn: its statement goes to the cluster, and the cluster's page to the client that polls. */
export async function takeTurn(
  context: RoadContext,
  poll: Exchange,
  ticket: Ticket,
  { claimId, backend, sealed, decision, queuedMs }: AwaitTurnResponse_Turn,
): Promise<TurnEnd> {
  const { config } = context;
  const { queryId } = ticket;
  poll.account.takeAnyway(sealed.length);
  const waiting = unsealStatement(sealed, ticket);
  if (waiting === undefined || backend === undefined) {
    context.logger.error('a query that waited cannot be read', { query: queryId });
    const message = 'The gateway cannot read this query any more: submit it again';
    return (await endWait(context, poll, ticket, { errorName: 'GENERIC_INTERNAL_ERROR', message }))
      ? 'again'
      : 'silent';
  }
  const owner: Owner = { backendId: backend.id, url: backend.url, forwardedHeaders: backend.forwardedHeaders };
  if (waiting.checkedUser === undefined && context.link.authentication()?.forCluster(doorOf(waiting), owner)) {
    // A policy came while it waited: whose statement it is nobody has checked.
    return (await endWait(context, poll, ticket, { errorName: 'PERMISSION_DENIED', message: unauthenticated }))
      ? 'again'
      : 'silent';
  }
  const submission = resubmission(waiting, poll, { forwardsCredentials: config.auth_forward_credentials });
  const direct = directView(backend, submission);
  const source = decision?.requestSource || waiting.requestSource;
  const sentHeaders = withSource(submission.exchange.rawHeaders, source);
  const taking: Taking = {
    context,
    poll,
    ticket,
    claimId,
    submission,
    owner,
    placement: {
      backendId: backend.id,
      groupId: decision?.groupId || waiting.groupId,
      decidedBy: decision?.decidedBy || waiting.decidedBy,
    },
    sentHeaders,
    isDirect: direct !== undefined,
    origin: direct === undefined ? originOf(poll.client) : '',
    queuedMs,
  };
  // The page is kept, and may be answered to another client of this link: it has to be plain.
  const plain = [...withoutHeaders(sentHeaders, acceptEncoding), 'Accept-Encoding', 'identity'];
  const timeMs = Math.min(config.attempt_time_limit, LONGEST_ATTEMPT_MS);
  const outcome = await postStatement(context, submission, owner, plain, timeMs, direct);
  if (outcome.kind === 'taken') return await handOver(taking, outcome);
  if (outcome.kind === 'answered') return await passOnAnswer(taking, outcome);
  if (outcome.kind === 'abandoned') {
    await giveBack(taking, 'abandoned', Reason.ABSENT, 'the client has gone');
    return 'answered';
  }
  context.suspects.failed(backend.id, context.now());
  const fields = { requestId: submission.id, query: queryId, backend: backend.id, reason: outcome.reason };
  context.logger.warn('a backend did not take a query that had waited', fields);
  await giveBack(taking, 'failed', Reason.FAILED, outcome.reason);
  return 'again';
}

async function giveBack(taking: Taking, result: AssignResult, reason: Reason, text: string): Promise<void> {
  const { context, ticket, claimId, placement } = taking;
  context.onHandOver(placement.groupId, result);
  await context.link.admission.giveBack({ queryId: ticket.queryId, claimId, reason, text });
}

/** The cluster says no in its own words. */
async function passOnAnswer(taking: Taking, { answer }: Extract<PostOutcome, { kind: 'answered' }>): Promise<TurnEnd> {
  const { context, ticket, poll, submission, placement } = taking;
  const text = `answered ${answer.status}`;
  if (answer.status === 401 || answer.status === 403)
    await giveBack(taking, 'unauthenticated', Reason.UNAUTHENTICATED, text);
  else {
    context.onHandOver(placement.groupId, 'answered');
    await endWait(context, poll, ticket, { errorName: 'QUERY_REJECTED', message: `The cluster ${text}` });
  }
  await relay({ ...poll, presto: submission.exchange.presto }, answer, {
    extraHeaders: explain(context, placement),
    stallTimeMs: context.config.poll_time_limit,
  });
  return 'answered';
}

/** It leaves the queue for good; false when that could not be told. */
async function endWait(
  { link }: RoadContext,
  { signal }: Exchange,
  { queryId, secret }: Ticket,
  end: { errorName: string; message: string },
): Promise<boolean> {
  try {
    await link.admission.cancelQueued({ queryId, secretHash: hashOfSecret(secret), ...end }, signal);
    return true;
  } catch (error) {
    if (!(error instanceof GatewayUnavailableError) && !signal.aborted) throw error;
    return false;
  }
}

/** The cluster's page reaches the client only when it is stored that this cluster has it. */
async function handOver(taking: Taking, taken: Extract<PostOutcome, { kind: 'taken' }>): Promise<TurnEnd> {
  const { context, poll, ticket, claimId, submission, owner, placement, sentHeaders, isDirect, origin, queuedMs } =
    taking;
  const { link, transactions, suspects, activation, live } = context;
  const { queryId } = ticket;
  const id = taken.page.id ?? '';
  suspects.succeeded(owner.backendId);
  const kept = keptAnswer(taken, { origin, presto: submission.exchange.presto, placement });
  if (kept === undefined) {
    await giveBack(taking, 'failed', Reason.FAILED, 'answered a page that cannot be read');
    return 'again';
  }
  // Neither a hang-up nor a stop of the router ends it: what is stored saves the next poll the way to the cluster.
  const { signal } = new AbortController();
  try {
    const sealedAnswer = sealAnswer(kept, ticket);
    if (!(await link.admission.handOver({ queryId, claimId, trinoQueryId: id, sealedAnswer }, signal))) {
      context.onHandOver(placement.groupId, 'lost');
      return 'again';
    }
  } catch (error) {
    if (!(error instanceof GatewayUnavailableError)) throw error;
    context.onHandOver(placement.groupId, 'lost');
    return 'silent';
  }
  context.onHandOver(placement.groupId, 'handed_over');
  activation.handedOut(id, taken.page.nextUri);
  await transactions.observe(id, taken.answer.rawHeaders, owner);
  const query = historyOf(submission, sentHeaders, { id: queryId, trinoQueryId: id, queuedMs, ...placement });
  if (isDirect) live.departed(query);
  else live.started(query);
  context.logger.debug('a query that waited was handed over', {
    query: queryId,
    trinoQuery: id,
    backend: owner.backendId,
  });
  if (taken.page.nextUri === undefined) {
    live.ended(id, endOf({ state: taken.page.state, error: parsePageError(taken.page.error) }));
    link.admission.settle(id);
  } else if (isDirect) await activateDirect(context, id, owner.backendId, poll.signal);
  answerKept(poll, kept, explain(context, placement));
  return 'answered';
}
