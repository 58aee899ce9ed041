import { classifyRequest, PageScanner, queryNotFoundMessage, type TrinoRequest } from '@trino-gateway/trino';
import type { AdmissionClient } from '../control-plane/admission-client.ts';
import type { LiveQueries } from '../control-plane/live-queries.ts';
import { canceledEnd } from '../control-plane/query-end.ts';
import { GatewayUnavailableError } from '../control-plane/retry-unreachable.ts';
import { answerEmpty, answerError } from '../http/responses.ts';
import type { QueuedPoll } from './poll-queued.ts';
import { hashOfSecret } from './seal.ts';
import { unsealAnswer } from './sealed-answer.ts';
import type { Ticket } from './ticket.ts';

export type CancelQueuedDeps = {
  gateway: { admission: Pick<AdmissionClient, 'awaitTurn' | 'cancelQueued'> };
  live: Pick<LiveQueries, 'queuedQueryEnded'>;
};

type ClusterLink = Extract<TrinoRequest, { kind: 'poll' }>;

/** DELETE: the statement leaves the queue; where a cluster has it already, `cancelThere` gets the cluster's own link. */
export async function cancelQueued(
  { gateway, live }: CancelQueuedDeps,
  { exchange, ticket }: QueuedPoll,
  cancelThere: (request: ClusterLink) => Promise<void>,
): Promise<void> {
  const { response, signal } = exchange;
  const { queryId, secret } = ticket;
  const secretHash = hashOfSecret(secret);
  try {
    const answer = await gateway.admission.cancelQueued({ queryId, secretHash }, signal);
    if (answer === undefined) {
      answerError(response, 404, queryNotFoundMessage);
      return;
    }
    if (!answer.cancelled) {
      const link = await linkAtCluster(gateway, ticket, signal);
      if (link !== undefined) {
        await cancelThere(link);
        return;
      }
    } else live.queuedQueryEnded(queryId, canceledEnd);
    answerEmpty(response, 204);
  } catch (error) {
    if (signal.aborted) return;
    if (!(error instanceof GatewayUnavailableError)) throw error;
    // Not 503: clients that cancel would repeat it for hours. A query that nobody polls is forgotten anyway.
    answerError(response, 500, `The gatewayserver does not answer (${error.message})`);
  }
}

async function linkAtCluster(
  { admission }: CancelQueuedDeps['gateway'],
  ticket: Ticket,
  signal: AbortSignal,
): Promise<ClusterLink | undefined> {
  const { queryId, secret } = ticket;
  const asked = { queryId, secretHash: hashOfSecret(secret), waitMs: 0 };
  const answer = await admission.awaitTurn(asked, { signal, waitMs: 0 });
  if (answer?.state.case !== 'handedOver') return undefined;
  const kept = unsealAnswer(answer.state.value.sealedAnswer, ticket);
  if (kept === undefined) return undefined;
  const page = new PageScanner();
  page.push(kept.page);
  if (page.nextUri === undefined || !URL.canParse(page.nextUri)) return undefined;
  const { pathname, search } = new URL(page.nextUri);
  const request = classifyRequest({ method: 'DELETE', target: pathname + search });
  return request.kind === 'poll' ? request : undefined;
}
