import { setTimeout as sleep } from 'node:timers/promises';
import {
  isTemporaryQueryId,
  querySuffix,
  statementKind,
  transactionHeader,
  trinoHeader,
  trinoHeaders,
  unknownTransactionMessage,
} from '@trino-gateway/trino';
import { askAll } from './ask-all.ts';
import type { RoadContext } from './context.ts';
import type { Exchange } from './exchange.ts';
import type { Owner } from './ownership.ts';
import { GatewayUnavailableError } from './patience.ts';
import { askRoute, type Placed, withSource } from './place.ts';
import { postStatement } from './post-statement.ts';
import type { Refusal } from './refusal.ts';
import type { Submission } from './submission.ts';

/** A statement that only one coordinator can carry out, whatever the policies say. */
export type Bound = {
  owner: Owner;
  /** What history and answer headers say decided. */
  decidedBy: string;
  transactionId?: string;
  /** What the client is told when that coordinator is gone. */
  gone: Refusal;
};

/** Which coordinator a statement is bound to; a refusal when nobody can carry it out; undefined when it may go anywhere. */
export async function boundTo(
  context: RoadContext,
  { exchange, statement }: Submission,
): Promise<Bound | { refusal: Refusal } | undefined> {
  const { ownership, transactions } = context;
  const { rawHeaders } = exchange;
  const transaction = transactionHeader(rawHeaders);
  if (transaction.kind === 'open') {
    const { id } = transaction;
    const gone: Refusal = { name: 'UNKNOWN_TRANSACTION', message: unknownTransactionMessage(id) };
    const [only, ...others] = ownership.candidates();
    try {
      const owner = others.length === 0 ? only : await transactions.holder(id, exchange.signal);
      return owner === undefined ? { refusal: gone } : { owner, decidedBy: 'transaction', transactionId: id, gone };
    } catch (error) {
      if (!(error instanceof GatewayUnavailableError)) throw error;
      const message = `The gateway cannot find the cluster of transaction ${id} now, its gatewayserver does not answer (${error.message}): try again in a minute`;
      return { refusal: { name: 'NO_NODES_AVAILABLE', message } };
    }
  }
  const kind = statementKind(statement, {
    preparedStatements: trinoHeaders(rawHeaders, 'prepared-statement'),
    catalog: trinoHeader(rawHeaders, 'catalog'),
    schema: trinoHeader(rawHeaders, 'schema'),
  });
  if (kind.kind !== 'killQuery' || kind.queryId === undefined) return undefined;
  const owner = await ownerOf(context, exchange, kind.queryId);
  if (owner === undefined) return undefined;
  const message = `The coordinator of query ${kind.queryId} does not answer`;
  return { owner, decidedBy: 'kill_query', gone: { name: 'REMOTE_HOST_GONE', message } };
}

/** By the id's suffix; where that says nothing, or not enough, whoever knows the query. */
async function ownerOf(context: RoadContext, exchange: Exchange, queryId: string): Promise<Owner | undefined> {
  const owners = context.ownership.owners(queryId);
  if (owners.length === 1) return owners[0];
  if (querySuffix(queryId) === undefined || isTemporaryQueryId(queryId)) return undefined;
  const asked = owners.length > 0 ? owners : context.ownership.candidates();
  await context.delegation.check(context, exchange);
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
  submission: Submission,
  bound: Bound,
  deadline: { signal: AbortSignal; leftMs(): number },
): Promise<Placed> {
  const inTransaction = bound.transactionId !== undefined;
  const signal = inTransaction
    ? AbortSignal.any([deadline.signal, AbortSignal.timeout(TRANSACTION_DECISION_MS)])
    : deadline.signal;
  // Not for the place, but for what else a decision says: authentication, source.
  const route = await askRoute(context, submission, [], signal);
  if (typeof route === 'string') {
    if (submission.exchange.signal.aborted) return { kind: 'abandoned' };
    if (!inTransaction) return { kind: 'refused', refusal: { name: 'NO_NODES_AVAILABLE', message: route } };
  }
  const decision = typeof route === 'string' ? undefined : route.decision;
  const sentHeaders = withSource(submission.exchange.rawHeaders, decision?.requestSource ?? '');
  const { owner, decidedBy } = bound;
  const placement = { backendId: owner.backendId, groupId: '', decidedBy };
  for (let attempt = 0; ; attempt += 1) {
    const timeMs = Math.min(context.config.attempt_time_limit, deadline.leftMs());
    if (timeMs <= 0) return { kind: 'refused', refusal: bound.gone, placement };
    const outcome = await postStatement(context, submission, owner, sentHeaders, timeMs);
    if (outcome.kind === 'abandoned') return outcome;
    if (outcome.kind !== 'failed') return { kind: 'placed', outcome, owner, placement, sentHeaders };
    const delayMs = RETRY_DELAYS_MS[attempt];
    if (delayMs === undefined) return { kind: 'refused', refusal: bound.gone, placement };
    await sleep(delayMs, undefined, { signal: deadline.signal }).catch(() => {});
    if (submission.exchange.signal.aborted) return { kind: 'abandoned' };
  }
}
