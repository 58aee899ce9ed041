import { type AwaitTurnResponse, GiveBackRequest_Reason } from '@trino-gateway/api/gateway';
import type { AdmissionClient } from '../control-plane/admission-client.ts';
import { GatewayUnavailableError } from '../control-plane/retry-unreachable.ts';
import type { DueTimes } from '../limits/due-times.ts';
import type { HeldPolls } from '../limits/held-polls.ts';
import { hashOfSecret } from './seal.ts';
import type { Ticket } from './ticket.ts';

export type AwaitOfferDeps = {
  gateway: { admission: Pick<AdmissionClient, 'awaitTurn' | 'leave' | 'release'> };
  heldPolls: Pick<HeldPolls, 'enter' | 'waited' | 'isStopping'>;
  due: DueTimes;
};

/** What the gatewayserver says of a waiting query, or why it says nothing. `turn`: it is offered a slot. */
export type QueueAnswer =
  | Exclude<AwaitTurnResponse['state'], { case: undefined }>
  /** The gatewayserver does not know this link. */
  | { case: 'unknown' }
  /** The gatewayserver does not answer, or the router stops. */
  | { case: 'silent' }
  /** The client hung up. */
  | { case: 'gone' };

/** An answer may take so long on its way: it should be here before the poll must be answered. */
const ON_THE_WAY_MS = 50;
/** How long a call goes on that nobody waits for any more; and how long a question that is not held is waited for. */
const GATEWAY_WAIT_MS = 1_000;

/**
 * Long-polls for a slot, for as long as `waitMs` and no longer, whether the gatewayserver answers or not. A disconnect marks the
 * client absent, and a late offer is released; one that comes while the client goes on is there for its next poll.
 */
export async function awaitOffer(
  { gateway: { admission }, heldPolls, due }: AwaitOfferDeps,
  client: AbortSignal,
  { queryId, secret }: Ticket,
  waitMs: number,
): Promise<QueueAnswer> {
  const secretHash = hashOfSecret(secret);
  const hold = heldPolls.enter(queryId);
  const ended = Promise.withResolvers<'gone' | 'over'>();
  const onHangUp = () => ended.resolve('gone');
  const notDue = due.after(waitMs || GATEWAY_WAIT_MS, () => ended.resolve('over'));
  client.addEventListener('abort', onHangUp, { once: true });
  if (client.aborted) onHangUp();
  const asked = admission.awaitTurn(
    { queryId, secretHash, waitMs: Math.ceil(Math.max(waitMs - ON_THE_WAY_MS, waitMs / 2)) },
    { signal: hold.signal, waitMs: GATEWAY_WAIT_MS },
  );
  try {
    const answer = await Promise.race([asked, ended.promise]);
    if (answer === 'gone') {
      if (hold.end() === 0 && waitMs > 0) {
        admission.leave({ queryId, secretHash });
        asked.then(releaseLate, () => {});
      } else asked.catch(() => {});
      return { case: 'gone' };
    }
    hold.end();
    if (answer === 'over') {
      asked.catch(() => {});
      return { case: 'silent' };
    }
    if (answer?.state.case === 'waiting') heldPolls.waited(queryId, answer.state.value.queuedMs);
    if (answer === undefined) return { case: 'unknown' };
    return answer.state.case === undefined ? { case: 'silent' } : answer.state;
  } catch (error) {
    hold.end();
    if (error instanceof GatewayUnavailableError || heldPolls.isStopping()) return { case: 'silent' };
    throw error;
  } finally {
    notDue();
    client.removeEventListener('abort', onHangUp);
  }

  function releaseLate(late: AwaitTurnResponse | undefined): void {
    if (late?.state.case !== 'turn') return;
    const { claimId } = late.state.value;
    const text = 'the client has gone';
    void admission.release({ queryId, claimId, reason: GiveBackRequest_Reason.ABSENT, text });
  }
}
