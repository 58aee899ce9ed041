import type { AuthenticationCheck, EntryPoint } from '@trino-gateway/api/authentication';
import type { RouterConfig } from '@trino-gateway/config';
import { firstHeader, withoutHeaders } from '@trino-gateway/trino';
import type { Delegation } from '../auth/delegation.ts';
import type { ClusterHeaders } from '../clusters/ask.ts';
import type { GatewayClient } from '../control-plane/gateway-client.ts';
import type { Exchange } from '../http/exchange.ts';
import { HttpError } from '../http/responses.ts';
import type { Coordinator } from '../stickiness/coordinator.ts';

// Whether a request needs delegated authentication is known from the snapshot: by its entry point (port and host), and by
// the cluster it is for. No routing decision is needed, so a failed one opens no cluster.

export type RequireAuthenticationDeps = {
  gateway: Pick<GatewayClient, 'authentication' | 'backends'>;
  delegation: Pick<Delegation, 'admit'>;
};

/**
 * Refuses a client that the provider does not know, where the entry point or one of these clusters demands delegated authentication. To
 * be called before a request reaches any of them.
 * @throws AccessDenied
 * @throws HttpError 503 while the router cannot know whether authentication is demanded: it lets nobody through on a guess
 */
export async function requireAuthentication(
  { gateway, delegation }: RequireAuthenticationDeps,
  exchange: Exchange,
  clusters: readonly Coordinator[],
): Promise<void> {
  const check = checkOf(gateway);
  const entryPoint = entryPointOf(exchange);
  const isAsked = (cluster: Coordinator) => isDemanded(gateway, check, entryPoint, cluster);
  if (check.atEntryPoint(entryPoint) || clusters.some(isAsked)) await delegation.admit(exchange);
}

/**
 * Which of a client's headers reach a cluster, by every road to it. Clients send their password with each request, also with those
 * that nobody checks. Where delegated authentication is demanded, or that cannot be known, the password stays here unless
 * `router.auth_forward_credentials` is set. Whether the client was checked is another question: this refuses nobody.
 */
export function createClusterHeaders({
  gateway,
  config,
}: Pick<RequireAuthenticationDeps, 'gateway'> & {
  config: Pick<RouterConfig, 'auth_forward_credentials'>;
}): ClusterHeaders {
  return (exchange, cluster, rawHeaders) => {
    if (config.auth_forward_credentials || firstHeader(rawHeaders, 'authorization') === undefined) return rawHeaders;
    const check = gateway.authentication();
    const staysHere =
      exchange.user !== undefined || check === undefined || isDemanded(gateway, check, entryPointOf(exchange), cluster);
    return staysHere ? withoutHeaders(rawHeaders, password) : rawHeaders;
  };
}

const password: ReadonlySet<string> = new Set(['authorization']);

/** The same for a statement that waits in this group. @throws AccessDenied, HttpError as requireAuthentication does */
export async function requireAuthenticationOfGroup(
  { gateway, delegation }: RequireAuthenticationDeps,
  exchange: Exchange,
  groupId: string,
): Promise<void> {
  if (checkOf(gateway).forGroup(entryPointOf(exchange), groupId)) await delegation.admit(exchange);
}

/**
 * Refuses a client that the provider does not know, where the entry point demands delegated authentication. While the router cannot know
 * that, the client goes on: only for what another check follows, or for answers that tell nothing of a cluster.
 * @throws AccessDenied
 */
export async function requireAuthenticationAtEntryPoint(
  { gateway, delegation }: RequireAuthenticationDeps,
  exchange: Exchange,
): Promise<void> {
  if (gateway.authentication()?.atEntryPoint(entryPointOf(exchange)) === true) await delegation.admit(exchange);
}

/** The entry point that a request, or a statement that waits, came in by. */
export function entryPointOf({ listeningPort, client }: Pick<Exchange, 'listeningPort' | 'client'>): EntryPoint {
  return { listeningPort, host: client.host };
}

function checkOf(gateway: RequireAuthenticationDeps['gateway']): AuthenticationCheck {
  const check = gateway.authentication();
  if (check !== undefined) return check;
  throw new HttpError(
    503,
    'The gateway cannot know yet whether this address asks for authentication, its gatewayserver does not answer: try again in a minute',
  );
}

function isDemanded(
  gateway: Pick<GatewayClient, 'backends'>,
  check: AuthenticationCheck,
  entryPoint: EntryPoint,
  cluster: Coordinator,
): boolean {
  return check.forCluster(entryPoint, cluster) || (check.guardsAny && !isKnown(gateway, cluster));
}

/** An address that no backend has any more may have been guarded. */
function isKnown(gateway: Pick<GatewayClient, 'backends'>, { backendId, url }: Coordinator): boolean {
  const backends = gateway.backends();
  return backends.has(backendId) || backends.values().some((backend) => backend.url === url);
}
