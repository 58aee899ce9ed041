import { allHeaders, comparableHost, readAuthority } from '@trino-gateway/trino';

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
