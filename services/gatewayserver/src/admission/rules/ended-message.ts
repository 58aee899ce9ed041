import { canceledMessage } from '@trino-gateway/trino';
import type { Waiter } from '../state/waiter.ts';

const abandoned =
  'Query was abandoned by the client, as it may have exited or stopped checking for query results, while it waited in the gateway';

/** Of a query that is abandoned after a cluster did not take its credentials: many clients give up without a word then. */
export const refusedAndAbandoned = `${abandoned}, after a cluster had refused its credentials`;

/** Why a queued statement will never run: the message for its client, and for history. */
export function endedMessage({ endedBy, endedMessage: message, groupId, queuedAt, endedAt }: Waiter): string {
  if (message) return message;
  const seconds = Math.round((endedAt - queuedAt) / 1_000);
  switch (endedBy) {
    case 'USER_CANCELED':
      return canceledMessage;
    case 'ABANDONED_QUERY':
      return abandoned;
    case 'EXCEEDED_TIME_LIMIT':
      return `Query exceeded the maximum queued time limit of group ${groupId} after ${seconds} s: try again later, or ask the administrators of this gateway`;
    default:
      return `Group ${groupId} does not exist any more: submit the query again`;
  }
}
