import { allHeaders, comparableHost, firstHeader, readAuthority } from '@trino-gateway/trino';
import type { CarriedRequest } from './carrier.ts';

/**
 * Why a request is refused whose Host is invalid or ambiguous (RFC 9112, 3.2); undefined when it is sound. Only HTTP/1.0 may leave it
 * out, as old health checks do: the address of the connection then stands for it.
 */
export function hostProblem(rawHeaders: readonly string[]): string | undefined {
  const [host, ...others] = allHeaders(rawHeaders, 'host');
  if (others.length > 0) return 'A request must have one Host header';
  return host === undefined || readAuthority(host.trim()) !== undefined
    ? undefined
    : 'The Host header must be a host name or an address, and perhaps a port';
}

/**
 * Whether an absolute target names the same authority as Host, as it must (RFC 9112, 3.2.2): it then does not matter which of them is
 * used.
 */
export function isHostNamed(rawHeaders: readonly string[], scheme: string, authority: string): boolean {
  const named = readAuthority(authority);
  const host = readAuthority(allHeaders(rawHeaders, 'host')[0]?.trim() ?? '');
  if (named === undefined || host === undefined) return false;
  const usual = scheme === 'https' ? 443 : 80;
  return comparableHost(named.host) === comparableHost(host.host) && (named.port ?? usual) === (host.port ?? usual);
}

/** Why a request is refused whose end or protocol a server behind could see elsewhere. */
export type FramingProblem = { status: 400 | 501 | 505; message: string };

const mayHaveChunks: ReadonlySet<string | undefined> = new Set(['POST', 'PUT', 'PATCH']);
const SPOKEN: ReadonlySet<string> = new Set(['1.1', '1.0']);

/**
 * What Node's parser lets through and is not sound: versions of HTTP/1 that do not exist, and transfer codings that nobody here decodes
 * (RFC 9112, 2.3 and 6.1). Undefined when nothing is wrong.
 */
export function framingProblem(
  request: Pick<CarriedRequest, 'method' | 'httpVersion' | 'rawHeaders'>,
): FramingProblem | undefined {
  const { method, httpVersion, rawHeaders } = request;
  if ('stream' in request) return undefined; // HTTP/2 frames by itself
  if (!SPOKEN.has(httpVersion)) return { status: 505, message: 'HTTP/1.1 and HTTP/1.0 are spoken here' };
  const coding = firstHeader(rawHeaders, 'transfer-encoding');
  if (coding === undefined) return undefined;
  if (allHeaders(rawHeaders, 'transfer-encoding').length > 1 || coding.trim().toLowerCase() !== 'chunked')
    return { status: 501, message: 'The only transfer coding that is understood here is chunked' };
  if (httpVersion === '1.0') return { status: 400, message: 'HTTP/1.0 has no transfer codings' };
  return mayHaveChunks.has(method)
    ? undefined
    : { status: 400, message: `A ${method} request must not have a chunked body` };
}
