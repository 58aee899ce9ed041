import { readPathPrefix } from '@trino-gateway/runtime';
import { type Authority, comparableHost, firstHeader, type RawHeaders, readAuthority } from '@trino-gateway/trino';
import { type ProxyAccount, plainAddress, readProxies, trustOf } from './trusted-proxies.ts';

/** Who the client is, and by which address it reached the gateway. */
export type ClientView = {
  /** The address of the client itself, as reported by trusted proxies. */
  ip: string;
  /** The client's side of the gateway: `router.external_url`, else what the client's own connection used. */
  scheme: 'http' | 'https';
  /** Host with the port unless it is the scheme's own, such as `gw.example:8443` or `[::1]:8080`. */
  authority: string;
  /** The path below which a proxy serves the gateway, such as `/trino`; empty without one. */
  prefix: string;
  /** The host the client asked for as policies compare it (`comparableHost`), whatever the external URL. */
  host: string;
  /** Set where the links of this client's query lie below the path of their coordinator (`coordinatorPath`). */
  coordinatorPath?: string;
  /** For X-Forwarded-For: the client first, then the trusted proxies it came through. */
  forwardedFor: string;
};

/** What the connection itself says. */
export type ConnectionFacts = {
  remoteAddress: string | undefined;
  localAddress: string | undefined;
  /** The port the listener is bound to. */
  listeningPort: number;
  /** Whether it is secured by TLS; false of all that is not. */
  encrypted?: boolean | undefined;
};

export type ClientAddressSettings = {
  /** `router.external_url`. */
  externalUrl?: string | undefined;
  /** `router.trusted_proxies`: addresses and networks whose Forwarded and X-Forwarded-* count. */
  trustedProxies: readonly string[];
};

/** A view of the client; or why a request is refused, where a trusted proxy says what cannot be. */
export type ReadClientView = (facts: ConnectionFacts, rawHeaders: RawHeaders) => ClientView | { problem: string };

const badPrefix = {
  problem: 'X-Forwarded-Prefix must be a plain path such as /trino, and not begin with /v1, /ui or /oauth2',
};

/** Reads requests by these settings. */
export function createClientView(settings: ClientAddressSettings): ReadClientView {
  const isTrusted = trustOf(settings.trustedProxies);
  const external = settings.externalUrl === undefined ? undefined : new URL(settings.externalUrl);
  const outside = external && { scheme: schemeOf(external), authority: external.host };
  const ownPrefix = readPathPrefix(external?.pathname ?? '');
  return (facts, rawHeaders) => {
    const peer = plainAddress(facts.remoteAddress) ?? '0.0.0.0';
    const account = readProxies(peer, rawHeaders, isTrusted);
    const asked = askedFor(facts, rawHeaders, account);
    const prefix = ownPrefix || account.prefix;
    if (prefix === undefined) return badPrefix;
    const { scheme, authority } = outside ?? { scheme: asked.scheme, authority: authorityOf(asked) };
    const { hops } = account;
    const host = comparableHost(asked.host);
    return { ip: hops[0] ?? peer, scheme, authority, prefix, host, forwardedFor: hops.join(', ') };
  };
}

/** The gateway's side of links: the origin and the path prefix by which this client reaches it, without a slash at the end. */
export function outsideUrl({ scheme, authority, prefix }: Pick<ClientView, 'scheme' | 'authority' | 'prefix'>): string {
  return `${scheme}://${authority}${prefix}`;
}

/** The client as one that reaches a cluster itself, at this address. */
export function viewAt(client: ClientView, url: string): ClientView {
  const { protocol, host } = new URL(url);
  return { ...client, scheme: protocol === 'https:' ? 'https' : 'http', authority: host, prefix: '' };
}

/** Where a browser sees what became of a query; `outside` as in `outsideUrl`. */
export const infoUri = (outside: string, queryId: string): string => `${outside}/ui/query.html?${queryId}`;

/** X-Forwarded-Port counts for Host, whatever port that names, and for X-Forwarded-Host if that names none: so does Trino's server. */
function askedFor(
  { localAddress, listeningPort, encrypted }: ConnectionFacts,
  rawHeaders: RawHeaders,
  { scheme = encrypted === true ? 'https' : 'http', host: outer, port }: ProxyAccount,
): Authority & { scheme: 'http' | 'https' } {
  if (outer !== undefined) return { scheme, host: outer.host, port: outer.port ?? port };
  const named = readAuthority(firstHeader(rawHeaders, 'host')?.trim() ?? '');
  if (named !== undefined) return { scheme, host: named.host, port: port ?? named.port };
  // Only an HTTP/1.0 request may have no Host.
  return { scheme, host: bracketed(plainAddress(localAddress) ?? '127.0.0.1'), port: port ?? listeningPort };
}

function authorityOf({ scheme, host, port }: Authority & { scheme: string }): string {
  return port === undefined || port === (scheme === 'https' ? 443 : 80) ? host : `${host}:${port}`;
}

const bracketed = (address: string) => (address.includes(':') ? `[${address}]` : address);
const schemeOf = (url: URL): ClientView['scheme'] => (url.protocol === 'https:' ? 'https' : 'http');
