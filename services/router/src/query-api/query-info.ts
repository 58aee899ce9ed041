import type { RouterConfig } from '@trino-gateway/config';
import { isTemporaryQueryId, type TrinoRequest } from '@trino-gateway/trino';
import type { AskCluster, ClusterAnswer } from '../clusters/ask.ts';
import { askAll, type Verdict } from '../clusters/ask-all.ts';
import { relay } from '../clusters/relay.ts';
import { administrativeEnd, canceledEnd } from '../control-plane/query-end.ts';
import {
  type RequireAuthenticationDeps,
  requireAuthentication,
  requireAuthenticationOfGroup,
} from '../dispatch/require-authentication.ts';
import type { EndChecks } from '../ends/end-checks.ts';
import { readRequestBody } from '../http/body.ts';
import type { Exchange } from '../http/exchange.ts';
import { answerEmpty, answerError, TryAgain } from '../http/responses.ts';
import { UpstreamError } from '../http/upstream/upstream-answer.ts';
import { type FindAliasDeps, findAlias, type MustBeOwnerDeps } from '../queue/query-alias.ts';
import { type CancelByUserDeps, endQueuedQuery, getQueuedQuery } from '../queue/queued-query.ts';
import type { Coordinator } from '../stickiness/coordinator.ts';
import type { Ownership } from '../stickiness/ownership.ts';
import type { UnknownLinks } from '../stickiness/unknown-links.ts';

export type QueryInfoDeps = RequireAuthenticationDeps &
  FindAliasDeps &
  MustBeOwnerDeps &
  CancelByUserDeps & {
    ask: AskCluster;
    ownership: Pick<Ownership, 'owners' | 'candidates'>;
    unknownLinks: Pick<UnknownLinks, 'has' | 'add'>;
    endChecks: Pick<EndChecks, 'killed'>;
    config: Pick<RouterConfig, 'poll_time_limit'>;
  };

type QueryRequest = Extract<TrinoRequest, { kind: 'query' }>;

/** A reason, in words; Trino shows it to the user. */
const LONGEST_REASON = 65_536;

/** /v1/query/{id}: what Trino knows of a query, cancel, kill, preempt. Goes to the coordinator of the id. */
export async function query(context: QueryInfoDeps, exchange: Exchange, asked: QueryRequest): Promise<void> {
  const { request, response } = exchange;
  const { action } = asked;
  const body = await readRequestBody(request, LONGEST_REASON, exchange);
  if (body.kind === 'abandoned') return;
  if (body.kind === 'tooLong') {
    answerError(response, 413, `A reason may have at most ${LONGEST_REASON} bytes`);
    return;
  }
  await requireAuthentication(context, exchange, []);
  if (!isTemporaryQueryId(asked.queryId)) {
    await queryAtCoordinator(context, exchange, asked, body.bytes);
    return;
  }
  const alias = await findAlias(context, asked.queryId, exchange.signal);
  if (alias === undefined) {
    answerUnknown(exchange, action);
    return;
  }
  if (alias.case === 'handedOver') {
    await queryAtCoordinator(context, exchange, renamed(asked, alias.value.trinoQueryId), body.bytes);
    return;
  }
  if (alias.case === 'waiting') await requireAuthenticationOfGroup(context, exchange, alias.value.groupId);
  if (action === 'get') {
    await getQueuedQuery(context, exchange, asked.queryId, alias);
    return;
  }
  const end = action === 'cancel' ? { action } : { action, reason: body.bytes.toString() };
  const handedOver = await endQueuedQuery(context, exchange, asked.queryId, alias, end);
  if (handedOver !== undefined) await queryAtCoordinator(context, exchange, renamed(asked, handedOver), body.bytes);
}

/** The same about the query under the id that its cluster has given it. */
function renamed(asked: QueryRequest, queryId: string): QueryRequest {
  return { ...asked, queryId, target: asked.target.replace(asked.queryId, queryId) };
}

async function queryAtCoordinator(
  context: QueryInfoDeps,
  exchange: Exchange,
  { action, queryId, target }: QueryRequest,
  body: Buffer,
): Promise<void> {
  const { request } = exchange;
  const isPut = action === 'killed' || action === 'preempted';
  const method = request.method ?? 'GET';
  const asked = { method, path: target, ...(isPut ? { body } : {}) };
  const answer = await answerOfCoordinator(context, exchange, queryId, action, asked);
  if (answer === undefined) return;
  const { status } = answer;
  await relay(exchange, answer, { stallTimeMs: context.config.poll_time_limit });
  const left = { exchange, coordinator: answer.coordinator, queryId };
  if (action === 'cancel' && status === 204) context.endChecks.killed(left, canceledEnd);
  if (isPut && status === 202) context.endChecks.killed(left, administrativeEnd(action, body.toString()));
}

/** The coordinator's answer; undefined when the client has been answered otherwise. */
async function answerOfCoordinator(
  context: QueryInfoDeps,
  exchange: Exchange,
  queryId: string,
  action: QueryRequest['action'],
  asked: { method: string; path: string; body?: Buffer },
): Promise<ClusterAnswer | undefined> {
  const { ownership, unknownLinks } = context;
  const { response } = exchange;
  const owners = ownership.owners(queryId);
  const asking = owners.length > 0 ? owners : ownership.candidates();
  await requireAuthentication(context, exchange, asking);
  const [coordinator] = owners;
  if (coordinator !== undefined && owners.length === 1)
    return await askOne(context, exchange, queryId, { coordinator, ...asked });
  const key = `query ${queryId}`;
  if (unknownLinks.has(key)) {
    answerUnknown(exchange, action);
    return undefined;
  }
  const search = await askAll(context, exchange, asking, asked, (answer) => judge(answer, action));
  if (search.kind === 'found' || search.kind === 'denied') return search.answer;
  if (search.kind === 'notFound') {
    unknownLinks.add(key);
    answerUnknown(exchange, action);
  } else if (search.kind === 'unclear') {
    answerError(response, 503, `Not every cluster that could know query ${queryId} has answered`);
  }
  return undefined;
}

/** @throws TryAgain when too much is under way there */
async function askOne(
  { ask, config }: QueryInfoDeps,
  exchange: Exchange,
  queryId: string,
  request: { coordinator: Coordinator; method: string; path: string; body?: Buffer },
): Promise<ClusterAnswer | undefined> {
  const { response, signal } = exchange;
  try {
    return await ask(exchange, { ...request, headTimeMs: config.poll_time_limit, roomTimeMs: 1_000, signal });
  } catch (error) {
    if (!(error instanceof UpstreamError)) throw error;
    if (error.kind === 'busy') throw new TryAgain(`The coordinator is busy: ${error.message}`);
    // Not 503: clients that cancel this way would repeat it for hours.
    if (error.kind !== 'aborted')
      answerError(response, 500, `The coordinator of query ${queryId} does not answer: ${error.message}`);
    return undefined;
  }
}

// Trino says 410 to an id it does not know, and 204 to cancelling it.
function judge({ status }: ClusterAnswer, action: QueryRequest['action']): Verdict {
  if (status === 401 || status === 403) return 'denied';
  if (status === 404 || status === 410 || (status === 204 && action === 'cancel')) return 'notOwned';
  return status === 200 || status === 202 || status === 409 ? 'owned' : 'unclear';
}

function answerUnknown({ response }: Exchange, action: QueryRequest['action']): void {
  if (action === 'cancel') answerEmpty(response, 204);
  else answerError(response, 410, 'HTTP 410 Gone');
}

/** GET /v1/query: each cluster has a list of its own, and none of them would be the right one. */
export function queryList({ response }: Exchange): void {
  answerError(
    response,
    404,
    'The gateway has no list of queries here: ask for /v1/query/{id}, or look in the history of the gateway (QueryService.ListQueries)',
  );
}
