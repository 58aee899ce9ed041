import type { IncomingMessage, ServerResponse } from 'node:http';
import { describeError, type Logger } from '@trino-gateway/runtime';
import { bothFamiliesMessage, classifyRequest, firstHeader, headerFamily } from '@trino-gateway/trino';
import { createDelegation } from './auth/delegation.ts';
import { createAskCluster } from './clusters/ask.ts';
import { createCheckImpersonation } from './clusters/impersonation.ts';
import { Forwarding } from './clusters/link-mode.ts';
import type { Suspects } from './clusters/passive-health.ts';
import { createCheckClient } from './clusters/verify-client.ts';
import type { GatewayLink } from './control-plane/gateway-client.ts';
import type { LiveQueries } from './control-plane/live-queries.ts';
import { createActivation } from './dispatch/activated-leases.ts';
import type { DataPathConfig } from './dispatch/config.ts';
import type { RoadContext } from './dispatch/context.ts';
import type { ClientView, ConnectionFacts } from './http/client-address.ts';
import { type Exchange, openExchange } from './http/exchange.ts';
import { createUpstream } from './http/http-client.ts';
import { hostProblem, isHostNamed } from './http/requested-host.ts';
import { answerError, HttpError } from './http/responses.ts';
import { discardRest, noRoom, StillSending } from './http/still-sending.ts';
import type { ByteBudget } from './limits/byte-budget.ts';
import type { Holds } from './limits/held-polls.ts';
import { createInflationBudget } from './limits/inflation-budget.ts';
import { busyMessage, type RequestLimits } from './limits/request-limits.ts';
import { ownerOfAddress } from './limits/shares.ts';
import { poll } from './poll/poll.ts';
import { query, queryList } from './query-api/query-info.ts';
import { info } from './query-api/server-info.ts';
import type { Ownership } from './stickiness/ownership.ts';
import { createTransactions } from './stickiness/transactions.ts';
import type { UnknownLinks } from './stickiness/unknown-links.ts';
import { submit } from './submit/submit.ts';
import { createUiForward } from './ui/proxy.ts';
import { ui } from './ui/ui.ts';

/** What the data path needs; the rest of the router looks after these. */
export type HandlerDeps = {
  config: DataPathConfig;
  link: GatewayLink;
  ownership: Ownership;
  live: LiveQueries;
  suspects: Suspects;
  misses: UnknownLinks;
  clientView: (facts: ConnectionFacts, rawHeaders: readonly string[]) => ClientView;
  /** See RoadContext.onSubmission. */
  onSubmission: RoadContext['onSubmission'];
  /** See RoadContext.onQueuedPage and onHandOver. */
  onQueuedPage: RoadContext['onQueuedPage'];
  onHandOver: RoadContext['onHandOver'];
  /** See RoadContext.onContradiction. */
  onContradiction: RoadContext['onContradiction'];
  /** How many requests may be under way. */
  limits: RequestLimits;
  /** What requests under way may hold of what clients sent. */
  bytes: ByteBudget;
  /** The polls that are held; who stops the router ends them. */
  holds: Holds;
  /** An id of our own, for a statement that never reaches a cluster. */
  temporaryId: (nowMs: number) => string;
  logger: Logger;
  /** Epoch milliseconds; default the machine's clock. */
  now?: () => number;
  /** How long to wait before each repetition of a poll that its coordinator did not answer. */
  pollRetryDelaysMs?: readonly number[];
};

/** Answers the requests of Trino clients. Disposal closes the connections to the clusters. */
export type ClientHandler = Disposable & {
  /** Takes one request; whatever happens, it gets an answer or a broken connection. */
  handle(request: IncomingMessage, response: ServerResponse, listeningPort: number): void;
};

// Five and a half seconds in all: a balancer's or a network's short outage passes unseen, and no client has given up yet.
const POLL_RETRY_DELAYS_MS = [100, 400, 1_000, 2_000, 2_000];

const USUAL_HEAD_BYTES = 16_384;

const mayHaveChunks: ReadonlySet<string> = new Set(['POST', 'PUT', 'PATCH']);

/** The data path: each kind of request has one road. */
export function createHandler(deps: HandlerDeps): ClientHandler {
  const { logger, clientView } = deps;
  const now = deps.now ?? Date.now;
  const upstream = createUpstream();
  const forwarding = new Forwarding(now);
  const delegation = createDelegation(deps);
  const ask = createAskCluster(upstream, forwarding, deps.limits);
  const context: RoadContext = {
    ...deps,
    now,
    forwarding,
    ask,
    inflation: createInflationBudget(),
    activation: createActivation(deps),
    checkClient: createCheckClient({ ask }),
    checkImpersonation: createCheckImpersonation({ ask }),
    transactions: createTransactions(deps),
    delegation,
    pollRetryDelaysMs: deps.pollRetryDelaysMs ?? POLL_RETRY_DELAYS_MS,
  };
  const forward = createUiForward(context);

  const travel = async (exchange: Exchange): Promise<void> => {
    const { request, response } = exchange;
    const isOwnAuthority = (authority: string, scheme: string) => isHostNamed(request.rawHeaders, scheme, authority);
    const wanted = classifyRequest({ method: request.method ?? '', target: request.url ?? '', isOwnAuthority });
    switch (wanted.kind) {
      case 'submit':
        return await submit(context, exchange);
      case 'poll':
      case 'partialCancel':
        return await poll(context, exchange, wanted);
      case 'info':
      case 'status':
      case 'validate':
        return await info(context, exchange, wanted);
      case 'query':
        return await query(context, exchange, wanted);
      case 'queryList':
        return queryList(exchange);
      case 'ui':
        return await ui(context, forward, exchange, wanted);
      case 'spooled':
      case 'oauth2':
        return answerError(response, 404);
      case 'refused':
        return answerError(
          response,
          wanted.status,
          wanted.message,
          wanted.status === 405 ? ['Allow', wanted.allow] : [],
        );
    }
  };

  return {
    handle(request, response, listeningPort) {
      // A request that breaks off tells of it by its 'close'; without a listener its error would end the process.
      request.on('error', () => {});
      response.on('error', () => {});
      if (!isAcceptable(request, response)) return;
      const { remoteAddress, localAddress } = request.socket;
      const client = clientView({ remoteAddress, localAddress, listeningPort }, request.rawHeaders);
      const release = deps.limits.ofClient(client.ip);
      if (typeof release !== 'function') {
        new StillSending(503, busyMessage(release)).answer(response);
        return;
      }
      response.once('close', () => {
        release();
        if (!request.complete) discardRest(request);
      });
      const account = deps.bytes.open(ownerOfAddress(client.ip));
      const exchange = openExchange(request, response, listeningPort, client, account);
      if (!account.take(longHead(request.rawHeaders))) {
        noRoom().answer(response);
        return;
      }
      travel(exchange).catch((error: unknown) => {
        if (error instanceof HttpError) {
          error.answer(response);
          return;
        }
        if (exchange.signal.aborted) return;
        const { listeningPort: listener } = exchange;
        const fields = { listener, method: request.method, error: describeError(error) };
        logger.error('a request failed in a way nobody foresaw', fields);
        if (response.headersSent) response.destroy();
        else answerError(response, 500);
      });
    },
    [Symbol.dispose]() {
      upstream[Symbol.dispose]();
      delegation[Symbol.dispose]();
    },
  };
}

/** The bytes of a head that is longer than usual: those of others are within what each connection may take. */
function longHead(rawHeaders: readonly string[]): number {
  let length = 0;
  for (const text of rawHeaders) length += text.length;
  return length > USUAL_HEAD_BYTES ? length : 0;
}

/** Refuses what a cluster could read otherwise than we do; such a connection is not used again. */
function isAcceptable(request: IncomingMessage, response: ServerResponse): boolean {
  const { rawHeaders, method = '' } = request;
  if (firstHeader(rawHeaders, 'transfer-encoding') !== undefined && !mayHaveChunks.has(method)) {
    answerError(response, 400, `A ${method} request must not have a chunked body`, ['Connection', 'close']);
    response.once('finish', () => request.socket.destroySoon());
    return false;
  }
  const problem = hostProblem(rawHeaders);
  if (problem !== undefined) {
    answerError(response, 400, problem, ['Connection', 'close']);
    response.once('finish', () => request.socket.destroySoon());
    return false;
  }
  if (headerFamily(rawHeaders) === 'both') {
    answerError(response, 400, bothFamiliesMessage);
    return false;
  }
  return true;
}
