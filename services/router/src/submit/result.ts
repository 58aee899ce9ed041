import type { ClusterAnswer } from '../clusters/ask.ts';
import type { Candidate } from '../dispatch/attempt.ts';
import type { FirstPage } from '../dispatch/post-statement.ts';
import type { Refusal } from '../dispatch/refusal.ts';
import type { Placement } from '../dispatch/submission.ts';
import type { MustWait } from '../queue/enqueue.ts';

/** How a submission goes on once its clusters were attempted. */
export type Result =
  /** A cluster has it, and its lease is confirmed: the client gets the first page. */
  | { kind: 'taken'; candidate: Candidate; first: FirstPage }
  /** A cluster answered otherwise, and the client gets that answer. */
  | { kind: 'answered'; candidate: Candidate; answer: ClusterAnswer }
  /** There is no slot for it now. */
  | ({ kind: 'mustWait' } & MustWait)
  | { kind: 'refused'; refusal: Refusal; placement?: Placement }
  /** Too much is under way at the clusters it may go to: in words, why. */
  | { kind: 'busy'; reason: string }
  /** The client hung up. */
  | { kind: 'abandoned' };

/** The refusal when a lease cannot be confirmed: nothing has run. */
export const leaseUnclear: Refusal = {
  name: 'NO_NODES_AVAILABLE',
  message:
    'The gateway cannot confirm a slot for this query now, its gatewayserver does not answer: try again in a minute',
};
