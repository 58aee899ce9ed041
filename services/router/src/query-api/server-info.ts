import { pageContentType, type TrinoRequest } from '@trino-gateway/trino';
import type { ClusterAnswer } from '../clusters/ask.ts';
import { relay } from '../clusters/relay.ts';
import type { RoadContext } from '../dispatch/context.ts';
import { requireAuthenticationAtDoor } from '../dispatch/require-authentication.ts';
import { askRoute } from '../dispatch/route.ts';
import { openSubmission } from '../dispatch/submission.ts';
import type { Exchange } from '../http/exchange.ts';
import { UpstreamError } from '../http/http-client.ts';
import { answerError, answerText } from '../http/responses.ts';

/** Questions about the cluster a query of this client would go to. */
export type Question = Extract<TrinoRequest, { kind: 'info' | 'status' | 'validate' }>;

/** What `/v1/info` says while there is no cluster: clients take it for a Trino that is still starting. */
const startingInfo =
  '{"nodeVersion":{"version":"unknown"},"environment":"gateway","coordinator":true,"starting":true,"uptime":"0.00s"}';

/** Answers with the words of the cluster a query would go to. */
export async function info(context: RoadContext, exchange: Exchange, question: Question): Promise<void> {
  const { response } = exchange;
  await requireAuthenticationAtDoor(context, exchange);
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

/** The answer of the first cluster that gives one; in words, why none does; undefined when the client needs no more. */
async function askLikely(
  context: RoadContext,
  exchange: Exchange,
  question: Question,
): Promise<ClusterAnswer | string | undefined> {
  const { config, link } = context;
  const submission = openSubmission(exchange, Buffer.alloc(0), context.now());
  const signal = AbortSignal.any([exchange.signal, AbortSignal.timeout(config.submit_time_limit)]);
  const excluded: string[] = [];
  let lastReason = '';
  try {
    while (!signal.aborted) {
      const route = await askRoute(context, submission, excluded, signal);
      if (typeof route === 'string') return route;
      const backend = route.backend ?? link.backends().get(route.decision?.backendId ?? '');
      if (route.decision === undefined || backend === undefined || excluded.includes(backend.id))
        return lastReason || route.refusal || 'No cluster is available';
      const owner = { backendId: backend.id, url: backend.url, forwardedHeaders: backend.forwardedHeaders };
      try {
        return await context.ask(exchange, {
          owner,
          method: exchange.request.method ?? 'GET',
          path: question.target,
          headTimeMs: config.attempt_time_limit,
          signal: exchange.signal,
        });
      } catch (error) {
        if (!(error instanceof UpstreamError)) throw error;
        if (error.kind === 'aborted') return undefined;
        excluded.push(backend.id);
        lastReason = `${backend.id}: ${error.message}`;
      }
    }
    return lastReason || 'No cluster answered in time';
  } finally {
    link.settle(submission.id);
  }
}
