import { Query_State } from '@trino-gateway/api/gateway';
import { killedMessage, pageContentType, trinoErrors } from '@trino-gateway/trino';
import type { AdmissionClient } from '../control-plane/admission-client.ts';
import type { LiveQueries } from '../control-plane/live-queries.ts';
import { administrativeEnd, canceledEnd, type QueryEnd } from '../control-plane/query-end.ts';
import { errorName } from '../dispatch/refusal.ts';
import { outsideUrl } from '../http/client-address.ts';
import type { Exchange } from '../http/exchange.ts';
import { answerEmpty, answerError, answerText } from '../http/responses.ts';
import { type Alias, type MustBeOwnerDeps, mustBeOwner } from './query-alias.ts';

/** A statement that no cluster has: it waits, or has ended before it reached one. */
export type QueuedQuery = Alias & { case: 'waiting' | 'ended' };

/** GET /v1/query/{id} of a statement that waits or waited: what Trino would say of it. */
export async function getQueuedQuery(
  context: MustBeOwnerDeps,
  exchange: Exchange,
  queryId: string,
  queued: QueuedQuery,
): Promise<void> {
  await mustBeOwner(context, exchange, queued, 'view');
  const { client, response } = exchange;
  const common = {
    queryId,
    session: { queryId, user: queued.user },
    self: `${outsideUrl(client)}/v1/query/${queryId}`,
  };
  const text = JSON.stringify(
    queued.case === 'waiting'
      ? {
          ...common,
          state: 'QUEUED',
          resourceGroupId: [queued.value.groupId],
          queryStats: { queuedTime: seconds(queued.value.queuedMs), elapsedTime: seconds(queued.value.queuedMs) },
        }
      : {
          ...common,
          state: 'FAILED',
          errorCode: { name: errorName(queued.value.errorName), ...codeOf(queued.value.errorName) },
        },
  );
  answerText(response, 200, text, [], pageContentType);
}

/**
 * Cancels, kills or preempts a statement that waits, for its user; one that has ended stays as it is. The id of Trino's, and no answer,
 * where a cluster has it by now.
 */
export async function endQueuedQuery(
  context: MustBeOwnerDeps & CancelByUserDeps,
  exchange: Exchange,
  queryId: string,
  queued: QueuedQuery,
  how: { action: 'cancel' } | { action: 'killed' | 'preempted'; reason: string },
): Promise<string | undefined> {
  await mustBeOwner(context, exchange, queued, how.action === 'cancel' ? 'cancel' : 'kill');
  const over: CancelOutcome = { kind: 'over' };
  const outcome =
    queued.case === 'ended' ? over : await cancelByUser(context, exchange, queryId, queued.user, endBy(how));
  if (outcome.kind === 'handedOver') return outcome.trinoQueryId;
  if (how.action === 'cancel') answerEmpty(exchange.response, 204);
  else if (outcome.kind === 'over') answerError(exchange.response, 409, 'HTTP 409 Conflict');
  else answerEmpty(exchange.response, 202);
  return undefined;
}

/** The end of a query that was killed by a statement, with what its procedure was given as a message. */
export const killedEnd = (message: string | undefined): QueryEnd => ({
  state: Query_State.FAILED,
  error: {
    name: 'ADMINISTRATIVELY_KILLED',
    code: trinoErrors.ADMINISTRATIVELY_KILLED.code,
    message: killedMessage(message),
  },
});

export type CancelByUserDeps = {
  gateway: { admission: Pick<AdmissionClient, 'cancelQueued'> };
  live: Pick<LiveQueries, 'queuedQueryEnded'>;
};

/** What came of taking a statement out of the queue: it may have ended before, or a cluster has it by now, whatever was known here. */
export type CancelOutcome = { kind: 'ended' } | { kind: 'over' } | { kind: 'handedOver'; trinoQueryId: string };

/** Takes a statement out of the queue for its user. */
export async function cancelByUser(
  { gateway, live }: CancelByUserDeps,
  { signal }: Exchange,
  queryId: string,
  user: string,
  end: QueryEnd,
): Promise<CancelOutcome> {
  const { name: errorName = '', message = '' } = end.error ?? {};
  const answer = await gateway.admission.cancelQueued({ queryId, user, errorName, message }, signal);
  if (answer === undefined) return { kind: 'over' };
  const { cancelled, trinoQueryId } = answer;
  if (!cancelled) return trinoQueryId === '' ? { kind: 'over' } : { kind: 'handedOver', trinoQueryId };
  live.queuedQueryEnded(queryId, end);
  return { kind: 'ended' };
}

function endBy(how: Parameters<typeof endQueuedQuery>[4]): QueryEnd {
  return how.action === 'cancel' ? canceledEnd : administrativeEnd(how.action, how.reason);
}

function codeOf(name: string) {
  const { code, type } = trinoErrors[errorName(name)];
  return { code, type };
}

const seconds = (ms: number) => `${(ms / 1_000).toFixed(2)}s`;
