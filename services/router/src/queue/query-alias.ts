import type { FindQueuedResponse } from '@trino-gateway/api/gateway';
import { actsAs, claimOf } from '../auth/claim.ts';
import type { CheckImpersonation } from '../clusters/impersonation.ts';
import type { CheckClient } from '../clusters/verify-client.ts';
import type { AdmissionClient } from '../control-plane/admission-client.ts';
import { GatewayUnavailableError } from '../control-plane/retry-unreachable.ts';
import type { Exchange } from '../http/exchange.ts';
import { HttpError } from '../http/responses.ts';
import { coordinatorOf } from '../stickiness/coordinator.ts';
import { claimUnclear } from './verify-claim.ts';

/** What became of the statement that a temporary id was given to. */
export type Alias = Exclude<FindQueuedResponse['state'], { case: undefined }> &
  Pick<FindQueuedResponse, 'user' | 'checksAt'>;

export type FindAliasDeps = { gateway: { admission: Pick<AdmissionClient, 'findQueued'> } };

/**
 * What became of a temporary id; undefined when it was refused, has been forgotten, or never was.
 * @throws HttpError 500 when the gatewayserver does not answer
 */
export async function findAlias(
  { gateway }: FindAliasDeps,
  queryId: string,
  signal: AbortSignal,
): Promise<Alias | undefined> {
  try {
    const found = await gateway.admission.findQueued(queryId, signal);
    if (found === undefined || found.state.case === undefined) return undefined;
    const { state, user, checksAt } = found;
    return { ...state, user, ...(checksAt && { checksAt }) };
  } catch (error) {
    if (!(error instanceof GatewayUnavailableError)) throw error;
    // Not 503: clients that cancel this way would repeat it for hours.
    throw new HttpError(500, `The gatewayserver does not answer (${error.message})`);
  }
}

const CHECK_MS = 5_000;

export type MustBeOwnerDeps = { checkClient: CheckClient; checkImpersonation: CheckImpersonation };

/**
 * Refuses everybody but the user whose waiting query it is, as the gateway itself or a cluster of its group has checked them.
 * @throws HttpError 403 for anybody else, 401 as a cluster says it, 503 when no cluster can check
 */
export async function mustBeOwner(
  { checkClient, checkImpersonation }: MustBeOwnerDeps,
  exchange: Exchange,
  { user, checksAt }: Pick<Alias, 'user' | 'checksAt'>,
  doing: string,
): Promise<void> {
  const claim = claimOf(exchange);
  const notOwner = new HttpError(403, `Access Denied: Cannot ${doing} query owned by another user`);
  if (claim.kind === 'checked') {
    if (claim.user === user) return;
    throw notOwner;
  }
  // Not the cluster a query of this client would go to: that may be one that believes every name.
  if (checksAt === undefined) throw new HttpError(503, claimUnclear);
  const coordinator = coordinatorOf(checksAt);
  const limits = { timeMs: CHECK_MS, signal: AbortSignal.any([exchange.signal, AbortSignal.timeout(CHECK_MS)]) };
  const verdict = await checkClient(exchange, coordinator, limits);
  if (verdict === 'unclear') throw new HttpError(503, claimUnclear);
  const isKnown = verdict === 'known';
  if (isKnown && claim.kind !== 'token' && claim.user === user && user !== '') return;
  // Others may act for its user where the cluster lets them, and where they say so.
  if (user === '' || (isKnown && claim.kind === 'name') || (actsAs(exchange.rawHeaders) || claim.user) !== user)
    throw notOwner;
  const denied = await checkImpersonation(exchange, coordinator, user, limits);
  if (denied.kind === 'denied') throw new HttpError(403, denied.message);
  if (denied.kind === 'unclear') throw new HttpError(503, claimUnclear);
}
