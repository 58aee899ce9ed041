import { Code, ConnectError } from '@connectrpc/connect';
import { pause } from '@trino-gateway/runtime';
import { queryState } from '@trino-gateway/trino/client';

const TIME_LIMIT_MS = 5_000;
/** A cluster needs some 30 ms for a cancel. */
const ENDED_DELAYS_MS = [0, 100, 500, 1_500];

/** As whom the cluster is asked: with credentials as their user, else as the user of the query. */
export type Canceller = { user: string; credentials: { user: string; password: string } | undefined };

/**
 * Asks a cluster to cancel a query. A query that has ended, or is unknown there, counts as cancelled.
 * @throws ConnectError UNAVAILABLE when the cluster does not answer, FAILED_PRECONDITION when it refuses
 */
export async function cancelOnCluster(url: string, queryId: string, { user, credentials }: Canceller): Promise<void> {
  const headers: Record<string, string> = { 'x-trino-user': credentials?.user ?? user };
  if (credentials) {
    const pair = Buffer.from(`${credentials.user}:${credentials.password}`).toString('base64');
    headers.authorization = `Basic ${pair}`;
    // A cluster behind a TLS proxy accepts a password over http only when it is told that the client used https.
    if (url.startsWith('http:')) headers['x-forwarded-proto'] = 'https';
  }
  const status = await ask(`${url}/v1/query/${encodeURIComponent(queryId)}`, headers);
  if (status < 300 || status === 404 || status === 410) return;
  if (status >= 500) throw new ConnectError(`the cluster at ${url} answered ${status}`, Code.Unavailable);
  throw new ConnectError(
    `the cluster at ${url} refused to cancel the query (${status}): check probe.user and probe.password of its backend`,
    Code.FailedPrecondition,
  );
}

/** Whether the cluster says, within some two seconds, that a query has ended whose cancel it has accepted. */
export async function hasEndedSoon(
  url: string,
  queryId: string,
  canceller: Canceller,
  signal: AbortSignal,
): Promise<boolean> {
  const user = canceller.credentials?.user ?? canceller.user;
  const password = canceller.credentials?.password;
  const headers: Record<string, string> =
    password !== undefined && url.startsWith('http:') ? { 'X-Forwarded-Proto': 'https' } : {};
  for (const delayMs of ENDED_DELAYS_MS) {
    await pause(delayMs, signal);
    if (signal.aborted) return false;
    const options = { url, user, password, headers, signal, timeLimitMs: TIME_LIMIT_MS };
    const state = await queryState(queryId, options).catch(() => undefined);
    if (state === 'FINISHED' || state === 'FAILED') return true;
  }
  return false;
}

async function ask(url: string, headers: Record<string, string>): Promise<number> {
  try {
    const response = await fetch(url, {
      method: 'DELETE',
      headers,
      redirect: 'manual',
      signal: AbortSignal.timeout(TIME_LIMIT_MS),
    });
    await response.body?.cancel();
    return response.status;
  } catch (error) {
    throw new ConnectError(
      `the cluster at ${new URL(url).origin} does not answer`,
      Code.Unavailable,
      undefined,
      undefined,
      error,
    );
  }
}
