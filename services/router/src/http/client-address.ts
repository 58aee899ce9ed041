import { BlockList, isIP } from 'node:net';
import {
  type Authority,
  allHeaders,
  comparableHost,
  firstHeader,
  type RawHeaders,
  readAuthority,
} from '@trino-gateway/trino';

/** Who the client is, and by which address it reached the gateway. */
export type ClientView = {
  /** The address of the client itself, as reported by trusted proxies. */
  ip: string;
  /** The client's side of the gateway: `router.external_url`, else what the client's own connection used. */
  scheme: 'http' | 'https';
  /** Host with the port unless it is the scheme's own, such as `gw.example:8443` or `[::1]:8080`. */
  authority: string;
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
};

export type ClientAddressSettings = {
  /** `router.external_url`. */
  externalUrl?: string | undefined;
  /** `router.trusted_proxies`: addresses and networks whose X-Forwarded-* count. */
  trustedProxies: readonly string[];
};

/** Reads requests by these settings. */
export function createClientView(
  settings: ClientAddressSettings,
): (facts: ConnectionFacts, rawHeaders: RawHeaders) => ClientView {
  const isTrusted = trustOf(settings.trustedProxies);
  const external = settings.externalUrl === undefined ? undefined : new URL(settings.externalUrl);
  const outside = external && { scheme: schemeOf(external), authority: external.host };
  return (facts, rawHeaders) => {
    const peer = plainAddress(facts.remoteAddress) ?? '0.0.0.0';
    const trusted = isTrusted(peer);
    const hops = trusted ? hopsOf(peer, allHeaders(rawHeaders, 'x-forwarded-for'), isTrusted) : [peer];
    const asked = askedFor(facts, rawHeaders, trusted ? hops.filter(isTrusted).length : 0);
    const { scheme, authority } = outside ?? { scheme: asked.scheme, authority: authorityOf(asked) };
    return { ip: hops[0] ?? peer, scheme, authority, host: comparableHost(asked.host), forwardedFor: hops.join(', ') };
  };
}

/** The gateway's side of links: the origin by which this client reaches it. */
export function originOf({ scheme, authority }: Pick<ClientView, 'scheme' | 'authority'>): string {
  return `${scheme}://${authority}`;
}

/** The client as one that reaches a cluster itself, at this address. */
export function viewAt(client: ClientView, url: string): ClientView {
  const { protocol, host } = new URL(url);
  return { ...client, scheme: protocol === 'https:' ? 'https' : 'http', authority: host };
}

/** Where a browser sees what became of a query; `origin` as in `originOf`. */
export const infoUri = (origin: string, queryId: string): string => `${origin}/ui/query.html?${queryId}`;

/**
 * The addresses from the client to the peer. Whatever stands left of the first address that is no trusted proxy may have been made up
 * by the client.
 */
function hopsOf(peer: string, lines: readonly string[], isTrusted: (address: string) => boolean): string[] {
  const hops = [peer];
  for (const item of lines.join(',').split(',').reverse()) {
    const address = addressIn(item);
    if (address === undefined) break;
    hops.unshift(address);
    if (!isTrusted(address)) break;
  }
  return hops;
}

function askedFor(
  { localAddress, listeningPort }: ConnectionFacts,
  rawHeaders: RawHeaders,
  trustedHops: number,
): Authority & { scheme: 'http' | 'https' } {
  const forwarded = (name: string) =>
    trustedHops > 0 ? vouchedFor(allHeaders(rawHeaders, name), trustedHops) : undefined;
  const proto = forwarded('x-forwarded-proto')?.toLowerCase();
  const scheme = proto === 'https' ? 'https' : 'http';
  const outer = readAuthority(forwarded('x-forwarded-host') ?? '');
  const named = outer ?? readAuthority(firstHeader(rawHeaders, 'host')?.trim() ?? '');
  // Only an HTTP/1.0 request may have no Host.
  if (!named) return { scheme, host: bracketed(plainAddress(localAddress) ?? '127.0.0.1'), port: listeningPort };
  return { scheme, host: named.host, port: named.port ?? readPort(forwarded('x-forwarded-port')) };
}

/**
 * What the outermost trusted proxy says. Each proxy appends what it was asked for, as with X-Forwarded-For, so that its entry is as many
 * from the right as there are trusted proxies; left of it stands what the client sent. Proxies that replace the header leave one entry.
 */
function vouchedFor(lines: readonly string[], trustedHops: number): string | undefined {
  const entries = lines.flatMap((line) => line.split(',')).map((entry) => entry.trim());
  const said = entries.filter((entry) => entry !== '');
  return said[Math.max(0, said.length - trustedHops)];
}

function authorityOf({ scheme, host, port }: Authority & { scheme: string }): string {
  return port === undefined || port === (scheme === 'https' ? 443 : 80) ? host : `${host}:${port}`;
}

function readPort(text: string | undefined): number | undefined {
  const port = /^\d{1,5}$/.test(text ?? '') ? Number(text) : 0;
  return port >= 1 && port <= 65_535 ? port : undefined;
}

/** An item of X-Forwarded-For: an address, perhaps in quotes, perhaps with a port; undefined for `unknown` and the like. */
function addressIn(item: string): string | undefined {
  const text = item.trim().replace(/^"(.*)"$/, '$1');
  const match = /^\[([^\]]+)\](?::\d+)?$/.exec(text) ?? /^(\d+\.\d+\.\d+\.\d+):\d+$/.exec(text);
  return plainAddress(match?.[1] ?? text);
}

/** Without zone, and IPv4 as IPv4 also on a socket that speaks both; undefined when it is no address. */
function plainAddress(text: string | undefined): string | undefined {
  const address = text?.replace(/^::ffff:(?=\d+\.)/i, '').replace(/%.*$/, '');
  return address !== undefined && isIP(address) !== 0 ? address : undefined;
}

/** Tells whether an address is in one of the networks. */
export function trustOf(networks: readonly string[]): (address: string) => boolean {
  if (networks.length === 0) return () => false;
  const list = new BlockList();
  for (const network of networks) {
    const [address = '', bits] = network.split('/');
    const family = isIP(address) === 6 ? 'ipv6' : 'ipv4';
    if (bits === undefined) list.addAddress(address, family);
    else list.addSubnet(address, Number(bits), family);
  }
  return (address) => list.check(address, isIP(address) === 6 ? 'ipv6' : 'ipv4');
}

const bracketed = (address: string) => (address.includes(':') ? `[${address}]` : address);
const schemeOf = (url: URL): ClientView['scheme'] => (url.protocol === 'https:' ? 'https' : 'http');
