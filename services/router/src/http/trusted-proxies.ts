import { BlockList, isIP } from 'node:net';
import { readPathPrefix } from '@trino-gateway/runtime';
import {
  type Authority,
  allHeaders,
  comparableHost,
  type ForwardedElement,
  forwardedElements,
  type RawHeaders,
  readAuthority,
} from '@trino-gateway/trino';

/** What the trusted proxies between a client and this router say of its request. */
export type ProxyAccount = {
  /** The addresses from the client to the peer: all but the first are trusted proxies. */
  hops: string[];
  scheme?: 'http' | 'https' | undefined;
  /** The host the client asked for. */
  host?: Authority | undefined;
  /** Completes a host that comes without a port, and the Host header whatever its port. */
  port?: number | undefined;
  /** The path below which the client reaches this router; undefined when what they say is no path. */
  prefix: string | undefined;
};

/**
 * Reads what trusted proxies say in `Forwarded` and `X-Forwarded-*`. As in Trino's server (Jetty), `Forwarded` wins, parameter by
 * parameter, but only where the proxies can have written it: see {@link contradicts}.
 */
export function readProxies(
  peer: string,
  rawHeaders: RawHeaders,
  isTrusted: (address: string) => boolean,
): ProxyAccount {
  if (!isTrusted(peer)) return { hops: [peer], prefix: '' };
  const forwardedFor = allHeaders(rawHeaders, 'x-forwarded-for').join(',').split(',');
  const byLines = accountOfLines(rawHeaders, hopsOf(peer, forwardedFor, isTrusted), isTrusted);
  const elements = forwardedElements(allHeaders(rawHeaders, 'forwarded'));
  if (elements.length === 0) return byLines;
  const byElements = accountOfElements(elements, peer, isTrusted);
  if (contradicts(byElements, byLines, isTrusted)) return byLines;
  const { hops, scheme = byLines.scheme, host = byLines.host } = byElements;
  const port = byElements.host === undefined ? byLines.port : undefined;
  return { hops: hops.length > 1 ? hops : byLines.hops, scheme, host, port, prefix: byLines.prefix };
}

function accountOfLines(rawHeaders: RawHeaders, hops: string[], isTrusted: (address: string) => boolean): ProxyAccount {
  const trustedHops = hops.filter(isTrusted).length;
  const said = (name: string) => vouchedFor(allHeaders(rawHeaders, name), trustedHops);
  return {
    hops,
    scheme: schemeIn(said('x-forwarded-proto')[0]),
    host: readAuthority(said('x-forwarded-host')[0] ?? ''),
    port: readPort(said('x-forwarded-port')[0]),
    prefix: joined(said('x-forwarded-prefix')),
  };
}

function accountOfElements(
  elements: readonly ForwardedElement[],
  peer: string,
  isTrusted: (address: string) => boolean,
): Omit<ProxyAccount, 'prefix'> {
  const addresses = elements.map((element) => element.for ?? '');
  const hops = hopsOf(peer, addresses, isTrusted);
  const vouched = elements.slice(Math.max(0, elements.length - hops.filter(isTrusted).length));
  const first = (name: 'host' | 'proto') => vouched.find((element) => element[name] !== undefined)?.[name];
  return { hops, scheme: schemeIn(first('proto')), host: readAuthority(first('host') ?? '') };
}

/**
 * Whether `Forwarded` cannot be of the proxies: they have said in X-Forwarded-For who the client is, and the two differ in that, or in
 * the host or scheme. Most proxies pass on a `Forwarded` that a client made up. Where they know no client the elements are of the proxies
 * before them, and do count.
 */
function contradicts(
  byElements: Omit<ProxyAccount, 'prefix'>,
  byLines: ProxyAccount,
  isTrusted: (address: string) => boolean,
): boolean {
  const [client = ''] = byLines.hops;
  if (isTrusted(client)) return false;
  const differ = <T>(one: T | undefined, other: T | undefined) =>
    one !== undefined && other !== undefined && one !== other;
  return (
    byElements.hops[0] !== client ||
    differ(byElements.scheme, byLines.scheme) ||
    differ(byElements.host && comparableHost(byElements.host.host), byLines.host && comparableHost(byLines.host.host))
  );
}

/**
 * The addresses from the client to the peer. Whatever stands left of the first address that is no trusted proxy may have been made up
 * by the client.
 */
function hopsOf(peer: string, items: readonly string[], isTrusted: (address: string) => boolean): string[] {
  const hops = [peer];
  for (const item of items.toReversed()) {
    const address = addressIn(item);
    if (address === undefined) break;
    hops.push(address);
    if (!isTrusted(address)) break;
  }
  return hops.reverse();
}

/**
 * What the trusted proxies say, the outermost first. Each proxy appends what it was asked for, as with X-Forwarded-For, so that these are
 * as many from the right as there are trusted proxies; left of them stands what the client sent. Proxies that replace the header leave
 * one entry.
 */
function vouchedFor(lines: readonly string[], trustedHops: number): string[] {
  const entries = lines.flatMap((line) => line.split(',')).map((entry) => entry.trim());
  const said = entries.filter((entry) => entry !== '');
  return said.slice(Math.max(0, said.length - trustedHops));
}

/** Each proxy names the part that it takes off. */
function joined(prefixes: readonly string[]): string | undefined {
  const read = prefixes.map(readPathPrefix);
  return read.includes(undefined) ? undefined : readPathPrefix(read.join(''));
}

function schemeIn(text: string | undefined): ProxyAccount['scheme'] {
  const scheme = text?.toLowerCase();
  return scheme === 'https' || scheme === 'http' ? scheme : undefined;
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
export function plainAddress(text: string | undefined): string | undefined {
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
