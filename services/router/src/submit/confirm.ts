import { type Candidate, type Confirmed, leasedQuery } from '../dispatch/attempt.ts';
import type { FirstPage } from '../dispatch/post-statement.ts';
import type { Submission } from '../dispatch/submission.ts';
import { type ConfirmLeaseDeps, confirmLease } from '../leases/confirm-lease.ts';

/** Confirms the lease of a submission, if it has one, for as long as its client is there. */
export async function confirmSubmission(
  context: ConfirmLeaseDeps,
  submission: Submission,
  { candidate, first, isLeased }: { candidate: Candidate; first: FirstPage; isLeased: boolean },
  signal: AbortSignal,
): Promise<Confirmed<undefined>> {
  const confirmation = isLeased
    ? await confirmLease(context, submission.id, leasedQuery(candidate, first), signal)
    : 'confirmed';
  if (submission.exchange.signal.aborted) return { kind: 'abandoned' };
  switch (confirmation) {
    case 'confirmed':
      return { kind: 'taken', stored: undefined };
    case 'lost':
      return { kind: 'leaseLost' };
    case 'unclear':
      return { kind: 'leaseUnclear' };
  }
}
