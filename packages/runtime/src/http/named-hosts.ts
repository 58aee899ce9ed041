import type { IncomingMessage } from 'node:http';
import { isLoopback } from './address.ts';

/**
 * The hosts, with their ports, that a request says it is for: its Host lines, `:authority` of HTTP/2 and the authority of
 * an absolute target (RFC 9112 3.2). Undefined when one of them is no host.
 */
export function namedHosts(request: IncomingMessage & { authority?: string }): string[] | undefined {
  const target = /^[a-z][a-z0-9+.-]*:\/\/([^/?#]*)/i.exec(request.url ?? '')?.[1];
  const lines = request.rawHeaders.filter((_, at, raw) => at % 2 === 1 && raw[at - 1]?.toLowerCase() === 'host');
  const named = [target, request.authority, ...lines].filter((one) => one !== undefined && one !== '');
  const hosts = named.map((text) => hostOf(text as string));
  return hosts.every((host) => host !== undefined) ? (hosts as string[]) : undefined;
}

/** Whether a request names this machine alone: a page of another site, shown by a browser here, cannot (DNS rebinding). */
export function namesLoopback(request: IncomingMessage): boolean {
  const hosts = namedHosts(request);
  return hosts?.every((host) => isLoopback(new URL(`http://${host}`).hostname)) ?? false;
}

/**
 * As browsers write it in an Origin, which it is compared with: by the URL standard, so `127.1` is 127.0.0.1. Policies
 * compare hosts in another form (`comparableHost`).
 */
function hostOf(text: string): string | undefined {
  if (/[\s/?#@\\]/.test(text) || !URL.canParse(`http://${text}`)) return undefined;
  return new URL(`http://${text}`).host;
}
