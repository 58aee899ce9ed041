import { pause } from '@trino-gateway/runtime';
import {
  isTemporaryQueryId,
  querySuffix,
  statementKind,
  statementSession,
  transactionHeader,
  unknownTransactionMessage,
} from '@trino-gateway/trino';
import { askAll } from '../clusters/ask-all.ts';
import { GatewayUnavailableError } from '../control-plane/retry-unreachable.ts';
import { handOut } from '../dispatch/confirm-lease.ts';
import type { RoadContext } from '../dispatch/context.ts';
import { kindOf } from '../dispatch/kind-of-submission.ts';
import { postStatement } from '../dispatch/post-statement.ts';
import { calledName, type Refusal } from '../dispatch/refusal.ts';
import { requireAuthentication, requireAuthenticationOfGroup } from '../dispatch/require-authentication.ts';
import { askRoute, withSource } from '../dispatch/route.ts';
import type { Submission } from '../dispatch/submission.ts';
import type { Exchange } from '../http/exchange.ts';
import { AccessDenied, HttpError, TryAgain } from '../http/responses.ts';
import { type Alias, findAlias, mustBeOwner } from '../queue/query-alias.ts';
import { cancelByUser, killedEnd } from '../queue/queued-query.ts';
import type { Owner } from '../stickiness/ownership.ts';
import { type Deadline, type Placed, slotUnclear } from './try-clusters.ts';

/** A statement that only one coordinator can carry out, whatever the policies say. */
export type Bound = {
  owner: Owner;
  /** What history and answer headers say decided. */
  decidedBy: string;
  transactionId?: string;
  /** What the client is told when that coordinator is gone. */
  gone: Refusal;
  /** What is sent instead of the statement as it came: with the id the coordinator knows the query by. */
  rewritten?: Submission;
};

/**
 * Which coordinator a statement is bound to; a refusal when nobody can carry it out, or the gateway itself has; undefined when
 * it may go anywhere.
 * @throws AccessDenied
 * @throws HttpError when nobody can say how a cluster will read it
 */
export async function boundTo(
  context: RoadContext,
  submission: Submission,
): Promise<Bound | { refusal: Refusal } | undefined> {
  try {
    return await findBound(context, submission);
  } catch (error) {
    // As Trino fails a query: clients repeat a 503 for hours.
    const isFailure = error instanceof HttpError && (error.status === 403 || error.status >= 500);
    if (!isFailure || error instanceof AccessDenied || error instanceof TryAgain) throw error;
    const name = error.status === 403 ? 'PERMISSION_DENIED' : 'NO_NODES_AVAILABLE';
    return { refusal: { name, message: error.message } };
  }
}

async function findBound(
  context: RoadContext,
  submission: Submission,
): Promise<Bound | { refusal: Refusal } | undefined> {
  const { exchange } = submission;
  const { ownership, transactions } = context;
  const { rawHeaders } = exchange;
  const transaction = transactionHeader(rawHeaders);
  if (transaction.kind === 'malformed') throw new HttpError(400, 'Invalid UUID string in X-Trino-Transaction-Id');
  if (transaction.kind === 'open') {
    const { id } = transaction;
    const gone: Refusal = { name: 'UNKNOWN_TRANSACTION', message: unknownTransactionMessage(id) };
    const [only, ...others] = ownership.candidates();
    try {
      const owner = others.length === 0 ? only : await transactions.holder(id, exchange.signal);
      if (owner === undefined) return { refusal: gone };
      await requireAuthentication(context, exchange, [owner]);
      return { owner, decidedBy: 'transaction', transactionId: id, gone };
    } catch (error) {
      if (!(error instanceof GatewayUnavailableError)) throw error;
      const message = `The gateway cannot find the cluster of transaction ${id} now, its gatewayserver does not answer (${error.message}): try again in a minute`;
      return { refusal: { name: 'NO_NODES_AVAILABLE', message } };
    }
  }
  const kind = kindOf(submission, context.inflation);
  if (kind.kind === 'unreadable') throw new HttpError(400, kind.message);
  if (kind.kind !== 'killQuery' || kind.queryId === undefined) return undefined;
  const { queryId } = kind;
  const alias = isTemporaryQueryId(queryId) ? await findAlias(context, queryId, exchange.signal) : undefined;
  if (alias !== undefined && alias.case !== 'handedOver')
    return { refusal: await killOwn(context, exchange, alias, { queryId, message: kind.message }) };
  const realId = alias?.value.trinoQueryId ?? queryId;
  const owner = await ownerOf(context, exchange, realId);
  if (owner === undefined) return undefined;
  await requireAuthentication(context, exchange, [owner]);
  const gone: Refusal = { name: 'REMOTE_HOST_GONE', message: `The coordinator of query ${queryId} does not answer` };
  const bound: Bound = { owner, decidedBy: 'kill_query', gone };
  return alias === undefined
    ? bound
    : { ...bound, rewritten: withId(submission, { from: queryId, to: realId }, kind.message) };
}

/** Kills a statement that waits, as Trino's procedure would answer: CALL has no other result than that it ended well. */
async function killOwn(
  context: RoadContext,
  exchange: Exchange,
  alias: Alias,
  { queryId, message }: { queryId: string; message: string | undefined },
): Promise<Refusal> {
  if (alias.case === 'waiting') await requireAuthenticationOfGroup(context, exchange, alias.value.groupId);
  await mustBeOwner(context, exchange, alias, 'kill');
  if (alias.case === 'waiting' && (await cancelByUser(context, exchange, queryId, alias.user, killedEnd(message))))
    return { name: calledName, message: '' };
  return { name: 'NOT_SUPPORTED', message: `Target query is not running: ${queryId}` };
}

/**
 * The statement with another id in its place: in its text, or in the prepared statement it comes from. Where it does not stand
 * in plain text the same call is made anew.
 */
function withId(submission: Submission, ids: { from: string; to: string }, message: string | undefined): Submission {
  const { from, to } = ids;
  const { exchange } = submission;
  const text = submission.body.toString('latin1').replaceAll(from, to);
  const rawHeaders = exchange.rawHeaders.map((line, at) =>
    exchange.rawHeaders[at - 1]?.toLowerCase() === 'x-trino-prepared-statement' && at % 2 === 1
      ? line.replaceAll(from, to)
      : line,
  );
  const found = statementKind(Buffer.from(text, 'latin1').toString(), statementSession(rawHeaders));
  const isFound = found.kind === 'killQuery' && found.queryId === to;
  const reason = message === undefined ? '' : `, message => '${message.replaceAll("'", "''")}'`;
  const body = isFound
    ? Buffer.from(text, 'latin1')
    : Buffer.from(`CALL system.runtime.kill_query(query_id => '${to}'${reason})`);
  return { ...submission, exchange: { ...exchange, rawHeaders }, body, statement: body.toString() };
}

/** By the id's suffix; where that says nothing, or not enough, whoever knows the query. */
async function ownerOf(context: RoadContext, exchange: Exchange, queryId: string): Promise<Owner | undefined> {
  const owners = context.ownership.owners(queryId);
  if (owners.length === 1) return owners[0];
  if (querySuffix(queryId) === undefined || isTemporaryQueryId(queryId)) return undefined;
  const asked = owners.length > 0 ? owners : context.ownership.candidates();
  await requireAuthentication(context, exchange, asked);
  const path = `/v1/query/${queryId}?pruned=true`;
  const search = await askAll(context, exchange, asked, { method: 'GET', path }, ({ status }) => {
    if (status === 404 || status === 410) return 'notTheirs';
    return status === 200 ? 'theirs' : 'unclear';
  });
  if (search.kind !== 'found') return undefined;
  search.answer.body.destroy();
  return search.answer.owner;
}

// One coordinator is all there is: a short outage is waited for.
const RETRY_DELAYS_MS = [200, 600, 1_200];
// A transaction must not die of a gatewayserver that does: it was let in when it began, and its id is a secret.
const TRANSACTION_DECISION_MS = 2_000;

/** Hands a statement to the coordinator it is bound to. */
export async function placeAtOwner(
  context: RoadContext,
  original: Submission,
  bound: Bound,
  deadline: Deadline,
): Promise<Placed> {
  const submission = bound.rewritten ?? original;
  const { owner, decidedBy } = bound;
  const inTransaction = bound.transactionId !== undefined;
  const signal = inTransaction
    ? AbortSignal.any([deadline.signal, AbortSignal.timeout(TRANSACTION_DECISION_MS)])
    : deadline.signal;
  // Not for the place, but for what else a decision says: authentication, source, slot.
  const route = await askRoute(context, submission, [], signal, owner.backendId);
  if (typeof route === 'string') {
    if (submission.exchange.signal.aborted) return { kind: 'abandoned' };
    if (!inTransaction) return { kind: 'refused', refusal: { name: 'NO_NODES_AVAILABLE', message: route } };
  }
  const decision = typeof route === 'string' ? undefined : route.decision;
  const sentHeaders = withSource(submission.exchange.rawHeaders, decision?.requestSource ?? '');
  const placement = { backendId: owner.backendId, groupId: '', decidedBy };
  for (let attempt = 0; ; attempt += 1) {
    const timeMs = Math.min(context.config.attempt_time_limit, deadline.leftMs());
    if (timeMs <= 0) return { kind: 'refused', refusal: bound.gone, placement };
    const outcome = await postStatement(context, submission, owner, sentHeaders, timeMs);
    if (outcome.kind === 'abandoned') return outcome;
    if (outcome.kind !== 'failed') {
      const isLeased = typeof route !== 'string' && route.leased;
      const lease = { outcome, backendId: owner.backendId, isDirect: false };
      const slot = isLeased ? await handOut(context, submission, lease, deadline.signal) : 'held';
      if (submission.exchange.signal.aborted) return { kind: 'abandoned' };
      if (slot === 'held') return { kind: 'placed', outcome, owner, placement, sentHeaders };
      if (slot === 'lost' && deadline.leftMs() > 0) return await placeAtOwner(context, original, bound, deadline);
      return { kind: 'refused', refusal: { name: 'NO_NODES_AVAILABLE', message: slotUnclear }, placement };
    }
    const delayMs = RETRY_DELAYS_MS[attempt];
    if (delayMs === undefined && outcome.isBusy === true)
      return { kind: 'busy', reason: `The only cluster that can carry this out is busy: ${outcome.reason}` };
    if (delayMs === undefined) return { kind: 'refused', refusal: bound.gone, placement };
    await pause(delayMs, deadline.signal);
    if (submission.exchange.signal.aborted) return { kind: 'abandoned' };
  }
}
