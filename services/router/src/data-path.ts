import { createAttendance } from './attendance/attendance.ts';
import { createDelegation } from './auth/delegation.ts';
import { createAskCluster } from './clusters/ask.ts';
import { createCheckImpersonation } from './clusters/impersonation.ts';
import { LinkModes } from './clusters/link-mode.ts';
import { createCheckClient } from './clusters/verify-client.ts';
import { sizeOf } from './clusters/whole-answer.ts';
import type { GatewayClient } from './control-plane/gateway-client.ts';
import { createClusterHeaders } from './dispatch/require-authentication.ts';
import { createEndChecks } from './ends/end-checks.ts';
import { answerFailure, createHandler, type Handler, type HandlerDeps, type RequestDeps } from './handler.ts';
import type { Exchange } from './http/exchange.ts';
import { createUpstream } from './http/upstream/upstream.ts';
import { createActivatedLeases } from './leases/activated-leases.ts';
import { createBodyPace } from './limits/body-pace.ts';
import { createDueTimes } from './limits/due-times.ts';
import type { HeldPolls } from './limits/held-polls.ts';
import { createInflationBudget } from './limits/inflation-budget.ts';
import type { RequestLimits } from './limits/request-limits.ts';
import { createDirectPolls, type DirectPolls } from './poll/direct/direct-polls.ts';
import { poll } from './poll/poll.ts';
import type { OfferEnd } from './queue/dispatch-offer.ts';
import { createDispatches } from './queue/dispatches.ts';
import { createTicketReader } from './queue/ticket.ts';
import { createCoordinatorLinks } from './stickiness/coordinator-links.ts';
import { createLoginOwners } from './stickiness/login-owners.ts';
import type { Ownership } from './stickiness/ownership.ts';
import { createTransactions } from './stickiness/transactions.ts';
import { createUiProxy, type UiProxyDeps } from './ui/proxy.ts';

type Config = RequestDeps['config'] &
  UiProxyDeps['config'] &
  Parameters<typeof createUpstream>[0] &
  Parameters<typeof createDelegation>[0]['config'];

/** What the rest of the router gives the request handlers. */
export type DataPathDeps = Pick<
  HandlerDeps,
  | 'ownership'
  | 'live'
  | 'passiveHealth'
  | 'unknownLinks'
  | 'heldPolls'
  | 'failedPolls'
  | 'temporaryId'
  | 'clientView'
  | 'bytes'
  | 'onSubmission'
  | 'onQueuedPage'
  | 'onHandOver'
  | 'onContradiction'
  | 'logger'
> & {
  config: Config;
  ownership: Pick<Ownership, 'tlsAt'>;
  gateway: GatewayClient;
  heldPolls: HeldPolls;
  limits: RequestLimits;
  /** Shorter in tests. */
  timings?: { pollRetryDelaysMs?: readonly number[] };
};

/** The request handlers. Disposal closes the connections to the clusters. */
export type DataPath = Disposable & { handle: Handler; direct: DirectPolls };

// Five and a half seconds in all: a balancer's or a network's short outage passes unseen, and no client has given up yet.
const POLL_RETRY_DELAYS_MS = [100, 400, 1_000, 2_000, 2_000];

/** Polls that are held until about the same time are answered together. */
const HELD_STEP_MS = 20;

/** Wires the request handlers: the one place that knows the dependencies of all of them. */
export function createDataPath({ timings, ...deps }: DataPathDeps): DataPath {
  const { config, gateway, limits, logger, onContradiction } = deps;
  const upstream = createUpstream(config, logger);
  const linkModes = new LinkModes();
  const delegation = createDelegation({ config, logger });
  const logins = createLoginOwners({ signingKey: gateway.signingKey, candidates: deps.ownership.candidates });
  const clusterHeaders = createClusterHeaders({ gateway, config });
  const { connections } = gateway;
  const { ownership } = deps;
  const ask = createAskCluster({ upstream, linkModes, limits, logins, ownership, clusterHeaders, connections });
  const leases = createActivatedLeases(gateway);
  const due = createDueTimes(HELD_STEP_MS);
  const stopping = new AbortController();
  const { admission } = gateway;
  const transactions = createTransactions({ store: gateway, logger, onContradiction });
  gateway.drains.watchTransactions(transactions.usedAt);
  const handlerDeps: HandlerDeps = {
    ...deps,
    now: Date.now,
    linkModes,
    delegation,
    ask,
    logins,
    coordinatorLinks: createCoordinatorLinks(gateway.signingKey),
    inflation: createInflationBudget(),
    pace: createBodyPace(),
    readTicket: createTicketReader(),
    // The gatewayserver keeps the page of a cluster that took the query; what another one says stands nowhere else.
    dispatches: createDispatches<OfferEnd>((end) => (end.kind === 'answered' ? sizeOf(end.answer) : 0), due),
    attendance: createAttendance({ admission, heldPolls: deps.heldPolls, due }),
    due,
    leases,
    endChecks: createEndChecks({ ask, admission, leases, live: deps.live, stopped: stopping.signal }),
    checkClient: createCheckClient({ ask }),
    checkImpersonation: createCheckImpersonation({ ask }),
    transactions,
    uiProxy: createUiProxy({
      config,
      linkModes,
      limits,
      logins,
      ownership: deps.ownership,
      agentFor: upstream.agentFor,
      clusterHeaders,
    }),
    pollRetryDelaysMs: timings?.pollRetryDelaysMs ?? POLL_RETRY_DELAYS_MS,
  };
  const settle = (exchange: Exchange, answering: Promise<void>) =>
    void answering.catch((error: unknown) => answerFailure(handlerDeps, exchange, error));
  const direct = createDirectPolls({
    ...handlerDeps,
    ...{ gateway, limits, ownership, clusterHeaders, linkModes, upstream, connections, settle },
    poll: (exchange, request) => settle(exchange, poll(handlerDeps, exchange, request)),
  });
  return {
    handle: createHandler(handlerDeps),
    direct,
    [Symbol.dispose]() {
      stopping.abort();
      direct[Symbol.dispose]();
      upstream[Symbol.dispose]();
      delegation[Symbol.dispose]();
    },
  };
}
