import { restBelow } from '@trino-gateway/trino';
import { type ClientView, outsideUrl } from '../http/client-address.ts';

type Seen = Pick<ClientView, 'scheme' | 'authority' | 'prefix'>;

/**
 * A link in the head of a cluster's answer as the client must see it: below the gateway's address and prefix, whether the cluster named
 * that address, without the prefix, or itself. Links elsewhere stay as they are.
 */
export function outsideLink(link: string, { backendUrl, client }: { backendUrl: string; client: Seen }): string {
  const outside = outsideUrl(client);
  if (/^\/(?!\/)/.test(link)) return below(link, client);
  if (restBelow(link, outside) !== undefined) return link;
  const rest = restBelow(link, backendUrl) ?? restBelow(link, outsideUrl({ ...client, prefix: '' }));
  return rest === undefined ? link : outside + rest;
}

/** A Set-Cookie line with the prefix in its path: no Trino puts it there. */
export function outsideCookie(line: string, client: Seen): string {
  return line.replace(/(;\s*path=)(\/[^;]*)/i, (_, name: string, path: string) => name + below(path, client));
}

function below(path: string, { prefix }: Seen): string {
  if (path === prefix || path.startsWith(`${prefix}/`)) return path;
  return path === '/' ? prefix : prefix + path;
}
