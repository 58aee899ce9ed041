import type { SnapshotBackend } from '@trino-gateway/api/gateway';
import type { Logger } from '@trino-gateway/runtime';
import { withTimeLeft } from '@trino-gateway/trino';
import type { ClientView } from '../http/client-address.ts';
import type { LeasedQuery } from '../leases/confirm-lease.ts';
import type { PassiveHealth } from '../passive-health/passive-health.ts';
import { type Coordinator, coordinatorOf } from '../stickiness/coordinator.ts';
import { directView } from './direct.ts';
import { linksBelowCoordinator } from './first-page.ts';
import { type DecidedHeaders, withDecided } from './headers/decided-headers.ts';
import { type FirstPage, type PostOutcome, type PostStatementDeps, postStatement } from './post-statement.ts';
import type { Placement, Submission } from './submission.ts';

// Every statement reaches its cluster by the same steps: decide → lease → post → confirm → hand over. Here a cluster that was
// decided for, and perhaps leased, is attempted: post and confirm. Its callers say where the clusters come from and what an
// outcome means: submit/submit-anywhere (fresh), submit/submit-bound (by transaction, or kill_query), queue/dispatch-offer (queued).

/** A cluster that a statement may be posted to. */
export type Candidate = {
  coordinator: Coordinator;
  placement: Placement;
  /** The headers of the client as the cluster gets them. */
  sentHeaders: readonly string[];
  /** Set when the client gets its further pages from the cluster itself: the address it does so by. */
  direct: ClientView | undefined;
};

/** What came of confirming the lease of a posted statement. */
export type Confirmed<Stored> =
  /** It is confirmed, or none was needed: the client may have the page. `stored`: what was stored along with that. */
  | { kind: 'taken'; stored: Stored }
  /** It was lost: the client must not get the page, and another decision is needed. */
  | { kind: 'leaseLost' }
  /** The gatewayserver does not say whether it is held: the client must not get the page. */
  | { kind: 'leaseUnclear' }
  /** The client hung up. */
  | { kind: 'abandoned' };

/** What came of an attempt. */
export type Outcome<Stored> =
  | { kind: 'taken'; first: FirstPage; stored: Stored }
  | Exclude<Confirmed<Stored> | PostOutcome, { kind: 'taken' }>;

export type AttemptOptions<Stored> = {
  timeMs: number;
  /** Whether the client may have this page. */
  confirm: (first: FirstPage) => Promise<Confirmed<Stored>>;
};

/** Posts a statement to one cluster and confirms its lease. */
export async function attempt<Stored>(
  context: PostStatementDeps,
  submission: Submission,
  { coordinator, sentHeaders, direct }: Candidate,
  { timeMs, confirm }: AttemptOptions<Stored>,
): Promise<Outcome<Stored>> {
  const client = direct ?? submission.exchange.client;
  const posted = await postStatement(context, submission, { coordinator, sentHeaders, timeMs, client });
  if (posted.kind !== 'taken') return posted;
  // What a client fetches from the cluster itself, it need not be told the way to.
  const first = direct === undefined ? linksBelowCoordinator(posted, client, context.coordinatorLinks) : posted;
  const confirmed = await confirm(first);
  return confirmed.kind === 'taken' ? { ...confirmed, first } : confirmed;
}

export type AttemptChosenDeps = PostStatementDeps & {
  passiveHealth: Omit<PassiveHealth, 'avoided'>;
  logger: Logger;
};

/** Attempts a cluster that routing has chosen: passive health learns from the outcome whether routing should avoid it. */
export async function attemptChosen<Stored>(
  context: AttemptChosenDeps,
  submission: Submission,
  candidate: Candidate,
  options: AttemptOptions<Stored>,
): Promise<Outcome<Stored>> {
  const { passiveHealth, logger } = context;
  const { backendId } = candidate.coordinator;
  passiveHealth.trying(backendId);
  const outcome = await attempt(context, submission, candidate, options);
  if (outcome.kind === 'abandoned' || (outcome.kind === 'failed' && outcome.isBusy)) {
    passiveHealth.abandoned(backendId);
    return outcome;
  }
  if (outcome.kind !== 'failed') {
    passiveHealth.succeeded(backendId);
    return outcome;
  }
  passiveHealth.failed(backendId);
  const fields = { requestId: submission.id, backend: backendId, reason: outcome.reason };
  logger.warn('a backend did not accept a statement', fields);
  return outcome;
}

/** A backend that routing has chosen, as a candidate for this statement, which arrived `elapsedMs` ago. */
export function candidateOf(
  backend: SnapshotBackend,
  submission: Submission,
  placement: Placement,
  { decided, elapsedMs }: { decided: DecidedHeaders; elapsedMs: number },
): Candidate {
  return {
    coordinator: coordinatorOf(backend),
    placement,
    sentHeaders: withDecided(withTimeLeft(submission.exchange.rawHeaders, elapsedMs), decided),
    direct: directView(backend, submission),
  };
}

/** The query that a cluster has made of a statement, for its lease. */
export function leasedQuery({ coordinator, direct }: Candidate, { page }: FirstPage): LeasedQuery {
  return {
    trinoQueryId: page.id ?? '',
    firstLink: page.nextUri,
    backendId: coordinator.backendId,
    isDirect: direct !== undefined,
  };
}
