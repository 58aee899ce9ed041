import type { Decision, RouteResponse, SnapshotBackend } from '@trino-gateway/api/gateway';
import { claimOf } from '../auth/claim.ts';
import type { Delegation } from '../auth/delegation.ts';
import type { GatewayClient } from '../control-plane/gateway-client.ts';
import { GatewayUnavailableError } from '../control-plane/retry-unreachable.ts';
import type { PassiveHealth } from '../passive-health/passive-health.ts';
import { credentialsForRouting, headersForRouting, statementForRouting } from './headers/routing-request.ts';
import type { Refusal } from './refusal.ts';
import { type RoutingTrace, type Submission, traceOf } from './submission.ts';

export type RouteDeps = {
  gateway: Pick<GatewayClient, 'route' | 'routingNeeds' | 'backends'>;
  passiveHealth: Pick<PassiveHealth, 'avoided'>;
  delegation: Pick<Delegation, 'admit'>;
};

/** What the gatewayserver decided for a statement. */
export type Route =
  | {
      kind: 'chosen';
      decision: Decision;
      backend: SnapshotBackend | undefined;
      isLeased: boolean;
      /** Which drains whoever decided knew of. */
      drainsRevision: bigint;
    }
  /** The only backend that can carry it out takes nothing new any more. */
  | { kind: 'sealed' }
  /** Its group has no slot free. */
  | { kind: 'mustWait'; decision: Decision; backend: SnapshotBackend | undefined }
  /** `isLeased`: a slot is held all the same, of the only backend that can carry the statement out. */
  | { kind: 'refused'; refusal: Refusal; groupId: string; trace: RoutingTrace; isLeased: boolean }
  /** The gatewayserver does not answer. */
  | { kind: 'unanswered'; message: string };

/** Which backends the gatewayserver may choose. */
export type RouteLimits = {
  /** Those that were tried already. */
  excludedBackendIds: string[];
  /** The only one that can carry the statement out; empty when any may. */
  boundBackendId: string;
  signal: AbortSignal;
};

/**
 * Asks the gatewayserver where a statement goes, and for the lease it needs there. A client that gets a decision has passed delegated
 * authentication where a policy demands it.
 * @throws AccessDenied
 */
export async function askRoute(
  { gateway, passiveHealth, delegation }: RouteDeps,
  { id, exchange, statement, user }: Pick<Submission, 'id' | 'exchange' | 'statement' | 'user'>,
  { signal, ...backends }: RouteLimits,
): Promise<Route> {
  let answer: RouteResponse;
  const needs = gateway.routingNeeds();
  const { rawHeaders } = exchange.request;
  try {
    answer = await gateway.route(
      {
        submissionId: id,
        listeningPort: exchange.listeningPort,
        host: exchange.client.host,
        headers: headersForRouting(rawHeaders, needs),
        credentials: credentialsForRouting(rawHeaders, needs),
        statement: statementForRouting(statement),
        user,
        countedUser: claimOf(exchange).user,
        clientIp: exchange.client.ip,
        ...backends,
        avoidedBackendIds: passiveHealth.avoided(),
      },
      signal,
    );
  } catch (error) {
    if (error instanceof GatewayUnavailableError) {
      const message = `The gateway cannot choose a cluster now, its gatewayserver does not answer (${error.message}): try again in a minute`;
      return { kind: 'unanswered', message };
    }
    if (signal.aborted) return { kind: 'unanswered', message: 'The gateway could not choose a cluster in time' };
    throw error;
  }
  if (answer.authDelegated || answer.decision?.authDelegated === true) await delegation.admit(exchange);
  return routeOf(answer, gateway);
}

function routeOf(answer: RouteResponse, gateway: Pick<GatewayClient, 'backends'>): Route {
  const { decision, mustWait, leased: isLeased } = answer;
  if (answer.sealed) return { kind: 'sealed' };
  if (decision === undefined) {
    const name = answer.refusalErrorName || 'NO_NODES_AVAILABLE';
    const message = answer.refusal || 'No cluster is available for this query';
    const { refusedStepId: stepId, refusedRuleId: ruleId, observed, refusedGroupId: groupId } = answer;
    const trace = traceOf({ stepId, ruleId, observed });
    return { kind: 'refused', refusal: { name, message }, groupId, trace, isLeased };
  }
  if (mustWait) return { kind: 'mustWait', decision, backend: answer.backend };
  const { drainsRevision } = answer;
  const backend = answer.backend ?? gateway.backends().get(decision.backendId);
  return { kind: 'chosen', decision, backend, isLeased, drainsRevision };
}
