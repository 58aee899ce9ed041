import type { MessageInitShape } from '@bufbuild/protobuf';
import type { ServiceImpl } from '@connectrpc/connect';
import type { RouteRequest, RouteResponseSchema, RoutingService } from '@trino-gateway/api/gateway';
import { routerBackend } from '../router-backend.ts';
import type { Outcome } from '../routing/decide.ts';
import type { RpcContext } from './context.ts';
import { checkedClient } from './policies.ts';
import { checkedId, checkedText, invalid } from './validation.ts';

const MOST_BACKENDS_NAMED = 1_000;
const MOST_IN_BATCH = 1_000;

/** Decisions. */
export function routingService({ decisions }: Pick<RpcContext, 'decisions'>): ServiceImpl<typeof RoutingService> {
  const route = (request: RouteRequest): MessageInitShape<typeof RouteResponseSchema> => {
    checkedId(request.submissionId, 'submission_id');
    checkedId(request.routerId, 'router_id');
    for (const [field, ids] of [
      ['excluded_backend_ids', request.excludedBackendIds],
      ['avoided_backend_ids', request.avoidedBackendIds],
    ] as const) {
      if (ids.length > MOST_BACKENDS_NAMED)
        throw invalid(field, `expected at most ${MOST_BACKENDS_NAMED}, got ${ids.length}`);
    }
    const outcome = decisions.route(checkedClient(request));
    const { authDelegated, reasons } = outcome;
    if (outcome.kind === 'refused')
      return { reasons, authDelegated, refusal: outcome.message, refusalErrorName: outcome.errorName };
    return { decision: decisionOf(outcome), reasons, authDelegated, backend: routerBackend(outcome.backend) };
  };
  return {
    async decide(request) {
      checkedText('user', request.user, 10_000);
      checkedText('client_ip', request.clientIp, 1_000);
      const outcome = decisions.dryRun(checkedClient(request));
      return outcome.kind === 'chosen'
        ? { decision: decisionOf(outcome), reasons: outcome.reasons }
        : { reasons: outcome.reasons };
    },

    async route(request) {
      return route(request);
    },

    async routeBatch({ requests }) {
      if (requests.length > MOST_IN_BATCH)
        throw invalid('requests', `expected at most ${MOST_IN_BATCH}, got ${requests.length}`);
      return { responses: requests.map(route) };
    },
  };
}

function decisionOf(outcome: Outcome & { kind: 'chosen' }) {
  const { backend, groupId, decidedBy, authDelegated, requestSource } = outcome;
  return { backendId: backend.id, groupId, decidedBy, authDelegated, requestSource };
}
