import type { RouteResponse } from '@trino-gateway/api/gateway';
import { trinoHeader, withoutHeaders } from '@trino-gateway/trino';
import { claimOf } from '../auth/claim.ts';
import { GatewayUnavailableError } from '../control-plane/retry-unreachable.ts';
import type { RoadContext } from './context.ts';
import { headersForRouting, statementForRouting } from './routing-request.ts';
import type { Submission } from './submission.ts';

/**
 * The decision for a submission, or in words why there is none. Whoever gets one has passed delegated authentication where a
 * policy demands it. `boundBackendId`: the only backend that can carry it out.
 * @throws AccessDenied
 */
export async function askRoute(
  context: RoadContext,
  submission: Submission,
  excludedBackendIds: string[],
  signal: AbortSignal,
  boundBackendId = '',
): Promise<RouteResponse | string> {
  const route = await decisionFor(context, submission, { excludedBackendIds, boundBackendId }, signal);
  if (typeof route !== 'string' && (route.authDelegated || route.decision?.authDelegated === true))
    await context.delegation.admit(submission.exchange);
  return route;
}

async function decisionFor(
  { link, suspects, now }: RoadContext,
  { id, exchange, statement, user }: Submission,
  backends: { excludedBackendIds: string[]; boundBackendId: string },
  signal: AbortSignal,
): Promise<RouteResponse | string> {
  try {
    return await link.route(
      {
        submissionId: id,
        listeningPort: exchange.listeningPort,
        host: exchange.client.host,
        headers: headersForRouting(exchange.request.rawHeaders),
        statement: statementForRouting(statement),
        user,
        countedUser: claimOf(exchange).user,
        clientIp: exchange.client.ip,
        ...backends,
        avoidedBackendIds: suspects.avoided(now()),
      },
      signal,
    );
  } catch (error) {
    if (error instanceof GatewayUnavailableError)
      return `The gateway cannot choose a cluster now, its gatewayserver does not answer (${error.message}): try again in a minute`;
    if (signal.aborted) return 'The gateway could not choose a cluster in time';
    throw error;
  }
}

/** The client's headers with the source a policy prescribes, if it does. */
export function withSource(rawHeaders: readonly string[], requestSource: string): readonly string[] {
  if (requestSource === '' || trinoHeader(rawHeaders, 'source') === requestSource) return rawHeaders;
  return [...withoutHeaders(rawHeaders, new Set(['x-trino-source'])), 'X-Trino-Source', requestSource];
}
