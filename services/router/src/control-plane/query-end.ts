import { Query_State } from '@trino-gateway/api/gateway';
import { canceledMessage, killedMessage, type QueryError, trinoErrors } from '@trino-gateway/trino';

/** How a query ended, for history. */
export type QueryEnd = { state: Query_State; error?: { name: string; code: number; message: string } };

/** The end that a last page shows. A long page whose end was not read has rows: the query did not fail. */
export function endOf({ state, error }: { state: string | undefined; error: QueryError | undefined }): QueryEnd {
  if (error !== undefined) {
    const { errorName, errorCode, message } = error;
    return { state: Query_State.FAILED, error: { name: errorName, code: errorCode, message } };
  }
  return { state: state === 'FAILED' ? Query_State.FAILED : Query_State.FINISHED };
}

/** The end of a query whose client cancelled it. */
export const canceledEnd: QueryEnd = {
  state: Query_State.FAILED,
  error: { name: 'USER_CANCELED', code: trinoErrors.USER_CANCELED.code, message: canceledMessage },
};

/** The end of a query that was killed or preempted through the gateway. */
export function administrativeEnd(action: 'killed' | 'preempted', reason: string): QueryEnd {
  const name = action === 'killed' ? 'ADMINISTRATIVELY_KILLED' : 'ADMINISTRATIVELY_PREEMPTED';
  const message = killedMessage(reason || undefined);
  return {
    state: Query_State.FAILED,
    error: {
      name,
      code: trinoErrors[name].code,
      message: action === 'killed' ? message : message.replace('killed', 'preempted'),
    },
  };
}
