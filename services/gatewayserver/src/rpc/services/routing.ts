import type { MessageInitShape } from '@bufbuild/protobuf';
import { timestampFromMs } from '@bufbuild/protobuf/wkt';
import { Code, ConnectError } from '@connectrpc/connect';
import {
  type DecideRequest,
  type DecideResponseSchema,
  Reason_Outcome,
  type RouteRequest,
  type RouteResponseSchema,
  type RoutingService,
  DecideResponse_Verdict as Verdict,
} from '@trino-gateway/api/gateway';
import { routerBackend } from '../../configuration/router-backend.ts';
import { checkedId, checkedText, invalid } from '../../configuration/validation.ts';
import type { Preview } from '../../decisions/preview.ts';
import type { Routed } from '../../decisions/take-slot.ts';
import { slowStepIds } from '../../replay/without-slow-steps.ts';
import type { StepReason } from '../../routing/chain/opinion.ts';
import type { Outcome } from '../../routing/outcome.ts';
import { stepKinds } from '../../routing/steps/registry.ts';
import { rememberRoutes } from '../transport/given-routes.ts';
import { callerKey } from '../transport/interceptors.ts';
import type { MultiplexedService } from '../transport/multiplexer.ts';
import { checkingBackend } from './checking-backend.ts';
import type { RpcContext, Tables } from './context.ts';
import { checkedClient } from './policies.ts';
import { createReplayCall } from './replay-routing.ts';
import { checkedDraft, refuseFailedTrial, routingChainCalls } from './routing-chain.ts';
import { listRoutingHits } from './routing-hits.ts';

const MOST_BACKENDS_NAMED = 1_000;
const MOST_OBSERVED = 20;
const OBSERVED_LENGTH = 300;

type Answer = MessageInitShape<typeof RouteResponseSchema>;
type Decided = MessageInitShape<typeof DecideResponseSchema>;

type Context = Pick<RpcContext, 'decisions' | 'configuration' | 'drafts' | 'limits' | 'now' | 'stopping'> &
  Tables<'configuration' | 'queries' | 'routingHits'>;

/** Decisions, and the chain that they follow. */
export function routingService(context: Context): MultiplexedService<typeof RoutingService> {
  const responseTo = rememberRoutes((routed: Routed) => answerOf(context, routed), context.configuration.isLimited);
  return {
    ...routingChainCalls(context),
    decide: (request, { values }) => decideNow(context, request, values.get(callerKey)),
    replayRouting: createReplayCall(context),
    listRoutingHits: (request) => listRoutingHits(context, request),
    route: async (request) => responseTo(await context.decisions.route(checkedRoute(request))),
  };
}

async function decideNow(
  context: Context,
  request: DecideRequest,
  caller: 'anybody' | 'reader' | 'admin',
): Promise<Decided> {
  checkedText('user', request.user, 10_000);
  checkedText('client_ip', request.clientIp, 1_000);
  const query = checkedClient(request);
  // Also where reads are open: checking a draft costs more than any other read.
  if (request.chain && caller === 'anybody')
    throw new ConnectError('a draft of the routing chain needs a token', Code.Unauthenticated);
  const draft = request.chain && checkedDraft(context, request.chain);
  if (draft === undefined) return decided(await context.decisions.preview(query));
  if (caller !== 'admin' && slowStepIds(draft, stepKinds).length > 0)
    throw new ConnectError(
      'a draft with steps that run code or ask others needs the admin token',
      Code.PermissionDenied,
    );
  await refuseFailedTrial(context, draft);
  return decided(await context.drafts.use(draft, (chain) => context.decisions.preview(query, chain)));
}

function decided(preview: Preview): Decided {
  const { reasons } = preview;
  if (preview.kind === 'refused') {
    const { message: refusal, errorName: refusalErrorName } = preview;
    return { verdict: Verdict.REFUSED, reasons, refusal, refusalErrorName, summary: `would be refused: ${refusal}` };
  }
  const decision = decisionOf(preview.decided);
  if (preview.decided.kind === 'waits' && preview.decided.keepAlive) {
    const summary = 'is answered by the gateway: it only keeps a connection alive, and starts no cluster';
    return { verdict: Verdict.RUNS, decision: { ...decision, keepAlive: true }, reasons, summary };
  }
  if (preview.kind === 'runs')
    return { verdict: Verdict.RUNS, decision, reasons, summary: `runs on backend ${decision.backendId} now` };
  const { position, startsAt, why } = preview;
  return {
    ...{ verdict: Verdict.WAITS, decision, reasons, position },
    ...(startsAt !== undefined && { estimatedStart: timestampFromMs(startsAt) }),
    summary: `waits at place ${position}: ${why}`,
  };
}

function checkedRoute(request: RouteRequest): RouteRequest {
  checkedId(request.submissionId, 'submission_id');
  checkedId(request.routerId, 'router_id');
  for (const [field, ids] of [
    ['excluded_backend_ids', request.excludedBackendIds],
    ['avoided_backend_ids', request.avoidedBackendIds],
  ] as const) {
    if (ids.length > MOST_BACKENDS_NAMED)
      throw invalid(field, `expected at most ${MOST_BACKENDS_NAMED}, got ${ids.length}`);
  }
  return checkedClient(request);
}

function answerOf(context: Context, { outcome, leased, sealed = false, drainsRevision = 0 }: Routed): Answer {
  const { authDelegated, reasons } = outcome;
  const ofDrains = { sealed, drainsRevision: BigInt(drainsRevision) };
  if (outcome.kind === 'refused') {
    const { message: refusal, errorName: refusalErrorName, groupId: refusedGroupId = '' } = outcome;
    const { stepId: refusedStepId = '', ruleId: refusedRuleId = '' } = outcome;
    const by = { refusedGroupId, refusedStepId, refusedRuleId, observed: observedOf(reasons) };
    return { reasons, authDelegated, leased, refusal, refusalErrorName, ...by, ...ofDrains };
  }
  const decision = decisionOf(outcome);
  if (outcome.kind === 'waits') {
    const asked = checkingBackend(context, outcome.groupId);
    return {
      decision: { ...decision, outage: outcome.outage === true, keepAlive: outcome.keepAlive === true },
      reasons,
      authDelegated,
      mustWait: true,
      ...(asked && { backend: asked }),
      ...ofDrains,
    };
  }
  const backend = routerBackend(outcome.backend, context.configuration.isLimited(outcome.backend.id));
  return { decision, reasons, authDelegated, backend, leased, ...ofDrains };
}

function decisionOf(outcome: Exclude<Outcome, { kind: 'refused' }>) {
  const { groupId, decidedBy, authDelegated, requestSource, priority, stepId, ruleId } = outcome;
  const {
    pinnedBackendId = '',
    spilledOverFrom: spilledOverFromGroupId = '',
    affinityHash = 0,
    strict = false,
    addClientTags = [],
    sessionProperties = {},
    setHeaders = {},
  } = outcome;
  return {
    backendId: outcome.kind === 'chosen' ? outcome.backend.id : '',
    ...{ groupId, decidedBy, authDelegated, requestSource, priority },
    ...(stepId !== undefined && { stepId }),
    ...(ruleId !== undefined && { ruleId }),
    ...{ pinnedBackendId, spilledOverFromGroupId, affinityHash, strict, sessionProperties, setHeaders },
    addClientTags: [...addClientTags],
    observed: observedOf(outcome.reasons),
  };
}

/** What was only observed, for history. */
function observedOf(reasons: readonly StepReason[]): string[] {
  return reasons
    .filter(({ outcome }) => outcome === Reason_Outcome.OBSERVED)
    .slice(0, MOST_OBSERVED)
    .map(({ step, text }) => `${step}: ${text}`.slice(0, OBSERVED_LENGTH).toWellFormed());
}
