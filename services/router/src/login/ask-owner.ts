import type { RouterConfig } from '@trino-gateway/config';
import { pause } from '@trino-gateway/runtime';
import { withoutHeaders } from '@trino-gateway/trino';
import type { AskCluster, ClusterAnswer } from '../clusters/ask.ts';
import type { Exchange } from '../http/exchange.ts';
import { TryAgain } from '../http/responses.ts';
import { UpstreamError } from '../http/upstream/upstream-answer.ts';
import type { Coordinator } from '../stickiness/coordinator.ts';

export type AskOwnerDeps = {
  ask: AskCluster;
  config: Pick<RouterConfig, 'poll_time_limit'>;
  /** How long to wait before each repetition of a request that its coordinator did not answer. */
  pollRetryDelaysMs: readonly number[];
};

/** A request of a login. */
export type OwnerRequest = {
  coordinator: Coordinator;
  path: string;
  /** The answer is read here: it must not be compressed. */
  isPlain: boolean;
};

const acceptEncoding: ReadonlySet<string> = new Set(['accept-encoding']);

/**
 * The answer of the one coordinator that knows the login; undefined when the client has gone. What did not reach it is repeated for a
 * short while, nothing else: a code of the identity provider is good only once.
 * @throws TryAgain
 */
export async function askOwner(
  { ask, config, pollRetryDelaysMs }: AskOwnerDeps,
  exchange: Exchange,
  { coordinator, path, isPlain }: OwnerRequest,
): Promise<ClusterAnswer | undefined> {
  const { signal, request } = exchange;
  const own = exchange.rawHeaders;
  const rawHeaders = isPlain ? [...withoutHeaders(own, acceptEncoding), 'Accept-Encoding', 'identity'] : own;
  const method = request.method ?? 'GET';
  for (let attempt = 0; ; attempt += 1) {
    try {
      return await ask(exchange, { coordinator, method, path, rawHeaders, headTimeMs: config.poll_time_limit, signal });
    } catch (error) {
      if (!(error instanceof UpstreamError)) throw error;
      if (error.kind === 'aborted') return undefined;
      const delayMs = pollRetryDelaysMs[attempt];
      if (error.kind !== 'refused' || delayMs === undefined)
        throw new TryAgain(`The cluster where this login began does not answer: ${error.message}`);
      await pause(delayMs, signal);
      if (signal.aborted) return undefined;
    }
  }
}
