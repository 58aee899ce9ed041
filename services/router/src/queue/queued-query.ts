import { Query_State } from '@trino-gateway/api/gateway';
import { killedMessage, pageContentType, trinoErrors } from '@trino-gateway/trino';
import { administrativeEnd, canceledEnd, type QueryEnd } from '../control-plane/query-end.ts';
import type { RoadContext } from '../dispatch/context.ts';
import { errorName } from '../dispatch/refusal.ts';
import { originOf } from '../http/client-address.ts';
import type { Exchange } from '../http/exchange.ts';
import { answerEmpty, answerError, answerText } from '../http/responses.ts';
import { type Alias, mustBeOwner } from './query-alias.ts';

/** What became of a statement that no cluster has. */
export type OwnQuery = Alias & { case: 'waiting' | 'ended' };

/** Tells what is known of a statement that waits, in the words of /v1/query/{id}. */
export async function getOwnQuery(
  context: RoadContext,
  exchange: Exchange,
  queryId: string,
  own: OwnQuery,
): Promise<void> {
  await mustBeOwner(context, exchange, own, 'view');
  const { client, response } = exchange;
  const common = {
    queryId,
    session: { queryId, user: own.user },
    self: `${originOf(client)}/v1/query/${queryId}`,
  };
  const text = JSON.stringify(
    own.case === 'waiting'
      ? {
          ...common,
          state: 'QUEUED',
          resourceGroupId: [own.value.groupId],
          queryStats: { queuedTime: seconds(own.value.queuedMs), elapsedTime: seconds(own.value.queuedMs) },
        }
      : {
          ...common,
          state: 'FAILED',
          errorCode: { name: errorName(own.value.errorName), ...codeOf(own.value.errorName) },
        },
  );
  answerText(response, 200, text, [], pageContentType);
}

/** Takes a statement that waits out of the queue at its user's wish; what has ended stays as it is. */
export async function endOwnQuery(
  context: RoadContext,
  exchange: Exchange,
  queryId: string,
  own: OwnQuery,
  how: { action: 'cancel' } | { action: 'killed' | 'preempted'; reason: string },
): Promise<void> {
  await mustBeOwner(context, exchange, own, how.action === 'cancel' ? 'cancel' : 'kill');
  const isCancel = how.action === 'cancel';
  const isOver = own.case === 'ended' || !(await cancelByUser(context, exchange, queryId, own.user, endBy(how)));
  if (isCancel) answerEmpty(exchange.response, 204);
  else if (isOver) answerError(exchange.response, 409, 'HTTP 409 Conflict');
  else answerEmpty(exchange.response, 202);
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

/** False when it was not waiting any more. */
export async function cancelByUser(
  { link, live }: RoadContext,
  { signal }: Exchange,
  queryId: string,
  user: string,
  end: QueryEnd,
): Promise<boolean> {
  const { name: errorName = '', message = '' } = end.error ?? {};
  const answer = await link.admission.cancelQueued({ queryId, user, errorName, message }, signal);
  if (answer?.cancelled !== true) return false;
  live.gaveUp(queryId, end);
  return true;
}

function endBy(how: Parameters<typeof endOwnQuery>[4]): QueryEnd {
  return how.action === 'cancel' ? canceledEnd : administrativeEnd(how.action, how.reason);
}

function codeOf(name: string) {
  const { code, type } = trinoErrors[errorName(name)];
  return { code, type };
}

const seconds = (ms: number) => `${(ms / 1_000).toFixed(2)}s`;
