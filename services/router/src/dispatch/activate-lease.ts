import { pause } from '@trino-gateway/runtime';
import { queuedPage } from '@trino-gateway/trino';
import { GatewayUnavailableError } from '../control-plane/retry-unreachable.ts';
import { originOf } from '../http/client-address.ts';
import type { Exchange } from '../http/exchange.ts';
import { answerEmpty, answerPage } from '../http/responses.ts';
import type { RoadContext } from './context.ts';
import { infoUri } from './refusal.ts';

// A query begins at its cluster with the first poll: where slots are limited, that poll needs one.

/** How long a gatewayserver that does not answer is waited for. */
const PATIENCE_MS = 4_000;

/** The first poll of a query, by GET or HEAD. */
export type FirstPoll = { queryId: string; slug: string; target: string; method: 'GET' | 'HEAD' };

/**
 * Whether a first poll may reach the cluster. If not, the client has its answer: a QUEUED page with the same link. Of several
 * backends that could own the query the first limited one lends its slot.
 */
export async function activate(
  context: RoadContext,
  exchange: Exchange,
  { queryId, slug, target, method }: FirstPoll,
  backendIds: readonly string[],
): Promise<boolean> {
  const { activation, link, holds, logger } = context;
  // The cluster itself says what it thinks of a wrong link.
  if (activation.isWrongSlug(queryId, slug)) return true;
  if (activation.isAllowed(queryId) || !activation.isLimited(queryId, backendIds)) return true;
  const backendId = backendIds.find((id) => link.backends().get(id)?.limited === true) ?? backendIds[0] ?? '';
  const hold = holds.enter(queryId, exchange.signal);
  const { signal } = hold;
  try {
    if (await link.admission.activate({ trinoQueryId: queryId, backendId }, { signal, waitMs: PATIENCE_MS })) {
      activation.allowed(queryId);
      return true;
    }
    // Its client asks again at once: this keeps it from asking all the time.
    await pause(holds.holdMs(1), signal);
  } catch (error) {
    if (!(error instanceof GatewayUnavailableError) && !signal.aborted) throw error;
    logger.debug('a first poll has to wait: nobody can say whether there is a slot', { query: queryId });
  } finally {
    hold.end();
  }
  if (exchange.signal.aborted) return false;
  const { response, client } = exchange;
  if (method === 'HEAD') {
    answerEmpty(response, 200);
    return false;
  }
  const origin = originOf(client);
  const waitedMs = activation.waitedMs(queryId);
  const page = { id: queryId, infoUri: infoUri(origin, queryId), nextUri: origin + target };
  context.onQueuedPage();
  answerPage(response, queuedPage({ ...page, elapsedMillis: waitedMs, queuedMillis: waitedMs }));
  return false;
}

/** A query whose client polls the cluster itself runs from now on: no first poll will tell. */
export async function activateDirect(
  { link, logger }: RoadContext,
  trinoQueryId: string,
  backendId: string,
  signal: AbortSignal,
): Promise<void> {
  try {
    await link.admission.activate({ trinoQueryId, backendId }, { signal, waitMs: 0 });
  } catch (error) {
    if (!(error instanceof GatewayUnavailableError) && !signal.aborted) throw error;
    logger.warn('a query that its client polls at the cluster may lose its slot', { query: trinoQueryId });
  }
}
