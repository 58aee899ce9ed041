import type { Logger } from '@trino-gateway/runtime';
import { parsePageError } from '@trino-gateway/trino';
import type { LiveQueries } from '../control-plane/live-queries.ts';
import { endOf } from '../control-plane/query-end.ts';
import type { Transactions } from '../stickiness/transactions.ts';
import type { Candidate } from './attempt.ts';
import type { FirstPage } from './post-statement.ts';
import { historyOf, historyPlacement, type Submission } from './submission.ts';

export type HandOverDeps = {
  transactions: Pick<Transactions, 'joined' | 'observe'>;
  live: Pick<LiveQueries, 'started' | 'directQueryStarted' | 'ended'>;
  logger: Logger;
  /** Epoch milliseconds. */
  now: () => number;
};

/** What is known of a query besides the cluster and its first page. */
export type HandOverFacts = {
  /** The id that history knows it by, when that is a temporary one. */
  temporaryId?: string;
  queuedMs?: number;
  /** The transaction it belongs to. */
  transactionId?: string | undefined;
};

/** Records that a query belongs to a cluster from now on: all that must be known before the client has its first page. */
export async function recordHandOver(
  { transactions, live, logger, now }: HandOverDeps,
  submission: Submission,
  { coordinator, placement, sentHeaders, direct }: Candidate,
  { answer, page }: FirstPage,
  { temporaryId, queuedMs = 0, transactionId }: HandOverFacts,
): Promise<void> {
  const trinoQueryId = page.id ?? '';
  if (transactionId !== undefined) transactions.joined(trinoQueryId, transactionId);
  await transactions.observe(trinoQueryId, answer.rawHeaders, coordinator);
  const { backendId, groupId, decidedBy } = placement;
  const id = temporaryId ?? trinoQueryId;
  const query = historyOf(submission, sentHeaders, { id, trinoQueryId, queuedMs, ...historyPlacement(placement) });
  if (direct === undefined) live.started(query);
  else live.directQueryStarted(query);
  if (page.nextUri === undefined)
    live.ended(trinoQueryId, endOf({ state: page.state, error: parsePageError(page.error) }));
  if (logger.level !== 'debug') return;
  const tookMs = now() - submission.submittedAt;
  const fields = { query: id, trinoQuery: trinoQueryId, backend: backendId, group: groupId, decidedBy, tookMs };
  logger.debug('a query was assigned to its cluster', { requestId: submission.id, ...fields });
}
