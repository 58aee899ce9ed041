import { Code, ConnectError } from '@connectrpc/connect';
import { pause } from '@trino-gateway/runtime';
import { cancelQuery, queryInfo, TrinoHttpError } from '@trino-gateway/trino/client';

const TIME_LIMIT_MS = 5_000;
/** A cluster needs some 30 ms for a cancel. */
const ENDED_DELAYS_MS = [0, 100, 500, 1_500];

/** The cluster, and as whom it is asked. */
export type Canceller = Pick<
  Parameters<typeof cancelQuery>[1],
  'url' | 'user' | 'password' | 'token' | 'headers' | 'dispatcher'
>;

/**
 * Asks a cluster to cancel a query. A query that has ended, or is unknown there, counts as cancelled.
 * @throws ConnectError UNAVAILABLE when the cluster does not answer, FAILED_PRECONDITION when it refuses
 */
export async function cancelOnCluster(queryId: string, canceller: Canceller): Promise<void> {
  const where = `the cluster at ${new URL(canceller.url).origin}`;
  try {
    await cancelQuery(queryId, { ...canceller, timeLimitMs: TIME_LIMIT_MS });
  } catch (error) {
    if (!(error instanceof TrinoHttpError))
      throw new ConnectError(`${where} does not answer`, Code.Unavailable, undefined, undefined, error);
    const { status } = error;
    if (status >= 500) throw new ConnectError(`${where} answered ${status}`, Code.Unavailable);
    throw new ConnectError(
      `${where} refused to cancel the query (${status}): check probe.user, and probe.password, probe.token or probe.token_file, of its backend`,
      Code.FailedPrecondition,
    );
  }
}

/** Whether the cluster says, within some two seconds, that a query has ended whose cancel it has accepted. */
export async function hasEndedSoon(queryId: string, canceller: Canceller, signal: AbortSignal): Promise<boolean> {
  for (const delayMs of ENDED_DELAYS_MS) {
    await pause(delayMs, signal);
    if (signal.aborted) return false;
    const options = { ...canceller, signal, timeLimitMs: TIME_LIMIT_MS };
    const info = await queryInfo(queryId, options).catch(() => undefined);
    if (info?.state === 'FINISHED' || info?.state === 'FAILED') return true;
  }
  return false;
}
