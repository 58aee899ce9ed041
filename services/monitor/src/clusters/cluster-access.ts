import { type Backend, Backend_ForwardedHeaders } from '@trino-gateway/api/gateway';
import { isSealed } from '@trino-gateway/api/sealed-secret';
import { PROBE_SOURCE } from '@trino-gateway/trino/probe-source';

/** The user of probes when the backend names none. */
export const DEFAULT_PROBE_USER = 'trino-gateway-monitor';

/** As whom, and where, statements of the monitor are run on a cluster. */
export function callerOf({ url, probe, forwardedHeaders }: Backend) {
  const user = probe?.user || DEFAULT_PROBE_USER;
  const password = isSealed(probe?.password) ? undefined : probe?.password || undefined;
  // A cluster behind a TLS terminator takes passwords by plain HTTP only when told that the client's side was secure.
  const speaksForTls =
    password !== undefined && url.startsWith('http:') && forwardedHeaders !== Backend_ForwardedHeaders.OMIT;
  return {
    url,
    user,
    password,
    headers: { 'X-Trino-Source': PROBE_SOURCE, ...(speaksForTls ? { 'X-Forwarded-Proto': 'https' } : {}) },
  };
}
