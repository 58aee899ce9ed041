import { BlockList, isIP } from 'node:net';

/** Where a listener is bound. */
export type Address = { host: string; port: number };

/** Reads `host:port`, `[v6]:port` or `:port` (all interfaces); undefined when it is none of these. */
export function parseAddress(text: string): Address | undefined {
  const match = /^(?:\[([0-9a-fA-F:.]+)\]|([^[\]:\s]*)):(\d{1,5})$/.exec(text);
  if (!match) return undefined;
  const port = Number(match[3]);
  return port > 65535 ? undefined : { host: match[1] ?? (match[2] || '0.0.0.0'), port };
}

/** The address as people write it, brackets around IPv6. */
export function formatAddress({ host, port }: Address): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}

/** Where a listener bound to the address can be reached from this machine. */
export function reachableUrl({ host, port }: Address, scheme: 'http' | 'https' = 'http'): string {
  return `${scheme}://${formatAddress({ host: host === '0.0.0.0' || host === '::' ? '127.0.0.1' : host, port })}`;
}

const LOOPBACK = new BlockList();
LOOPBACK.addSubnet('127.0.0.0', 8, 'ipv4');
LOOPBACK.addAddress('::1', 'ipv6');

/** Whether only this machine is meant: 127.0.0.0/8, ::1, also mapped into IPv6, and the names of RFC 6761 6.3. */
export function isLoopback(host: string): boolean {
  const bare = host.replace(/^\[(.*)\]$/, '$1');
  const family = isIP(bare);
  if (family === 0) return /^(?:[a-z0-9_-]+\.)*localhost\.?$/i.test(bare);
  return LOOPBACK.check(bare, family === 6 ? 'ipv6' : 'ipv4');
}
