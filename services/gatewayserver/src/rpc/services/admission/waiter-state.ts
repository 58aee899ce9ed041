import type { MessageInitShape } from '@bufbuild/protobuf';
import { Code, ConnectError } from '@connectrpc/connect';
import type { AwaitTurnResponseSchema } from '@trino-gateway/api/gateway';
import { endedMessage } from '../../../admission/rules/ended-message.ts';
import type { Waiter } from '../../../admission/state/waiter.ts';
import type { AdmissionContext } from './admission-context.ts';

type Answer = Exclude<MessageInitShape<typeof AwaitTurnResponseSchema>, { $typeName: string }>;

/** The state of a waiter, as routers get it. */
export type AnsweredState = NonNullable<Answer['state']>;

/** The state of a waiter that is not offered a slot, or whose caller only asks. */
export async function stateOf(
  context: Pick<AdmissionContext, 'store' | 'ledger'>,
  waiter: Waiter,
): Promise<AnsweredState> {
  const { id, phase, claim, queryId } = waiter;
  if (phase === 'ENDED') return { case: 'ended', value: { errorName: waiter.endedBy, message: endedMessage(waiter) } };
  if (phase !== 'HANDED_OVER' || !claim) return waitingState(context, waiter);
  const sealedAnswer = await context.store.sealedTexts.get(id, claim.id);
  if (!sealedAnswer) throw new ConnectError(`the answer for "${id}" is not there`, Code.DataLoss);
  return { case: 'handedOver', value: { trinoQueryId: queryId, backendId: claim.backendId, sealedAnswer } };
}

/** A waiter that is being offered a slot is first in line. */
export function waitingState({ ledger }: Pick<AdmissionContext, 'ledger'>, waiter: Waiter): AnsweredState {
  const position = Math.max(1, ledger.state().positionOf(waiter));
  return { case: 'waiting', value: { position, groupId: waiter.groupId, queuedMs: queuedMs(ledger.now(), waiter) } };
}

export function queuedMs(now: number, { queuedAt }: Waiter): number {
  return Math.max(0, Math.round(now - queuedAt));
}
