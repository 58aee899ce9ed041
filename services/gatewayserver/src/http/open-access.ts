import type { IncomingMessage } from 'node:http';
import { type Handler, namedHosts, namesLoopback } from '@trino-gateway/runtime';
import { answerError } from './answer-error.ts';

/** Why requests of other sites are refused, for callers that are none. */
export const WHY_REFUSED = 'gatewayserver.admin_token is not set, and this keeps pages of other sites out';

type Refusal = { status: number; code: string; message: string };

/** Types of API calls: no form has them, and no script sends them to another site without a preflight (Fetch, 2.2.2). */
const OWN_TYPES = /^application\/(json|proto|grpc|connect\+)/i;
/** The same holds for these headers; an origin that was not refused before is that of the API page. */
const OWN_HEADERS = ['x-requested-with', 'connect-protocol-version', 'x-auth-key', 'authorization', 'origin'];

/**
 * An API without a token is open to everybody on this machine, and so to any web page that a browser there shows. Such pages are
 * refused: by the host they have to name (DNS rebinding) and by their origin; see also {@link couldBeFormPost}. With a token this is
 * not needed: no browser sends it by itself.
 * @param anyHost `gatewayserver.allow_open`: any name of this address is accepted
 */
export function refuseCrossSite(handler: Handler, anyHost: boolean): Handler {
  return (request, response) => {
    const refusal = refusalOf(request, anyHost);
    if (refusal === undefined) return handler(request, response);
    request.resume(); // what is still being sent is dropped, so that the sender can read the answer
    answerError(response, refusal.status, refusal.code, refusal.message);
  };
}

function refusalOf(request: IncomingMessage, anyHost: boolean): Refusal | undefined {
  const hosts = namedHosts(request);
  if (hosts === undefined)
    return { status: 400, code: 'invalid_argument', message: 'host: expected the address that was asked for' };
  if (!anyHost && !namesLoopback(request))
    return denied('host: expected a name or address of this machine alone, such as 127.0.0.1');
  if (isOfAnotherSite(request, hosts)) return denied('origin: expected this address itself, or none');
  return undefined;
}

/**
 * Whether a page of another site could have made the browser send this without a preflight, as forms do. Connect, gRPC and the
 * events endpoint accept no type that a form has; REST has calls without a body, and so without a type.
 */
export function couldBeFormPost({ method, headers }: IncomingMessage): boolean {
  if (method !== 'POST') return false; // every other method that changes anything needs a preflight
  return !OWN_TYPES.test(headers['content-type'] ?? '') && OWN_HEADERS.every((name) => headers[name] === undefined);
}

/** Following a link from another site is allowed: it only reads, and the other site does not see the answer. */
function isOfAnotherSite({ method, headers }: IncomingMessage, hosts: readonly string[]): boolean {
  const { origin, 'sec-fetch-site': site, 'sec-fetch-mode': mode } = headers;
  if (origin !== undefined && !isOrigin(origin, hosts)) return true;
  const isLink = (method === 'GET' || method === 'HEAD') && mode === 'navigate';
  return site !== undefined && site !== 'same-origin' && site !== 'none' && !isLink;
}

/** The host may name a default port, which an origin leaves out. */
function isOrigin(origin: string, hosts: readonly string[]): boolean {
  if (!URL.canParse(origin)) return false;
  const { protocol, host } = new URL(origin);
  return hosts.length > 0 && hosts.every((one) => new URL(`${protocol}//${one}`).host === host);
}

function denied(message: string): Refusal {
  return { status: 403, code: 'permission_denied', message: `${message}; ${WHY_REFUSED}` };
}
