import type { RouterConfig } from '@trino-gateway/config';
import { claimOf } from '../auth/claim.ts';
import type { CheckImpersonation } from '../clusters/impersonation.ts';
import type { GatewayClient } from '../control-plane/gateway-client.ts';
import { type AttemptChosenDeps, attemptChosen, type Candidate, candidateOf } from '../dispatch/attempt.ts';
import { askRoute, type Route, type RouteDeps } from '../dispatch/route.ts';
import type { Submission } from '../dispatch/submission.ts';
import type { ConfirmLeaseDeps } from '../leases/confirm-lease.ts';
import { claimProblem } from '../queue/verify-claim.ts';
import { confirmSubmission } from './confirm.ts';
import type { Deadline } from './deadline.ts';
import { leaseUnclear, type Result } from './result.ts';

export type SubmitAnywhereDeps = RouteDeps &
  ConfirmLeaseDeps &
  AttemptChosenDeps & {
    config: Pick<RouterConfig, 'attempt_time_limit'>;
    gateway: Pick<GatewayClient, 'drains'>;
    checkImpersonation: CheckImpersonation;
    /** Epoch milliseconds. */
    now: () => number;
  };

const NO_OTHER = 'No other cluster is available for this query';

type Failure = { backendId: string; reason: string; isBusy: boolean };
type Chosen = Extract<Route, { kind: 'chosen' }>;

/** A fresh statement: attempts the clusters that the gatewayserver chooses, asking it anew after each that does not take it. */
export async function submitAnywhere(
  context: SubmitAnywhereDeps,
  submission: Submission,
  deadline: Deadline,
): Promise<Result> {
  const failures: Failure[] = [];
  const draining: string[] = [];
  const { drains } = context.gateway;
  for (;;) {
    const excludedBackendIds = [...failures.map(({ backendId }) => backendId), ...draining];
    const limits = { excludedBackendIds, boundBackendId: '', signal: deadline.signal };
    const route = await askRoute(context, submission, limits);
    if (submission.exchange.signal.aborted) return { kind: 'abandoned' };
    if (route.kind === 'unanswered') return refusedAfter(failures, route.message);
    if (route.kind === 'mustWait' && !(route.decision.outage && failures.some(({ isBusy }) => isBusy))) return route;
    // Its client does better to come again than to wait for a cluster that is too busy.
    if (route.kind === 'mustWait') return refusedAfter(failures, NO_OTHER);
    if (route.kind === 'sealed') return refusedAfter(failures, NO_OTHER);
    if (route.kind === 'refused') {
      const result = refusedAfter(failures, route.refusal.message, route.refusal.name);
      const placement = { backendId: '', groupId: route.groupId, decidedBy: '', ...route.trace };
      return result.kind === 'refused' ? { ...result, placement } : result;
    }
    const { backend, decision } = route;
    if (backend === undefined || excludedBackendIds.includes(backend.id)) return refusedAfter(failures, NO_OTHER);
    if (drains.isStale(backend.id, route.drainsRevision)) {
      draining.push(backend.id);
      continue;
    }
    drains.attempting(submission.id, backend.id);
    const timeMs = Math.min(context.config.attempt_time_limit, deadline.leftMs());
    if (timeMs <= 0) return refusedAfter(failures, 'No cluster took the query in time');
    const elapsedMs = context.now() - submission.submittedAt;
    const candidate = candidateOf(backend, submission, decision, { decided: decision, elapsedMs });
    const refused = await checkClaim(context, submission, route, candidate, { timeMs, signal: deadline.signal });
    if (refused !== undefined) return refused;
    const outcome = await attemptChosen(context, submission, candidate, {
      timeMs,
      confirm: (first) =>
        confirmSubmission(context, submission, { candidate, first, isLeased: route.isLeased }, deadline.signal),
    });
    switch (outcome.kind) {
      case 'taken':
      case 'answered':
        return { ...outcome, candidate };
      case 'abandoned':
        return outcome;
      case 'leaseUnclear':
        return refusedAfter(failures, leaseUnclear.message);
      case 'leaseLost':
        continue;
      case 'failed':
        failures.push({ backendId: backend.id, reason: outcome.reason, isBusy: outcome.isBusy });
    }
  }
}

/** A lease counts for the user that the request claims: its credentials must be that user's. */
async function checkClaim(
  context: SubmitAnywhereDeps,
  { exchange }: Submission,
  { isLeased, decision }: Chosen,
  { coordinator }: Candidate,
  limits: { timeMs: number; signal: AbortSignal },
): Promise<Result | undefined> {
  if (!isLeased) return undefined;
  const refusal = await claimProblem(context, exchange, coordinator, claimOf(exchange), { isKnown: true, ...limits });
  if (exchange.signal.aborted) return { kind: 'abandoned' };
  return refusal && { kind: 'refused', refusal, placement: decision };
}

/** Tells of each cluster why it did not take the query. The gatewayserver's own reason has its own name only before any was tried. */
function refusedAfter(failures: readonly Failure[], text: string, name = 'NO_NODES_AVAILABLE'): Result {
  const tried = failures.map(({ backendId, reason }) => `${backendId}: ${reason}`).join('; ');
  const message = tried === '' ? text : `${text} (${tried})`;
  if (failures.some(({ isBusy }) => isBusy)) return { kind: 'busy', reason: message };
  return { kind: 'refused', refusal: { name: failures.length > 0 ? 'NO_NODES_AVAILABLE' : name, message } };
}
