import { Backend_Forwarding } from '@trino-gateway/api/gateway';
import type { RouterConfig } from '@trino-gateway/config';
import { pageContentType, type TrinoRequest } from '@trino-gateway/trino';
import type { AskCluster, ClusterAnswer } from '../clusters/ask.ts';
import { relay } from '../clusters/relay.ts';
import { viewAtCluster } from '../dispatch/direct.ts';
import { type LikelyClustersDeps, likelyClusters } from '../dispatch/likely-clusters.ts';
import {
  type RequireAuthenticationDeps,
  requireAuthenticationAtEntryPoint,
} from '../dispatch/require-authentication.ts';
import type { Exchange } from '../http/exchange.ts';
import { answerError, answerText } from '../http/responses.ts';
import { UpstreamError } from '../http/upstream/upstream-answer.ts';
import { coordinatorOf } from '../stickiness/coordinator.ts';

export type ServerInfoDeps = LikelyClustersDeps &
  RequireAuthenticationDeps & {
    ask: AskCluster;
    config: Pick<RouterConfig, 'submit_time_limit' | 'attempt_time_limit' | 'poll_time_limit'>;
  };

/** Questions about the cluster a query of this client would go to. */
export type Question = Extract<TrinoRequest, { kind: 'info' | 'status' | 'nodes' | 'validate' }>;

/** What `/v1/info` says while there is no cluster: clients take it for a Trino that is still starting. */
const startingInfo =
  '{"nodeVersion":{"version":"unknown"},"environment":"gateway","coordinator":true,"starting":true,"uptime":"0.00s"}';

/** Answers with the words of the cluster a query would go to. */
export async function info(context: ServerInfoDeps, exchange: Exchange, question: Question): Promise<void> {
  const { response } = exchange;
  await requireAuthenticationAtEntryPoint(context, exchange);
  const found = await askLikely(context, exchange, question);
  if (found === undefined) return;
  if (typeof found !== 'string') {
    await relay(exchange, found, { stallTimeMs: context.config.poll_time_limit });
    return;
  }
  if (question.kind === 'info' && question.resource === 'info')
    answerText(response, 200, startingInfo, [], pageContentType);
  else answerError(response, 503, found);
}

/** The answer of the first cluster that gives one; in words, why none does; undefined when the client has gone. */
async function askLikely(
  context: ServerInfoDeps,
  exchange: Exchange,
  question: Question,
): Promise<ClusterAnswer | string | undefined> {
  const { config } = context;
  const signal = AbortSignal.any([exchange.signal, AbortSignal.timeout(config.submit_time_limit)]);
  using clusters = likelyClusters(context, exchange, signal);
  let lastReason = '';
  while (!signal.aborted) {
    const likely = await clusters.next();
    if (likely.kind === 'none') return (likely.isAnswered && lastReason) || likely.reason;
    const { backend } = likely;
    try {
      return await context.ask(exchange, {
        coordinator: coordinatorOf(backend),
        // As the challenge to a statement: it names the cluster where clients poll that themselves.
        client:
          backend.forwarding === Backend_Forwarding.DIRECT ? viewAtCluster(backend, exchange.client) : exchange.client,
        method: exchange.request.method ?? 'GET',
        path: question.target,
        headTimeMs: config.attempt_time_limit,
        signal: exchange.signal,
      });
    } catch (error) {
      if (!(error instanceof UpstreamError)) throw error;
      if (error.kind === 'aborted') return undefined;
      lastReason = `${backend.id}: ${error.message}`;
    }
  }
  return lastReason || 'No cluster answered in time';
}
