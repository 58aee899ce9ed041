import { all, first } from './raw-headers.ts';

const firstOf = (value: string | undefined) => value?.split(',')[0]?.trim() || undefined;

/** Scheme, authority and prefix of the links in an answer, as Trino with `process-forwarded` builds them from that request. */
export function linkOrigin(rawHeaders: readonly string[], scheme: string, processForwarded: boolean): string {
  const host = first(rawHeaders, 'host') ?? 'localhost';
  if (!processForwarded) return `${scheme}://${host}`;
  const forwarded = parseForwarded(all(rawHeaders, 'forwarded')[0]);
  const forwardedHost = firstOf(first(rawHeaders, 'x-forwarded-host'));
  const proto = forwarded.proto ?? firstOf(first(rawHeaders, 'x-forwarded-proto')) ?? scheme;
  const port = firstOf(first(rawHeaders, 'x-forwarded-port'));
  const prefix = firstOf(first(rawHeaders, 'x-forwarded-prefix')) ?? '';
  return `${proto}://${authority(host, forwarded.host, forwardedHost, port)}${prefix}`;
}

function authority(
  host: string,
  forwarded: string | undefined,
  forwardedHost: string | undefined,
  port: string | undefined,
): string {
  const own = splitPort(host);
  if (forwarded !== undefined) {
    const named = splitPort(forwarded);
    return join(named.name, named.port ?? (forwardedHost === undefined ? own.port : undefined));
  }
  if (forwardedHost === undefined) return join(own.name, port ?? own.port);
  const named = splitPort(forwardedHost);
  return join(named.name, named.port ?? port);
}

function splitPort(authority: string): { name: string; port: string | undefined } {
  const match = /^(\[[^\]]*\]|[^:]*)(?::(\d+))?$/.exec(authority);
  return { name: match?.[1] ?? authority, port: match?.[2] };
}

const join = (name: string, port: string | undefined) => (port === undefined ? name : `${name}:${port}`);

function parseForwarded(header: string | undefined): { host?: string; proto?: string } {
  const found: { host?: string; proto?: string } = {};
  for (const pair of firstOf(header)?.split(';') ?? []) {
    const [name = '', value = ''] = pair.split('=');
    const text = value.trim().replace(/^"(.*)"$/, '$1');
    if (name.trim().toLowerCase() === 'host') found.host = text;
    if (name.trim().toLowerCase() === 'proto') found.proto = text;
  }
  return found;
}
