import type { MessageInitShape } from '@bufbuild/protobuf';
import { Code, ConnectError } from '@connectrpc/connect';
import {
  ReplayRoutingRequest_Baseline as Baseline,
  ReplayRoutingRequest_BaselineSchema as BaselineSchema,
  ListQueriesRequest_Order,
  Query_State,
  type ReplayRoutingRequest,
  type ReplayRoutingResponseSchema,
  type RoutingChain,
} from '@trino-gateway/api/gateway';
import { checkedNumber, checkedText, invalid } from '../../configuration/validation.ts';
import type { Change, Shown } from '../../replay/compare.ts';
import { notKept } from '../../replay/not-kept.ts';
import { type Replayed, replay } from '../../replay/replay.ts';
import { slowStepIds, withAbstaining, withoutSteps } from '../../replay/without-slow-steps.ts';
import { builtInChain } from '../../routing/chain/routing-chain.ts';
import { stepKinds } from '../../routing/steps/registry.ts';
import type { RpcContext, Tables } from './context.ts';
import { checkedDraft, refuseFailedTrial } from './routing-chain.ts';

type Context = Pick<RpcContext, 'decisions' | 'configuration' | 'drafts' | 'stopping'> & Tables<'queries'>;
type Answer = MessageInitShape<typeof ReplayRoutingResponseSchema>;

const LIMITS = { last: 10_000, timeLimitMs: 60_000, examples: 20 };
const DEFAULTS = { last: 1_000, timeLimitMs: 5_000, examples: 3 };

/** ReplayRouting: one at a time. */
export function createReplayCall(
  context: Context,
): (request: ReplayRoutingRequest, caller: { signal: AbortSignal }) => Promise<Answer> {
  let isRunning = false;
  return async (request, { signal }) => {
    const draft = checkedRequest(context, request);
    if (isRunning)
      throw new ConnectError(
        'another replay is running on this gatewayserver: try again later',
        Code.ResourceExhausted,
      );
    isRunning = true;
    try {
      if (request.askSlowSteps) await refuseFailedTrial(context, draft);
      return await run(context, request, draft, AbortSignal.any([signal, context.stopping]));
    } finally {
      isRunning = false;
    }
  };
}

function checkedRequest(context: Context, request: ReplayRoutingRequest): RoutingChain {
  checkedNumber('last', request.last, 0, LIMITS.last);
  checkedNumber('time_limit_ms', request.timeLimitMs, 0, LIMITS.timeLimitMs);
  checkedNumber('examples', request.examples, 0, LIMITS.examples);
  for (const field of ['user', 'source', 'groupId'] as const)
    checkedText(field.replace('Id', '_id'), request[field], 1_000);
  if (!BaselineSchema.value[request.compareWith])
    throw invalid('compare_with', `expected a known value, got ${request.compareWith}`);
  if (!request.chain) throw invalid('chain', 'expected an object, got nothing');
  return checkedDraft(context, request.chain);
}

async function run(
  context: Context,
  request: ReplayRoutingRequest,
  draft: RoutingChain,
  signal: AbortSignal,
): Promise<Answer> {
  const { decisions, drafts, configuration } = context;
  const slow = request.askSlowSteps ? [] : slowStepIds(draft, stepKinds);
  const reached = new Map<string, number>(slow.map((id) => [id, 0]));
  const inForce = configuration.known.routingChain ?? builtInChain;
  const slowInForce = request.compareWith === Baseline.CURRENT_CHAIN ? slowStepIds(inForce, stepKinds) : undefined;
  const found = await drafts.use(withoutSteps(draft, slow), (compiled) =>
    replay({
      chain: withAbstaining(compiled, draft, slow, (id) => reached.set(id, (reached.get(id) ?? 0) + 1)),
      current: slowInForce && withAbstaining(configuration.chain(), inForce, slowInForce, () => {}),
      ask: decisions.ask,
      readPage: (pageToken, size) => readPage(context, request, pageToken, size),
      last: request.last || DEFAULTS.last,
      examples: request.examples || DEFAULTS.examples,
      timeLimitMs: request.timeLimitMs || DEFAULTS.timeLimitMs,
      signal,
    }),
  );
  return {
    ...answerOf(found),
    notAsked: counts(reached),
    notKnown: [...notKept(draft, stepKinds), ...whatIsMissing(found.incomplete, slowInForce ?? [])],
  };
}

async function readPage({ store }: Context, request: ReplayRoutingRequest, pageToken: string, pageSize: number) {
  const { user, groupId, source, submittedAfter, submittedBefore } = request;
  const { queries, nextPageToken } = await store.queries.list({
    ...{ user, groupId, source, pageToken, pageSize, backendId: '', text: '' },
    state: Query_State.STATE_UNSPECIFIED,
    order: ListQueriesRequest_Order.NEWEST_FIRST,
    ...(submittedAfter && { submittedAfter }),
    ...(submittedBefore && { submittedBefore }),
  });
  return { queries, next: nextPageToken };
}

function whatIsMissing(incomplete: number, slowInForce: readonly string[]): string[] {
  const facts = 'port, host, catalog, schema, client info and routing group, or not all of them';
  return [
    ...(incomplete > 0 ? [`of ${incomplete} queries the history has no ${facts}`] : []),
    ...(slowInForce.length > 0 ? [`steps of the chain in force were not asked: ${slowInForce.join(', ')}`] : []),
  ];
}

function answerOf(found: Replayed) {
  const { read, compared, unchanged, notReplayed, hits, oldest, newest, endedEarly } = found;
  const shared = ({ fromGroupId, count, examples }: Change) => ({
    ...{ fromGroupId, count, share: compared === 0 ? 0 : count / compared },
    examples: examples.map(exampleOf),
  });
  return {
    ...{ read, replayed: compared, unchanged, endedEarly },
    moves: found.moves.map((move) => ({ ...shared(move), toGroupId: move.toGroupId })),
    refusals: found.refusals.map(({ reason, stepId, ruleId, ...change }) => ({
      ...shared(change),
      ...{ reason, stepId, ruleId },
    })),
    notReplayed: counts(notReplayed),
    steps: [...hits.values()].sort((first, second) => second.count - first.count),
    ...(oldest?.submittedAt && { oldest: oldest.submittedAt }),
    ...(newest?.submittedAt && { newest: newest.submittedAt }),
  };
}

function exampleOf({ id: queryId, user, source, text: statement }: Shown) {
  return { queryId, user, source, statement };
}

function counts(of: ReadonlyMap<string, number>) {
  return [...of].map(([what, count]) => ({ what, count })).sort((first, second) => second.count - first.count);
}
