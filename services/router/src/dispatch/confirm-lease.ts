import { GatewayUnavailableError } from '../control-plane/retry-unreachable.ts';
import { activateDirect } from './activate-lease.ts';
import type { RoadContext } from './context.ts';
import type { PostOutcome } from './post-statement.ts';
import type { Submission } from './submission.ts';

/** `lost`: the client must not get this answer, and the gatewayserver is to be asked anew; `unclear`: it does not answer. */
export type Slot = 'held' | 'lost' | 'unclear';

/** A leased submission was answered: whether its slot is still held, and may be used by what the cluster has made of it. */
export async function handOut(
  context: RoadContext,
  submission: Submission,
  { outcome, backendId, isDirect }: { outcome: PostOutcome; backendId: string; isDirect: boolean },
  signal: AbortSignal,
): Promise<Slot> {
  // What has ended already, or never became a query, needs no slot: with the submission it is free again.
  if (outcome.kind !== 'taken' || outcome.page.nextUri === undefined) return 'held';
  const id = outcome.page.id ?? '';
  try {
    if (!(await context.link.admission.handOut(submission.id, id, signal))) return 'lost';
  } catch (error) {
    if (error instanceof GatewayUnavailableError || signal.aborted) return 'unclear';
    throw error;
  }
  context.activation.handedOut(id, outcome.page.nextUri);
  if (isDirect) await activateDirect(context, id, backendId, signal);
  return 'held';
}
