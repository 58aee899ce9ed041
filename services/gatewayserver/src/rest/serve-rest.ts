import type { IncomingMessage, ServerResponse } from 'node:http';
import type { JsonObject } from '@bufbuild/protobuf';
import { ConnectError } from '@connectrpc/connect';
import type { UniversalHandler, UniversalServerRequest, UniversalServerResponse } from '@connectrpc/connect/protocol';
import { universalRequestFromNodeRequest, universalResponseToNodeResponse } from '@connectrpc/connect-node';
import { describeError, type Logger } from '@trino-gateway/runtime';
import { invalid } from '../configuration/validation.ts';
import { answerError } from '../http/answer-error.ts';
import { couldBeFormPost, WHY_REFUSED } from '../http/open-access.ts';
import { BodyRefusal, readBody } from './read-body.ts';
import { requestMessage } from './request-message.ts';
import { type Match, matchRoute, routeTable } from './route-table.ts';

type RouteMatch = Match & { kind: 'route' };

/**
 * Serves the RPCs that have a google.api.http option as REST: each request becomes a Connect call of the same handler,
 * and so passes its token gate and interceptors. Answers false for paths that are not of REST.
 * @param isOpen no token is needed: then what a form of another site could have posted is refused
 */
export function serveRest(
  handlers: readonly UniversalHandler[],
  logger: Logger,
  isOpen: boolean,
): (request: IncomingMessage, response: ServerResponse) => boolean {
  const routes = routeTable(handlers.map(({ method }) => method));
  const handlerOf = new Map(handlers.map((handler) => [handler.method, handler]));
  return (request, response) => {
    const { path, query } = targetOf(request);
    const match = matchRoute(routes, request.method ?? '', path);
    if (match.kind === 'unknown') return false;
    if (match.kind === 'wrong-method') {
      const allow = match.allowed.join(', ');
      answerError(response, 405, 'unimplemented', `expected one of the methods ${allow}`, { allow });
      return true;
    }
    const handler = match.kind === 'route' && handlerOf.get(match.route.rpc);
    if (!handler) {
      answerError(response, 400, 'invalid_argument', 'path: expected valid percent-encoding');
      return true;
    }
    if (isOpen && couldBeFormPost(request)) {
      const message = `content-type: expected application/json, or a header such as X-Requested-With; ${WHY_REFUSED}`;
      answerError(response, 415, 'invalid_argument', message);
      return true;
    }
    const incoming = universalRequestFromNodeRequest(request, response, undefined, undefined);
    call(handler, match, query, incoming, response).catch((error: unknown) => {
      logger.debug('a REST answer could not be sent', { error: describeError(error) });
      response.destroy();
    });
    return true;
  };
}

async function call(
  handler: UniversalHandler,
  match: RouteMatch,
  query: string,
  incoming: UniversalServerRequest,
  response: ServerResponse,
): Promise<void> {
  let status: number | undefined;
  // Iterated by the handler, after its token gate: without a token the body is not even read.
  const message = async function* () {
    try {
      const body = await readBody(incoming.header, incoming.body as AsyncIterable<Uint8Array>, match.route.body !== '');
      const input = { pathValues: match.values, query: new URLSearchParams(query), body };
      yield new TextEncoder().encode(textOf(requestMessage(match.route, input)));
    } catch (error) {
      if (!(error instanceof BodyRefusal)) throw error;
      status = error.status;
      throw new ConnectError(error.message, error.code);
    }
  };
  const answer = await handler({ ...incoming, method: 'POST', header: callHeader(incoming.header), body: message() });
  answer.header?.set('cache-control', 'no-store');
  const { body, ...head } = answer;
  const whole: UniversalServerResponse = {
    ...head,
    ...(status && { status }),
    ...(body && incoming.method !== 'HEAD' && { body }),
  };
  await universalResponseToNodeResponse(whole, response);
}

/** The caller's headers, without those about the body and about protocols. */
function callHeader(header: Headers): Headers {
  const kept = [...header].filter(([name]) => !/^(content-|connect-|grpc-|transfer-encoding$)/.test(name));
  return new Headers([...kept, ['content-type', 'application/json']]);
}

function textOf(message: JsonObject): string {
  try {
    return JSON.stringify(message);
  } catch {
    throw invalid('body', 'expected less depth');
  }
}

function targetOf(request: IncomingMessage): { path: string; query: string } {
  const [path = '/', ...query] = (request.url ?? '/').split('?');
  return { path, query: query.join('?') };
}
