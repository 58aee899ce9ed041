import { pause } from '@trino-gateway/runtime';
import { queryNotFoundMessage, querySuffix } from '@trino-gateway/trino';
import type { AskCluster, ClusterAnswer } from '../clusters/ask.ts';
import { askAll, type Search, type Verdict } from '../clusters/ask-all.ts';
import type { GatewayClient } from '../control-plane/gateway-client.ts';
import type { Exchange } from '../http/exchange.ts';
import { answerError } from '../http/responses.ts';
import type { Coordinator } from '../stickiness/coordinator.ts';
import type { Ownership } from '../stickiness/ownership.ts';
import type { UnknownLinks } from '../stickiness/unknown-links.ts';
import { type PassOnDeps, passOn } from './pass-on.ts';
import { methodOf, type Poll } from './request.ts';

export type FindCoordinatorDeps = PassOnDeps & {
  ask: AskCluster;
  /** How long to wait before each repetition while not every cluster has answered. */
  pollRetryDelaysMs: readonly number[];
  unknownLinks: Pick<UnknownLinks, 'has' | 'add'>;
  ownership: Pick<Ownership, 'candidates' | 'learn'>;
  gateway: Pick<GatewayClient, 'recordIncarnation'>;
};

/** Longer links are not remembered. */
const LONGEST_REMEMBERED = 512;

/** A suffix that is new to this router, or that two coordinators share: the one that does not answer 404 owns the query. */
export async function pollAll(
  context: FindCoordinatorDeps,
  exchange: Exchange,
  request: Poll,
  sharing: readonly Coordinator[],
): Promise<void> {
  const { unknownLinks, ownership, gateway } = context;
  const { response } = exchange;
  // By link, not by id: a wrong link must not make the right one unknown.
  const link = `${methodOf(request)} ${request.target}`;
  if (unknownLinks.has(link)) {
    answerError(response, 404, queryNotFoundMessage);
    return;
  }
  const asked = sharing.length > 0 ? sharing : ownership.candidates();
  const search = await searchPatiently(context, exchange, asked, request);
  switch (search.kind) {
    case 'abandoned':
      return;
    case 'found': {
      const { coordinator } = search.answer;
      const suffix = querySuffix(request.queryId) ?? '';
      if (ownership.learn(request.queryId, coordinator))
        void gateway.recordIncarnation({ suffix, ...coordinator }).catch(() => false);
      await passOn(context, exchange, request, search.answer);
      return;
    }
    case 'notFound':
      if (link.length <= LONGEST_REMEMBERED) unknownLinks.add(link);
      answerError(response, 404, queryNotFoundMessage);
      return;
    case 'denied':
      search.answer.body.destroy();
      break;
    case 'unclear':
  }
  answerError(response, 503, `Not every cluster that could know query ${request.queryId} has answered`);
}

/** A cluster that does not answer may be back in a moment: not all clients repeat a poll that was answered 503. */
async function searchPatiently(
  context: FindCoordinatorDeps,
  exchange: Exchange,
  asked: readonly Coordinator[],
  request: Poll,
): Promise<Search> {
  for (let attempt = 0; ; attempt += 1) {
    const search = await askAll(context, exchange, asked, { method: methodOf(request), path: request.target }, judge);
    const delayMs = context.pollRetryDelaysMs[attempt];
    if (search.kind !== 'unclear' || delayMs === undefined) return search;
    await pause(delayMs, exchange.signal);
    if (exchange.signal.aborted) return { kind: 'abandoned' };
  }
}

function judge({ status }: ClusterAnswer): Verdict {
  if (status === 404) return 'notOwned';
  return status === 200 || status === 204 || status === 410 ? 'owned' : 'unclear';
}
