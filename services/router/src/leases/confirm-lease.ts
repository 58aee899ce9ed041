import type { Logger } from '@trino-gateway/runtime';
import type { AdmissionClient } from '../control-plane/admission-client.ts';
import { GatewayUnavailableError } from '../control-plane/retry-unreachable.ts';
import type { ActivatedLeases } from './activated-leases.ts';

/** `lost`: the client must not get the cluster's page, another decision is needed; `unclear`: the gatewayserver does not answer. */
export type Confirmation = 'confirmed' | 'lost' | 'unclear';

/** A query that a cluster has made of a statement. */
export type LeasedQuery = {
  trinoQueryId: string;
  /** The `nextUri` of its first page; undefined when it has ended with that. */
  firstLink: string | undefined;
  backendId: string;
  /** The client gets its further pages from the cluster itself. */
  isDirect: boolean;
};

export type ConfirmLeaseDeps = {
  gateway: { admission: Pick<AdmissionClient, 'confirmLease' | 'activate'> };
  leases: Pick<ActivatedLeases, 'confirmed'>;
  logger: Logger;
};

/** Whether the lease of a submission is still held, and is from now on that of this query. */
export async function confirmLease(
  context: ConfirmLeaseDeps,
  submissionId: string,
  query: LeasedQuery,
  signal: AbortSignal,
): Promise<Confirmation> {
  // A query that has ended needs none: the lease ends with its submission.
  if (query.firstLink === undefined) return 'confirmed';
  try {
    if (!(await context.gateway.admission.confirmLease(submissionId, query.trinoQueryId, signal))) return 'lost';
  } catch (error) {
    if (error instanceof GatewayUnavailableError || signal.aborted) return 'unclear';
    throw error;
  }
  await leaseConfirmed(context, query, signal);
  return 'confirmed';
}

/** Notes a confirmed lease for the first poll, or activates it where no first poll will pass the router. */
export async function leaseConfirmed(
  { gateway, leases, logger }: ConfirmLeaseDeps,
  { trinoQueryId, firstLink, backendId, isDirect }: LeasedQuery,
  signal: AbortSignal,
): Promise<void> {
  leases.confirmed(trinoQueryId, firstLink);
  if (!isDirect || firstLink === undefined) return;
  try {
    await gateway.admission.activate({ trinoQueryId, backendId }, { signal, waitMs: 0 });
  } catch (error) {
    if (!(error instanceof GatewayUnavailableError) && !signal.aborted) throw error;
    logger.warn('the slot of a query that its client polls at the cluster may be lost', { query: trinoQueryId });
  }
}
