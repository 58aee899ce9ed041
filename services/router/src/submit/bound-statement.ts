import { httpErrorText, isTemporaryQueryId, transactionHeader, unknownTransactionMessage } from '@trino-gateway/trino';
import { GatewayUnavailableError } from '../control-plane/retry-unreachable.ts';
import type { Refusal } from '../dispatch/refusal.ts';
import { type RequireAuthenticationDeps, requireAuthentication } from '../dispatch/require-authentication.ts';
import { kindOfStatement } from '../dispatch/statement-kind.ts';
import type { Submission } from '../dispatch/submission.ts';
import type { CarriedAnswer } from '../http/carrier.ts';
import { AccessDenied, answerText, HttpError, markRefusal, TryAgain } from '../http/responses.ts';
import type { InflationBudget } from '../limits/inflation-budget.ts';
import { findAlias } from '../queue/query-alias.ts';
import type { Coordinator } from '../stickiness/coordinator.ts';
import type { Ownership } from '../stickiness/ownership.ts';
import type { Transactions } from '../stickiness/transactions.ts';
import { coordinatorOfQuery, type KillQueryDeps, killQueued, withQueryId } from './kill-query.ts';

export type BoundStatementDeps = RequireAuthenticationDeps &
  KillQueryDeps & {
    ownership: Pick<Ownership, 'candidates'>;
    transactions: Pick<Transactions, 'holder'>;
    inflation: InflationBudget;
  };

/** A statement that only one coordinator can carry out, whatever the policies say. */
export type Bound = {
  coordinator: Coordinator;
  /** What history and answer headers say decided. */
  decidedBy: string;
  transactionId?: string;
  /** It kills this query. */
  killedQueryId?: string;
  /** The refusal when that coordinator is gone. */
  gone: Refusal;
  /** What is sent instead of the statement as it came: with the id the coordinator knows the query by. */
  rewritten?: Submission;
};

/** Where a statement may go. */
export type Binding =
  | { kind: 'anywhere' }
  | ({ kind: 'bound' } & Bound)
  /** No cluster can carry it out. */
  | { kind: 'refused'; refusal: Refusal }
  /** The gateway itself has carried it out: it killed a query that waited. */
  | { kind: 'carriedOut' };

/**
 * Whether a statement is bound to a coordinator: by its transaction, or by the query it kills.
 * @throws AccessDenied
 * @throws HttpError when the router cannot tell how a cluster will read it
 */
export async function bindingOf(context: BoundStatementDeps, submission: Submission): Promise<Binding> {
  try {
    const transaction = transactionHeader(submission.exchange.rawHeaders);
    if (transaction.kind === 'malformed') throw new MalformedTransactionId(transaction.text);
    if (transaction.kind === 'open') return await bindingOfTransaction(context, submission, transaction.id);
    const kind = kindOfStatement(submission, context.inflation);
    if (kind.kind === 'unreadable') throw new HttpError(400, kind.message);
    if (kind.kind !== 'killQuery' || kind.queryId === undefined) return { kind: 'anywhere' };
    return await bindingOfKill(context, submission, { queryId: kind.queryId, message: kind.message });
  } catch (error) {
    // As Trino fails a query: clients repeat a 503 for hours.
    const isFailure = error instanceof HttpError && (error.status === 403 || error.status >= 500);
    if (!isFailure || error instanceof AccessDenied || error instanceof TryAgain) throw error;
    const name = error.status === 403 ? 'PERMISSION_DENIED' : 'NO_NODES_AVAILABLE';
    return { kind: 'refused', refusal: { name, message: error.message } };
  }
}

async function bindingOfTransaction(
  context: BoundStatementDeps,
  { exchange }: Submission,
  transactionId: string,
): Promise<Binding> {
  const gone: Refusal = { name: 'UNKNOWN_TRANSACTION', message: unknownTransactionMessage(transactionId) };
  const [only, ...others] = context.ownership.candidates();
  try {
    const coordinator = others.length === 0 ? only : await context.transactions.holder(transactionId, exchange.signal);
    if (coordinator === undefined) return { kind: 'refused', refusal: gone };
    await requireAuthentication(context, exchange, [coordinator]);
    return { kind: 'bound', coordinator, decidedBy: 'transaction', transactionId, gone };
  } catch (error) {
    if (!(error instanceof GatewayUnavailableError)) throw error;
    const message = `The gateway cannot find the cluster of transaction ${transactionId} now, its gatewayserver does not answer (${error.message}): try again in a minute`;
    return { kind: 'refused', refusal: { name: 'NO_NODES_AVAILABLE', message } };
  }
}

async function bindingOfKill(
  context: BoundStatementDeps,
  submission: Submission,
  { queryId, message }: { queryId: string; message: string | undefined },
): Promise<Binding> {
  const { exchange } = submission;
  const alias = isTemporaryQueryId(queryId) ? await findAlias(context, queryId, exchange.signal) : undefined;
  let trinoQueryId = queryId;
  if (alias?.case === 'handedOver') trinoQueryId = alias.value.trinoQueryId;
  else if (alias !== undefined) {
    const outcome = await killQueued(context, exchange, alias, { queryId, message });
    if (outcome.kind === 'killed') return { kind: 'carriedOut' };
    if (outcome.kind === 'refused') return outcome;
    trinoQueryId = outcome.trinoQueryId;
  }
  const coordinator = await coordinatorOfQuery(context, exchange, trinoQueryId);
  if (coordinator === undefined) return { kind: 'anywhere' };
  await requireAuthentication(context, exchange, [coordinator]);
  const gone: Refusal = { name: 'REMOTE_HOST_GONE', message: `The coordinator of query ${queryId} does not answer` };
  const bound = { kind: 'bound', coordinator, decidedBy: 'kill_query', killedQueryId: trinoQueryId, gone } as const;
  return alias === undefined
    ? bound
    : { ...bound, rewritten: withQueryId(submission, { from: queryId, to: trinoQueryId }, message) };
}

/** The client reads the words of Trino, with the text it sent; the log does not. */
class MalformedTransactionId extends HttpError {
  readonly #text: string;

  constructor(text: string) {
    super(400, 'Invalid UUID string in X-Trino-Transaction-Id');
    this.#text = text;
  }

  override answer(response: CarriedAnswer): void {
    markRefusal(response, this.message);
    // The words of java.util.UUID.
    const words = this.#text.length > 36 ? 'UUID string too large' : `Invalid UUID string: ${this.#text}`;
    answerText(response, this.status, httpErrorText(this.status, words));
  }
}
