import type { IncomingMessage } from 'node:http';
import { type Handler, namedHosts, namesLoopback } from '@trino-gateway/runtime';
import { answerError } from './answer-error.ts';

/** What a caller is told who is not one. */
export const WHY = 'gatewayserver.admin_token is not set, and this keeps pages of other sites out';

type Refusal = { status: number; code: string; message: string };

/** Types of our own calls: no form has them, and no script sends them to another site unasked (Fetch, 2.2.2). */
const OWN_TYPES = /^application\/(json|proto|grpc|connect\+)/i;
/** The same holds for these headers; an origin that came so far is our own page's. */
const OWN_HEADERS = ['x-requested-with', 'connect-protocol-version', 'x-auth-key', 'authorization', 'origin'];

/**
 * An API without a token is open to whoever is on this machine, and a browser there shows pages of strangers. Such pages
 * are kept out: by the host they would have to name (DNS rebinding) and by their origin; see also {@link couldBeFormPost}.
 * With a token nothing of this is needed: no browser sends it by itself.
 * @param anyHost `gatewayserver.allow_open`: the names it is reached by are not known here
 */
export function refuseCrossSite(handler: Handler, anyHost: boolean): Handler {
  return (request, response) => {
    const refusal = refusalOf(request, anyHost);
    if (refusal === undefined) return handler(request, response);
    request.resume(); // what is still being sent is thrown away, so that the sender can read its answer
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
 * Whether a page of another site could have made the browser send this without asking first, as forms do. Connect, gRPC
 * and the endpoint of events take no type that a form has; REST has calls without a body, and so without any.
 */
export function couldBeFormPost({ method, headers }: IncomingMessage): boolean {
  if (method !== 'POST') return false; // no other method that changes anything is sent unasked
  return !OWN_TYPES.test(headers['content-type'] ?? '') && OWN_HEADERS.every((name) => headers[name] === undefined);
}

/** Following a link to a page is what browsers are for: it reads, and who set the link sees nothing of it. */
function isOfAnotherSite({ method, headers }: IncomingMessage, hosts: readonly string[]): boolean {
  const { origin, 'sec-fetch-site': site, 'sec-fetch-mode': mode } = headers;
  if (origin !== undefined && !isOrigin(origin, hosts)) return true;
  const isLink = (method === 'GET' || method === 'HEAD') && mode === 'navigate';
  return site !== undefined && site !== 'same-origin' && site !== 'none' && !isLink;
}

/** The port that its scheme leaves out of an origin may be written in the host. */
function isOrigin(origin: string, hosts: readonly string[]): boolean {
  if (!URL.canParse(origin)) return false;
  const { protocol, host } = new URL(origin);
  return hosts.length > 0 && hosts.every((one) => new URL(`${protocol}//${one}`).host === host);
}

function denied(message: string): Refusal {
  return { status: 403, code: 'permission_denied', message: `${message}; ${WHY}` };
}
