import { type AwaitTurnResponse, GiveBackRequest_Reason } from '@trino-gateway/api/gateway';
import type { AdmissionClient } from '../control-plane/admission-client.ts';
import { GatewayUnavailableError } from '../control-plane/retry-unreachable.ts';
import type { HeldPolls } from '../limits/held-polls.ts';
import { hashOfSecret } from './seal.ts';
import type { Ticket } from './ticket.ts';

export type AwaitOfferDeps = {
  gateway: { admission: Pick<AdmissionClient, 'awaitTurn' | 'leave' | 'release'> };
  heldPolls: Pick<HeldPolls, 'enter' | 'waited' | 'isStopping'>;
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

/** How long a gatewayserver that does not answer is waited for, besides what the poll is held: its client has a time limit. */
const GATEWAY_WAIT_MS = 100;

/** Long-polls for a slot, for as long as `waitMs`. A disconnect marks the client absent; a late offer is released. */
export async function awaitOffer(
  { gateway: { admission }, heldPolls }: AwaitOfferDeps,
  client: AbortSignal,
  { queryId, secret }: Ticket,
  waitMs: number,
): Promise<QueueAnswer> {
  const secretHash = hashOfSecret(secret);
  const hold = heldPolls.enter(queryId);
  const hungUp = Promise.withResolvers<'gone'>();
  const onHangUp = () => hungUp.resolve('gone');
  client.addEventListener('abort', onHangUp, { once: true });
  if (client.aborted) onHangUp();
  const asked = admission.awaitTurn(
    { queryId, secretHash, waitMs: Math.ceil(waitMs) },
    { signal: hold.signal, waitMs: GATEWAY_WAIT_MS },
  );
  try {
    const answer = await Promise.race([asked, hungUp.promise]);
    if (answer === 'gone') {
      if (hold.end() === 0 && waitMs > 0) {
        admission.leave({ queryId, secretHash });
        asked.then(releaseLate, () => {});
      } else asked.catch(() => {});
      return { case: 'gone' };
    }
    hold.end();
    if (answer?.state.case === 'waiting') heldPolls.waited(queryId, answer.state.value.queuedMs);
    if (answer === undefined) return { case: 'unknown' };
    return answer.state.case === undefined ? { case: 'silent' } : answer.state;
  } catch (error) {
    hold.end();
    if (error instanceof GatewayUnavailableError || heldPolls.isStopping()) return { case: 'silent' };
    throw error;
  } finally {
    client.removeEventListener('abort', onHangUp);
  }

  function releaseLate(late: AwaitTurnResponse | undefined): void {
    if (late?.state.case !== 'turn') return;
    const { claimId } = late.state.value;
    const text = 'the client has gone';
    void admission.release({ queryId, claimId, reason: GiveBackRequest_Reason.ABSENT, text });
  }
}
