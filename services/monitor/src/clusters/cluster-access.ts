import { type Backend, Backend_ForwardedHeaders } from '@trino-gateway/api/gateway';
import { isSealed } from '@trino-gateway/api/sealed-secret';
import { PROBE_SOURCE } from '@trino-gateway/trino/probe-source';

/** The user of probes when the backend names none. */
const DEFAULT_PROBE_USER = 'trino-gateway-monitor';

/** Where the monitor runs its statements on a cluster, and as which user. */
export function clusterAccess({ url, probe, forwardedHeaders }: Backend) {
  const user = probe?.user || DEFAULT_PROBE_USER;
  const password = isSealed(probe?.password) ? undefined : probe?.password || undefined;
  // A cluster behind a TLS terminator takes passwords over plain HTTP only when told that the client's side was secure.
  const claimsHttps =
    password !== undefined && url.startsWith('http:') && forwardedHeaders !== Backend_ForwardedHeaders.OMIT;
  return {
    url,
    user,
    password,
    headers: { 'X-Trino-Source': PROBE_SOURCE, ...(claimsHttps ? { 'X-Forwarded-Proto': 'https' } : {}) },
  };
}
