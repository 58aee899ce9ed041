import type { Claim } from '../auth/claim.ts';
import type { RoadContext } from '../dispatch/context.ts';
import type { Refusal } from '../dispatch/refusal.ts';
import type { Exchange } from '../http/exchange.ts';
import type { Owner } from '../stickiness/ownership.ts';

type Limits = { timeMs: number; signal: AbortSignal };

/**
 * Why what a request claims cannot count; undefined when it can, since a cluster of its group says so. `isKnown`: that cluster has
 * accepted its credentials.
 * @throws AccessDenied when the cluster does not accept them
 */
export async function whyNotTheirs(
  context: Pick<RoadContext, 'checkImpersonation'>,
  exchange: Exchange,
  owner: Owner,
  { kind, user }: Claim,
  { isKnown, ...limits }: Limits & { isKnown: boolean },
): Promise<Refusal | undefined> {
  if (kind === 'checked' || (isKnown && (kind !== 'token' || user === ''))) return undefined;
  const verdict = await context.checkImpersonation(exchange, owner, user, limits);
  if (verdict.kind === 'allowed') return undefined;
  if (verdict.kind === 'denied') return { name: 'PERMISSION_DENIED', message: verdict.message };
  return { name: 'NO_NODES_AVAILABLE', message: unclear };
}

/** What a client is told when no cluster says whose credentials these are. */
export const unclear = 'No cluster can say now whether these credentials are good: try again in a minute';
