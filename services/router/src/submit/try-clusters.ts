import { claimOf } from '../auth/claim.ts';
import { handOut } from '../dispatch/confirm-lease.ts';
import type { RoadContext } from '../dispatch/context.ts';
import { directView } from '../dispatch/direct.ts';
import { type PostOutcome, postStatement } from '../dispatch/post-statement.ts';
import type { Refusal } from '../dispatch/refusal.ts';
import { askRoute, withSource } from '../dispatch/route.ts';
import type { Placement, Submission } from '../dispatch/submission.ts';
import type { MustWait } from '../queue/enqueue.ts';
import { whyNotTheirs } from '../queue/verify-claim.ts';
import type { Owner } from '../stickiness/ownership.ts';

/** Where a statement ended up. */
export type Placed =
  | {
      kind: 'placed';
      outcome: Extract<PostOutcome, { kind: 'taken' | 'answered' }>;
      owner: Owner;
      placement: Placement;
      /** What the cluster was sent. */
      sentHeaders: readonly string[];
      /** The client gets its further pages from the cluster itself. */
      isDirect?: boolean;
    }
  /** There is no slot for it now. */
  | ({ kind: 'waits' } & MustWait)
  | { kind: 'refused'; refusal: Refusal; placement?: Placement }
  /** There is too much under way at the clusters it may go to: in words, why. */
  | { kind: 'busy'; reason: string }
  | { kind: 'abandoned' };

/** How long finding a place may take. */
export type Deadline = { signal: AbortSignal; leftMs(): number };

/** Finds a cluster that takes the statement, asking the gatewayserver anew after each one that does not. */
export async function place(context: RoadContext, submission: Submission, deadline: Deadline): Promise<Placed> {
  const { config, suspects, now } = context;
  const attempts: Attempt[] = [];
  const refused = (name: string, text: string) => refusedAfter(attempts, name, text);
  for (;;) {
    const excluded = attempts.map(({ backendId }) => backendId);
    const route = await askRoute(context, submission, excluded, deadline.signal);
    if (submission.exchange.signal.aborted) return { kind: 'abandoned' };
    if (typeof route === 'string') return refused('NO_NODES_AVAILABLE', route);
    const { decision } = route;
    if (decision === undefined) {
      const name = attempts.length > 0 ? 'NO_NODES_AVAILABLE' : route.refusalErrorName || 'NO_NODES_AVAILABLE';
      return refused(name, route.refusal || 'No cluster is available for this query');
    }
    if (route.mustWait) return { kind: 'waits', decision, backend: route.backend };
    const backend = route.backend ?? context.link.backends().get(decision.backendId);
    if (backend === undefined || excluded.includes(decision.backendId)) {
      return refused('NO_NODES_AVAILABLE', 'No other cluster is available for this query');
    }
    const owner: Owner = { backendId: backend.id, url: backend.url, forwardedHeaders: backend.forwardedHeaders };
    const sentHeaders = withSource(submission.exchange.rawHeaders, decision.requestSource);
    const timeMs = Math.min(config.attempt_time_limit, deadline.leftMs());
    if (timeMs <= 0) return refused('NO_NODES_AVAILABLE', 'No cluster took the query in time');
    if (route.leased) {
      const limits = { isKnown: true, timeMs, signal: deadline.signal };
      const refusal = await whyNotTheirs(context, submission.exchange, owner, claimOf(submission.exchange), limits);
      if (submission.exchange.signal.aborted) return { kind: 'abandoned' };
      if (refusal !== undefined) return { kind: 'refused', refusal, placement: decision };
    }
    const direct = directView(backend, submission);
    const outcome = await postStatement(context, submission, owner, sentHeaders, timeMs, direct);
    if (outcome.kind === 'abandoned') return outcome;
    if (outcome.kind !== 'failed') {
      suspects.succeeded(backend.id);
      const isDirect = direct !== undefined;
      const slot = route.leased
        ? await handOut(context, submission, { outcome, backendId: backend.id, isDirect }, deadline.signal)
        : 'held';
      if (submission.exchange.signal.aborted) return { kind: 'abandoned' };
      if (slot === 'lost') continue;
      if (slot === 'unclear') return refused('NO_NODES_AVAILABLE', slotUnclear);
      return { kind: 'placed', outcome, owner, placement: decision, sentHeaders, isDirect };
    }
    attempts.push({ backendId: backend.id, reason: outcome.reason, isBusy: outcome.isBusy === true });
    if (outcome.isBusy === true) continue;
    suspects.failed(backend.id, now());
    const fields = { requestId: submission.id, backend: backend.id, reason: outcome.reason };
    context.logger.warn('a backend did not take a submission', fields);
  }
}

/** What a client is told when its slot cannot be confirmed: nothing has run. */
export const slotUnclear =
  'The gateway cannot confirm a slot for this query now, its gatewayserver does not answer: try again in a minute';

type Attempt = { backendId: string; reason: string; isBusy: boolean };

function refusedAfter(attempts: readonly Attempt[], name: string, text: string): Placed {
  const tried = attempts.map(({ backendId, reason }) => `${backendId}: ${reason}`).join('; ');
  const message = tried === '' ? text : `${text} (${tried})`;
  if (attempts.some(({ isBusy }) => isBusy)) return { kind: 'busy', reason: message };
  return { kind: 'refused', refusal: { name, message } };
}
