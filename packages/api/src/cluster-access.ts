import { PROBE_SOURCE } from '@trino-gateway/trino/probe-source';
import { type Backend, Backend_ForwardedHeaders } from './gen/trinogateway/v1/gateway_pb.ts';
import { isSealed } from './sealed-secret.ts';

/** The user of the gateway's own requests when the backend names none. */
const DEFAULT_USER = 'trino-gateway-monitor';

/** Where the gateway asks a cluster on its own behalf, and as whom. */
export type ClusterAccess = {
  url: string;
  /** Undefined: the one the token is of. Another one would be impersonation. */
  user: string | undefined;
  password: string | undefined;
  token: string | undefined;
  headers: Record<string, string>;
};

/** Whether a backend has a login for the gateway's own requests. */
export function hasLogin({ probe }: Pick<Backend, 'probe'>): boolean {
  return Boolean(probe?.password || probe?.token);
}

/**
 * The gateway's own access to a cluster, by the login of its probe.
 * @param url of an earlier coordinator, when it is not asked where it is now
 */
export function clusterAccess(
  { url: current, probe, forwardedHeaders }: Pick<Backend, 'url' | 'probe' | 'forwardedHeaders'>,
  url: string = current,
): ClusterAccess {
  const [password, token] = [secretOf(probe?.password), secretOf(probe?.token)];
  const hasSecret = password !== undefined || token !== undefined;
  // A cluster behind a TLS terminator takes secrets over plain HTTP only when told that the client's side was secure.
  const claimsHttps = hasSecret && url.startsWith('http:') && forwardedHeaders !== Backend_ForwardedHeaders.OMIT;
  return {
    url,
    user: probe?.user || (token === undefined ? DEFAULT_USER : undefined),
    password,
    token,
    headers: { 'X-Trino-Source': PROBE_SOURCE, ...(claimsHttps ? { 'X-Forwarded-Proto': 'https' } : {}) },
  };
}

function secretOf(stored: string | undefined): string | undefined {
  return stored === undefined || stored === '' || isSealed(stored) ? undefined : stored;
}
