import type { RouterConfig } from '@trino-gateway/config';
import { pause } from '@trino-gateway/runtime';
import { querySuffix, withTimeLeft } from '@trino-gateway/trino';
import type { GatewayClient } from '../control-plane/gateway-client.ts';
import { attempt, type Candidate, type Outcome } from '../dispatch/attempt.ts';
import { withDecided } from '../dispatch/headers/decided-headers.ts';
import type { PostStatementDeps } from '../dispatch/post-statement.ts';
import type { Refusal } from '../dispatch/refusal.ts';
import { askRoute, type Route, type RouteDeps } from '../dispatch/route.ts';
import type { Submission } from '../dispatch/submission.ts';
import type { ConfirmLeaseDeps } from '../leases/confirm-lease.ts';
import type { Bound } from './bound-statement.ts';
import { confirmSubmission } from './confirm.ts';
import type { Deadline } from './deadline.ts';
import { leaseUnclear, type Result } from './result.ts';

export type SubmitBoundDeps = RouteDeps &
  ConfirmLeaseDeps &
  PostStatementDeps & {
    config: Pick<RouterConfig, 'attempt_time_limit'>;
    gateway: Pick<GatewayClient, 'drains' | 'backends'>;
    /** Epoch milliseconds. */
    now: () => number;
  };

// One coordinator is all there is: a short outage is waited for.
const RETRY_DELAYS_MS = [200, 600, 1_200];
// A transaction must not fail with the gatewayserver: it was authenticated when it began, and its id is a secret.
const TRANSACTION_DECISION_MS = 2_000;

/** A bound statement: attempts the one coordinator that can carry it out, again and again for a short while. */
export async function submitBound(
  context: SubmitBoundDeps,
  original: Submission,
  bound: Bound,
  deadline: Deadline,
): Promise<Result> {
  const submission = bound.rewritten ?? original;
  for (;;) {
    const route = await routeBound(context, submission, bound, deadline);
    if (submission.exchange.signal.aborted && route.kind === 'unanswered') return { kind: 'abandoned' };
    if (route.kind === 'unanswered' && bound.transactionId === undefined)
      return { kind: 'refused', refusal: { name: 'NO_NODES_AVAILABLE', message: route.message } };
    if (route.kind === 'sealed' || isSealed(context, bound)) return { kind: 'refused', refusal: sealedRefusal(bound) };
    context.gateway.drains.attempting(submission.id, bound.coordinator.backendId);
    const decided = 'decision' in route ? route.decision : { requestSource: '' };
    const candidate: Candidate = {
      coordinator: bound.coordinator,
      placement: { backendId: bound.coordinator.backendId, groupId: '', decidedBy: bound.decidedBy },
      sentHeaders: withDecided(
        withTimeLeft(submission.exchange.rawHeaders, context.now() - submission.submittedAt),
        decided,
      ),
      direct: undefined,
    };
    const isLeased = 'isLeased' in route && route.isLeased;
    const outcome = await attemptPatiently(context, submission, { candidate, isLeased }, deadline);
    if (outcome.kind === 'leaseLost' && deadline.leftMs() > 0) continue;
    return resultOf(outcome, bound, candidate);
  }
}

/** Not where it goes, that is known, but what else a decision says: authentication, source, lease. */
async function routeBound(
  context: RouteDeps,
  submission: Submission,
  { coordinator, transactionId }: Bound,
  deadline: Deadline,
): Promise<Route> {
  const signal =
    transactionId === undefined
      ? deadline.signal
      : AbortSignal.any([deadline.signal, AbortSignal.timeout(TRANSACTION_DECISION_MS)]);
  return await askRoute(context, submission, {
    excludedBackendIds: [],
    boundBackendId: coordinator.backendId,
    signal,
  });
}

/** Its coordinator takes nothing new any more: a drain of it was proven. */
function isSealed({ gateway }: Pick<SubmitBoundDeps, 'gateway'>, { coordinator, killedQueryId = '' }: Bound): boolean {
  return gateway.drains.isSealed(gateway.backends().get(coordinator.backendId), querySuffix(killedQueryId));
}

/** In the words of Trino: none of its transactions is open, and none of its queries runs. */
function sealedRefusal({ gone, killedQueryId }: Bound): Refusal {
  return killedQueryId === undefined
    ? gone
    : { name: 'NOT_SUPPORTED', message: `Target query is not running: ${killedQueryId}` };
}

/** The outcome of the last attempt. */
async function attemptPatiently(
  context: SubmitBoundDeps,
  submission: Submission,
  { candidate, isLeased }: { candidate: Candidate; isLeased: boolean },
  deadline: Deadline,
): Promise<Outcome<undefined>> {
  for (let tries = 0; ; tries += 1) {
    const timeMs = Math.min(context.config.attempt_time_limit, deadline.leftMs());
    if (timeMs <= 0) return { kind: 'failed', reason: 'did not answer in time', isBusy: false };
    const outcome = await attempt(context, submission, candidate, {
      timeMs,
      confirm: (first) => confirmSubmission(context, submission, { candidate, first, isLeased }, deadline.signal),
    });
    const delayMs = RETRY_DELAYS_MS[tries];
    if (outcome.kind !== 'failed' || delayMs === undefined) return outcome;
    await pause(delayMs, deadline.signal);
    if (submission.exchange.signal.aborted) return { kind: 'abandoned' };
  }
}

function resultOf(outcome: Outcome<undefined>, { gone }: Bound, candidate: Candidate): Result {
  const { placement } = candidate;
  switch (outcome.kind) {
    case 'taken':
    case 'answered':
      return { ...outcome, candidate };
    case 'abandoned':
      return outcome;
    case 'leaseLost':
    case 'leaseUnclear':
      return { kind: 'refused', refusal: leaseUnclear, placement };
    case 'failed':
      return outcome.isBusy
        ? { kind: 'busy', reason: `The only cluster that can carry this out is busy: ${outcome.reason}` }
        : { kind: 'refused', refusal: gone, placement };
  }
}
