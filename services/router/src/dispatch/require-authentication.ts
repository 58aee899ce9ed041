import type { EntryPoint } from '@trino-gateway/api/authentication';
import type { Exchange } from '../http/exchange.ts';
import { HttpError } from '../http/responses.ts';
import type { Owner } from '../stickiness/ownership.ts';
import type { RoadContext } from './context.ts';

// Whether delegated authentication is asked for is known from the snapshot: by the door a request comes in by, and by the cluster
// it is for. It needs no decision, so no failed one opens a cluster.

type Context = Pick<RoadContext, 'link' | 'delegation'>;

const unknown =
  'The gateway cannot know yet whether this address asks for authentication, its gatewayserver does not answer: try again in a minute';

/**
 * Nobody gets further whom the provider does not know, where the door or one of these clusters asks for that. To be called before
 * a request reaches any of them.
 * @throws AccessDenied
 * @throws HttpError 503 when it cannot be known whether it is asked for: nobody is let through on a guess
 */
export async function requireAuthentication(
  { link, delegation }: Context,
  exchange: Exchange,
  clusters: readonly Owner[],
): Promise<void> {
  const check = link.authentication();
  if (check === undefined) throw new HttpError(503, unknown);
  const door = doorOf(exchange);
  const isAsked = (cluster: Owner) => check.forCluster(door, cluster) || (check.guardsAny && !isKnown(link, cluster));
  if (check.atEntryPoint(door) || clusters.some(isAsked)) await delegation.admit(exchange);
}

/** The same for a statement that waits in this group. @throws AccessDenied, HttpError as requireAuthentication does */
export async function requireAuthenticationOfGroup(
  context: Context,
  exchange: Exchange,
  groupId: string,
): Promise<void> {
  const check = context.link.authentication();
  if (check === undefined) throw new HttpError(503, unknown);
  if (check.forGroup(doorOf(exchange), groupId)) await context.delegation.admit(exchange);
}

/**
 * Where the door asks for it, nobody gets further whom the provider does not know. Where that cannot be known the client goes on:
 * only before something else decides, or for answers that give nothing of a cluster away.
 * @throws AccessDenied
 */
export async function requireAuthenticationAtDoor({ link, delegation }: Context, exchange: Exchange): Promise<void> {
  if (link.authentication()?.atEntryPoint(doorOf(exchange)) === true) await delegation.admit(exchange);
}

/** What a request, or a statement that waits, came in by. */
export function doorOf({ listeningPort, client }: Pick<Exchange, 'listeningPort' | 'client'>): EntryPoint {
  return { listeningPort, host: client.host };
}

/** A former life of a backend that is gone may have been guarded. */
function isKnown(link: Context['link'], { backendId, url }: Owner): boolean {
  const backends = link.backends();
  return backends.has(backendId) || backends.values().some((backend) => backend.url === url);
}
