import { type Backoff, createBackoff, isUnreachable, pause } from '@trino-gateway/runtime';

/** The gatewayserver did not answer in time. */
export class GatewayUnavailableError extends Error {}

/** How long a call is repeated. */
export type RetryPolicy = {
  /** In all, in milliseconds. */
  waitMs: number;
  /** The limit of a single attempt, where the transport does not notice by itself that nobody answers. */
  callLimitMs?: number;
  signal: AbortSignal;
};

const PAUSES = { firstMs: 25, longestMs: 500 };
const SHORTEST_CALL_MS = 100;

/**
 * Retries transport failures only, never an error that the gatewayserver itself answers.
 * @throws GatewayUnavailableError when the wait is over
 */
export async function whileUnreachable<Answer>(
  { waitMs, callLimitMs = waitMs, signal }: RetryPolicy,
  call: (timeoutMs: number) => Promise<Answer>,
): Promise<Answer> {
  const deadline = performance.now() + waitMs;
  let backoff: Backoff | undefined;
  for (;;) {
    signal.throwIfAborted();
    try {
      // The protocol has whole milliseconds only: a fraction is refused as an invalid argument.
      const leftMs = Math.max(deadline - performance.now(), SHORTEST_CALL_MS);
      return await call(Math.ceil(Math.min(leftMs, callLimitMs)));
    } catch (error) {
      signal.throwIfAborted();
      if (!isUnreachable(error)) throw error;
      backoff ??= createBackoff(PAUSES);
      const pauseMs = backoff.failed();
      if (performance.now() + pauseMs >= deadline)
        throw new GatewayUnavailableError(`no answer within ${waitMs} ms`, { cause: error });
      await pause(pauseMs, signal);
    }
  }
}
