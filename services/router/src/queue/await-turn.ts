import { type AwaitTurnResponse, GiveBackRequest_Reason } from '@trino-gateway/api/gateway';
import { GatewayUnavailableError } from '../control-plane/retry-unreachable.ts';
import type { RoadContext } from '../dispatch/context.ts';
import { hashOfSecret } from './seal.ts';
import type { Ticket } from './ticket.ts';

/** What the gatewayserver says of a waiting query, or why it says nothing. */
export type TurnAnswer =
  | Exclude<AwaitTurnResponse['state'], { case: undefined }>
  /** Nobody knows this link. */
  | { case: 'unknown' }
  /** The gatewayserver does not answer, or the router stops. */
  | { case: 'silent' }
  /** The client hung up. */
  | { case: 'gone' };

/** How long a gatewayserver that does not answer is waited for, besides what the poll is held. */
const PATIENCE_MS = 2_000;

/**
 * Asks whether it is this query's turn, for as long as `waitMs`. A client that hangs up is passed over from then on, and a turn
 * that comes too late for it is given back.
 */
export async function waitTurn(
  { link, holds }: Pick<RoadContext, 'link' | 'holds'>,
  client: AbortSignal,
  { queryId, secret }: Ticket,
  waitMs: number,
): Promise<TurnAnswer> {
  const { admission } = link;
  const secretHash = hashOfSecret(secret);
  const hold = holds.enter(queryId);
  const hungUp = Promise.withResolvers<'gone'>();
  const onHangUp = () => hungUp.resolve('gone');
  client.addEventListener('abort', onHangUp, { once: true });
  if (client.aborted) onHangUp();
  const asked = admission.awaitTurn(
    { queryId, secretHash, waitMs: Math.ceil(waitMs) },
    { signal: hold.signal, waitMs: PATIENCE_MS },
  );
  try {
    const answer = await Promise.race([asked, hungUp.promise]);
    if (answer === 'gone') {
      if (hold.end() === 0 && waitMs > 0) {
        admission.leave({ queryId, secretHash });
        asked.then(giveBackLate, () => {});
      } else asked.catch(() => {});
      return { case: 'gone' };
    }
    hold.end();
    if (answer?.state.case === 'waiting') holds.waited(queryId, answer.state.value.queuedMs);
    if (answer === undefined) return { case: 'unknown' };
    return answer.state.case === undefined ? { case: 'silent' } : answer.state;
  } catch (error) {
    hold.end();
    if (error instanceof GatewayUnavailableError || holds.isStopping()) return { case: 'silent' };
    throw error;
  } finally {
    client.removeEventListener('abort', onHangUp);
  }

  function giveBackLate(late: AwaitTurnResponse | undefined): void {
    if (late?.state.case !== 'turn') return;
    const { claimId } = late.state.value;
    const text = 'the client has gone';
    void admission.giveBack({ queryId, claimId, reason: GiveBackRequest_Reason.ABSENT, text });
  }
}
