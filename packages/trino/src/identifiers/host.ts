/** `host[:port]`: of a Host header, or between scheme and path of a URL (RFC 3986, 3.2), without a user. */
export type Authority = {
  /** In lower case, else as it was sent: IPv6 in its brackets, a dot at the end kept. */
  host: string;
  /** Undefined when none is said, or an empty one. */
  port: number | undefined;
};

/** A DNS name with its final dot, or an address: nothing else may get into links. */
const LONGEST = 254;
const authority = /^(\[[0-9a-f:.]+\]|[a-z0-9_-]+(?:\.[a-z0-9_-]+)*\.?)(?::(\d{0,5}))?$/i;

/** Reads an authority; undefined for a user, a list, a space, a host that is no name or address, a port beyond 65535. */
export function readAuthority(text: string): Authority | undefined {
  const match = authority.exec(text);
  const host = match?.[1]?.toLowerCase();
  if (host === undefined || host.length > LONGEST || (host.startsWith('[') && ipv6In(host.slice(1, -1)) === undefined))
    return undefined;
  const port = match?.[2] ? Number(match[2]) : undefined;
  return port === 0 || (port ?? 0) > 65_535 ? undefined : { host, port };
}

/**
 * The one form in which hosts are compared, by routers and policies alike: lower case, without port and the dot at the end,
 * IPv6 without brackets and as RFC 5952 writes it. Takes IPv6 without brackets, too. Empty when it is no host.
 */
export function comparableHost(text: string): string {
  const given = text.trim();
  const address = ipv6In(given);
  if (address !== undefined) return address;
  const host = readAuthority(given)?.host ?? '';
  return host.startsWith('[') ? (ipv6In(host.slice(1, -1)) ?? '') : host.replace(/\.$/, '');
}

/** An IPv6 address as RFC 5952 writes it; undefined for any other text, and for one with a zone. */
function ipv6In(text: string): string | undefined {
  // With a single colon it is a host with its port, as nearly every one is.
  if (text.indexOf(':') === text.lastIndexOf(':') || !URL.canParse(`http://[${text}]/`)) return undefined;
  return new URL(`http://[${text}]/`).hostname.slice(1, -1);
}
