import { randomUUID } from 'node:crypto';
import type { SnapshotBackend } from '@trino-gateway/api/gateway';
import { sessionUser } from '@trino-gateway/trino';
import type { GatewayClient } from '../control-plane/gateway-client.ts';
import type { Exchange } from '../http/exchange.ts';
import { askRoute, type RouteDeps } from './route.ts';

export type LikelyClustersDeps = RouteDeps & { gateway: Pick<GatewayClient, 'settle'> };

/** The cluster a query would go to; else in words why there is none. `isAnswered`: the gatewayserver says so. */
export type LikelyCluster =
  | { kind: 'found'; backend: SnapshotBackend }
  | { kind: 'none'; reason: string; isAnswered: boolean };

/** The clusters that a new query of a client would go to now. */
export type LikelyClusters = Disposable & {
  /** The first, then the one it would go to without those before. @throws AccessDenied as askRoute does */
  next(): Promise<LikelyCluster>;
};

/** Nothing is submitted: the contract asks this by a Route without a statement, which takes no lease. */
export function likelyClusters(context: LikelyClustersDeps, exchange: Exchange, signal: AbortSignal): LikelyClusters {
  const question = { id: randomUUID(), exchange, statement: '', user: sessionUser(exchange.rawHeaders) ?? '' };
  const before: string[] = [];
  return {
    next: async () => {
      const route = await askRoute(context, question, { excludedBackendIds: [...before], boundBackendId: '', signal });
      if (route.kind === 'unanswered') return { kind: 'none', reason: route.message, isAnswered: false };
      if (route.kind === 'sealed') return { kind: 'none', reason: 'No cluster is available', isAnswered: true };
      if (route.kind === 'refused') return { kind: 'none', reason: route.refusal.message, isAnswered: true };
      const { backend } = route;
      if (backend === undefined || before.includes(backend.id))
        return { kind: 'none', reason: 'No cluster is available', isAnswered: true };
      before.push(backend.id);
      return { kind: 'found', backend };
    },
    [Symbol.dispose]: () => context.gateway.settle(question.id),
  };
}
