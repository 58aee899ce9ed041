import type { EntryPoint } from '@trino-gateway/api/authentication';
import { type Backend, Reason_Outcome } from '@trino-gateway/api/gateway';
import type { DecidingStep } from './chain/chain-answer.ts';
import type { DecidedGroup, StepReason } from './chain/opinion.ts';
import type { Snapshot } from './snapshot.ts';

/** Where a new query goes, or why nowhere. */
export type Outcome = { authDelegated: boolean; reasons: StepReason[] } & (
  | (DecidedGroup & { kind: 'chosen'; backend: Backend })
  /** There is no backend for it now: it waits in the group. */
  | (DecidedGroup & {
      kind: 'waits';
      /** For a short time only: its group refuses queries while it has no available backend. */
      outage?: true;
      /** The gateway answers it: it neither waits nor starts a cluster. */
      keepAlive?: true;
    })
  | (DecidingStep & {
      kind: 'refused';
      errorName: 'QUERY_REJECTED' | 'NO_NODES_AVAILABLE';
      message: string;
      /** The group it would have gone to, when one was chosen. */
      groupId?: string;
      /** What its backends lack may pass at any moment: where it may wait for that. */
      outage?: Extract<Outcome, { kind: 'waits' }>;
    })
);

/** An outcome that gives the query a group. */
export type Accepted = Exclude<Outcome, { kind: 'refused' }>;

/** The outcome with whether its cluster, or any of its group and of the spill-over group of that where it waits, is behind delegated authentication. */
export function withAuthentication<Decided extends Accepted>(
  outcome: Decided,
  entryPoint: EntryPoint,
  { authentication, spillOver }: Pick<Snapshot, 'authentication' | 'spillOver'>,
): Decided {
  const authDelegated =
    outcome.kind === 'waits'
      ? [outcome.groupId, spillOver(outcome.groupId)?.groupId].some(
          (id) => id !== undefined && authentication.forGroup(entryPoint, id),
        )
      : authentication.forCluster(entryPoint, { backendId: outcome.backend.id, url: outcome.backend.url });
  return { ...outcome, authDelegated };
}

/** A refusal by the last step that was asked. */
export function refused(
  authDelegated: boolean,
  reasons: readonly StepReason[],
  errorName: 'QUERY_REJECTED' | 'NO_NODES_AVAILABLE',
  message: string,
  groupId = '',
): Extract<Outcome, { kind: 'refused' }> {
  const given = reasons.with(-1, { ...(reasons.at(-1) as StepReason), outcome: Reason_Outcome.REFUSED });
  return { kind: 'refused', authDelegated, reasons: given, errorName, message, groupId };
}
