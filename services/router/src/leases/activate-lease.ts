import { pause } from '@trino-gateway/runtime';
import { maxWaitMs, queuedPage } from '@trino-gateway/trino';
import type { GatewayClient } from '../control-plane/gateway-client.ts';
import { GatewayUnavailableError } from '../control-plane/retry-unreachable.ts';
import { infoUri, outsideUrl } from '../http/client-address.ts';
import type { Exchange } from '../http/exchange.ts';
import { answerEmpty, answerPage } from '../http/responses.ts';
import type { HeldPolls } from '../limits/held-polls.ts';
import type { ActivatedLeases } from './activated-leases.ts';
import type { ConfirmLeaseDeps } from './confirm-lease.ts';

// A query begins at its cluster with the first poll: where the backend is limited, that poll has to activate a lease.

/** The first poll of a query, by GET or HEAD. */
export type FirstPoll = { queryId: string; slug: string; target: string; method: 'GET' | 'HEAD' };

export type ActivateLeaseDeps = ConfirmLeaseDeps & {
  leases: ActivatedLeases;
  gateway: Pick<GatewayClient, 'backends'>;
  heldPolls: Pick<HeldPolls, 'enter' | 'holdMs'>;
  /** Called when a poll was answered with a QUEUED page of the gateway's own. */
  onQueuedPage: () => void;
};

/**
 * Whether a first poll may reach the cluster. If not, the client has its answer: a QUEUED page with the same link. Where several
 * backends could own the query, the lease is one of the first limited one.
 */
export async function activateLease(
  context: ActivateLeaseDeps,
  exchange: Exchange,
  poll: FirstPoll,
  backendIds: readonly string[],
): Promise<boolean> {
  const { leases, gateway, heldPolls, logger } = context;
  const { queryId, slug, target } = poll;
  // The cluster itself says what it thinks of a wrong link.
  if (leases.isWrongSlug(queryId, slug)) return true;
  if (leases.isActivated(queryId) || !leases.isLimited(queryId, backendIds)) return true;
  const backendId = backendIds.find((id) => gateway.backends().get(id)?.limited === true) ?? backendIds[0] ?? '';
  const hold = heldPolls.enter(queryId, exchange.signal);
  const { signal } = hold;
  const waitMs = heldPolls.holdMs(maxWaitMs(target));
  const until = performance.now() + waitMs;
  try {
    if (await gateway.admission.activate({ trinoQueryId: queryId, backendId }, { signal, waitMs })) {
      leases.activated(queryId);
      return true;
    }
    // Its client asks again at once: the pause keeps it from asking all the time.
    await pause(Math.max(0, until - performance.now()), signal);
  } catch (error) {
    if (!(error instanceof GatewayUnavailableError) && !signal.aborted) throw error;
    logger.debug('a first poll is held: the gatewayserver does not answer whether there is a slot', { query: queryId });
  } finally {
    hold.end();
  }
  if (!exchange.signal.aborted) answerQueued(context, exchange, poll);
  return false;
}

function answerQueued(
  { leases, onQueuedPage }: Pick<ActivateLeaseDeps, 'leases' | 'onQueuedPage'>,
  { response, client }: Exchange,
  { queryId, target, method }: FirstPoll,
): void {
  if (method === 'HEAD') {
    answerEmpty(response, 200);
    return;
  }
  const origin = outsideUrl(client);
  const waitedMs = leases.turnAway(queryId);
  const page = {
    id: queryId,
    infoUri: infoUri(origin, queryId),
    nextUri: origin + (client.coordinatorPath ?? '') + target,
  };
  onQueuedPage();
  answerPage(response, queuedPage({ ...page, elapsedMillis: waitedMs, queuedMillis: waitedMs }));
}
