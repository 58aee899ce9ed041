import type { TLSSocket } from 'node:tls';
import { describeError, type Logger } from '@trino-gateway/runtime';
import { bothFamiliesMessage, classifyRequest, credentialsProblem, headerFamily } from '@trino-gateway/trino';
import type { GatewayClient } from './control-plane/gateway-client.ts';
import type { CarriedAnswer, CarriedRequest } from './http/carrier.ts';
import { type ClientView, outsideUrl, type ReadClientView } from './http/client-address.ts';
import { type Exchange, openExchange } from './http/exchange.ts';
import { framingProblem, hostProblem, isHostNamed } from './http/request-head.ts';
import { answerEmpty, answerError, HttpError } from './http/responses.ts';
import { discardRest, noRoom, StillSending } from './http/still-sending.ts';
import type { BodyPace } from './limits/body-pace.ts';
import type { ByteBudget } from './limits/byte-budget.ts';
import { busyMessage, type Release, type RequestLimit, type RequestLimits } from './limits/request-limits.ts';
import { ownerOfAddress } from './limits/shares.ts';
import { USUAL_HEAD_BYTES } from './limits/unfinished-heads.ts';
import { type LoginDeps, login } from './login/login.ts';
import { type PollDeps, poll } from './poll/poll.ts';
import { type QueryInfoDeps, query, queryList } from './query-api/query-info.ts';
import { info, type ServerInfoDeps } from './query-api/server-info.ts';
import { type SpooledDeps, spooled } from './spooled/spooled.ts';
import { type SubmitDeps, submit } from './submit/submit.ts';
import { type UiDeps, ui } from './ui/ui.ts';

/** Dependencies of the request handlers: each names what it uses, the router's wiring (context.ts) makes them. */
export type RequestDeps = SubmitDeps & PollDeps & SpooledDeps & QueryInfoDeps & ServerInfoDeps & UiDeps & LoginDeps;

export type HandlerDeps = RequestDeps & {
  gateway: Pick<GatewayClient, 'routingNeeds'>;
  clientView: ReadClientView;
  /** How many requests may be under way. */
  limits: Pick<RequestLimits, 'ofClient'>;
  /** How much of what clients sent may be held by the requests under way. */
  bytes: Pick<ByteBudget, 'open'>;
  /** How fast their long bodies are read. */
  pace: BodyPace;
  logger: Logger;
};

/** Takes one request of a client; whatever happens, it gets an answer or a broken connection. */
export type Handler = (request: CarriedRequest, response: CarriedAnswer, listeningPort: number) => void;

/** Answers the requests of Trino clients. */
export function createHandler(deps: HandlerDeps): Handler {
  return (request, response, listeningPort) => {
    // A request that breaks off tells of it by its 'close'; without a listener its error would end the process.
    request.on('error', () => {});
    response.on('error', () => {});
    if (!isAcceptable(request, response)) return;
    admit(deps, { request, response, listeningPort }, (exchange) => {
      dispatch(deps, exchange).catch((error: unknown) => answerFailure(deps, exchange, error));
    });
  };
}

type Arrived = { request: CarriedRequest; response: CarriedAnswer; listeningPort: number };

/** Hands on the exchange of a request that is within the limits; another one gets its answer. */
function admit(deps: HandlerDeps, arrived: Arrived, next: (exchange: Exchange) => void): void {
  const { request, response, listeningPort } = arrived;
  const { remoteAddress, localAddress, encrypted } = request.socket as Partial<TLSSocket>;
  const facts = { remoteAddress, localAddress, encrypted, listeningPort };
  const client = deps.clientView(facts, request.rawHeaders);
  if ('problem' in client) {
    answerError(response, 400, client.problem);
    return;
  }
  const go = (taken: Release | RequestLimit) => {
    if (typeof taken === 'function') withinLimit(deps, arrived, { client, release: taken }, next);
    else new StillSending(503, busyMessage(taken), deps.pace).answer(response);
  };
  const taken = deps.limits.ofClient(client.ip);
  if (taken instanceof Promise) void taken.then(go);
  else go(taken);
}

function withinLimit(
  { gateway, bytes, pace }: HandlerDeps,
  { request, response, listeningPort }: Arrived,
  { client, release }: { client: ClientView; release: Release },
  next: (exchange: Exchange) => void,
): void {
  if (response.closed) {
    release(); // the client left while other processes were asked
    return;
  }
  response.once('close', () => {
    release();
    if (!request.complete) discardRest(request, pace);
  });
  const account = bytes.open(ownerOfAddress(client.ip));
  const exchange = openExchange(request, response, {
    ...{ listeningPort, client, account, pace },
    groupHeaders: gateway.routingNeeds()?.groupHeaders ?? [],
  });
  const go = (isRoom: boolean) => {
    if (isRoom) next(exchange);
    else noRoom(pace).answer(response);
  };
  const taken = account.take(longHead(request.rawHeaders));
  if (typeof taken === 'boolean') go(taken);
  else void taken.then(go);
}

/** Dispatches a request to its handler. */
async function dispatch(deps: RequestDeps, exchange: Exchange): Promise<void> {
  const { request, response, client } = exchange;
  const isOwnAuthority = (authority: string, scheme: string) => isHostNamed(request.rawHeaders, scheme, authority);
  const { method = '', url: target = '' } = request;
  const asked = classifyRequest({ method, target, isOwnAuthority, prefix: client.prefix });
  switch (asked.kind) {
    case 'submit':
      return await submit(deps, exchange);
    case 'poll':
    case 'partialCancel':
      return await poll(deps, exchange, asked);
    case 'info':
    case 'status':
    case 'nodes':
    case 'validate':
      return await info(deps, exchange, asked);
    case 'query':
      return await query(deps, exchange, asked);
    case 'queryList':
      return queryList(exchange);
    case 'ui':
      return await ui(deps, exchange, asked);
    case 'login':
    case 'loginCallback':
      return await login(deps, exchange, asked);
    case 'spooled':
      return await spooled(deps, exchange, asked);
    case 'options':
      return answerEmpty(response, 200, ['Allow', asked.allow]);
    case 'moved':
      return answerEmpty(response, 307, ['Location', outsideUrl(client) + asked.target]);
    case 'refused':
      return answerError(response, asked.status, asked.message, asked.status === 405 ? ['Allow', asked.allow] : []);
  }
}

/** Answers what a handler did not: whatever happens, the client is told or cut off. */
export function answerFailure(
  { logger }: Pick<HandlerDeps, 'logger'>,
  { request, response, listeningPort, signal }: Exchange,
  error: unknown,
) {
  if (error instanceof HttpError) {
    error.answer(response);
    return;
  }
  if (signal.aborted) return;
  const fields = { listener: listeningPort, method: request.method, error: describeError(error) };
  logger.error('unhandled error in request handler', fields);
  if (response.headersSent) response.destroy();
  else answerError(response, 500);
}

/** The bytes of a head that is longer than usual: those of others are within what each connection may take. */
function longHead(rawHeaders: readonly string[]): number {
  let length = 0;
  for (const text of rawHeaders) length += text.length;
  return length > USUAL_HEAD_BYTES ? length : 0;
}

/** Refuses what a cluster could read otherwise than the gateway does; such a connection is not used again. */
function isAcceptable(request: CarriedRequest, response: CarriedAnswer): boolean {
  const { rawHeaders } = request;
  const host = hostProblem(rawHeaders);
  const problem = framingProblem(request) ?? (host === undefined ? undefined : { status: 400, message: host });
  if (problem !== undefined) {
    response.shouldKeepAlive = false;
    answerError(response, problem.status, problem.message);
    response.once('finish', () => request.socket.destroySoon());
    return false;
  }
  const ambiguity = headerFamily(rawHeaders) === 'both' ? bothFamiliesMessage : credentialsProblem(rawHeaders);
  if (ambiguity === undefined) return true;
  answerError(response, 400, ambiguity);
  return false;
}
