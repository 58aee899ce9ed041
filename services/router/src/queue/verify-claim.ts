import type { Claim } from '../auth/claim.ts';
import type { CheckImpersonation } from '../clusters/impersonation.ts';
import type { Refusal } from '../dispatch/refusal.ts';
import type { Exchange } from '../http/exchange.ts';
import type { Coordinator } from '../stickiness/coordinator.ts';

/**
 * Why a request may not count for the user it claims; undefined when it may, since a cluster of its group says so. `isKnown`: that
 * cluster has accepted its credentials.
 * @throws AccessDenied when the cluster does not accept them
 */
export async function claimProblem(
  { checkImpersonation }: { checkImpersonation: CheckImpersonation },
  exchange: Exchange,
  coordinator: Coordinator,
  { kind, user }: Claim,
  { isKnown, ...limits }: { isKnown: boolean; timeMs: number; signal: AbortSignal },
): Promise<Refusal | undefined> {
  if (kind === 'checked' || (isKnown && (kind !== 'token' || user === ''))) return undefined;
  const verdict = await checkImpersonation(exchange, coordinator, user, limits);
  if (verdict.kind === 'allowed') return undefined;
  if (verdict.kind === 'denied') return { name: 'PERMISSION_DENIED', message: verdict.message };
  return { name: 'NO_NODES_AVAILABLE', message: claimUnclear };
}

/** The message when no cluster says whose credentials these are. */
export const claimUnclear = 'No cluster can say now whether these credentials are good: try again in a minute';
