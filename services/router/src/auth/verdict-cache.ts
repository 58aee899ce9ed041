import { createHmac, createSecretKey, type KeyObject, randomBytes } from 'node:crypto';
import type { BasicCredentials } from '@trino-gateway/trino';
import { LRUCache } from 'lru-cache';
import type { AuthProvider, ProviderVerdict } from './auth-provider.ts';

export type VerdictCacheOptions = {
  check: AuthProvider['check'];
  /** `router.auth_cache_time`: how long accepted credentials stay accepted, in milliseconds. */
  acceptedForMs: number;
  /** How many verdicts are cached; default 10,000, beyond it the least recently used is dropped. */
  most?: number;
  /** How many checks may be under way; default 1,000, beyond it users without a cached verdict are refused. */
  mostUnderWay?: number;
  /** Milliseconds of any steady clock; default the process's. */
  now?: () => number;
};

/** Long enough to absorb a client that retries, short enough for a user whose account was just unlocked. */
const DENIED_FOR_MS = 5_000;
const TROUBLE_FOR_MS = 1_000;

/**
 * Asks the provider once for many requests: verdicts are cached for a while, and the same credentials are not checked twice at the same
 * time. Neither user nor password is kept, only a keyed hash; the key is drawn by this process.
 */
export function createVerdictCache(options: VerdictCacheOptions): AuthProvider['check'] {
  const { check, acceptedForMs, most = 10_000, mostUnderWay = 1_000, now = () => performance.now() } = options;
  const hashKey = createSecretKey(randomBytes(32));
  const known = new LRUCache<string, ProviderVerdict>({ max: most, ttlResolution: 0, perf: { now } });
  const underWay = new Map<string, Promise<ProviderVerdict>>();

  const keep = (key: string, verdict: ProviderVerdict) => {
    const ofKind = verdict === 'denied' ? DENIED_FOR_MS : TROUBLE_FOR_MS;
    const ttl = verdict === 'accepted' ? acceptedForMs : Math.min(ofKind, acceptedForMs);
    if (ttl > 0) known.set(key, verdict, { ttl }); // a ttl of 0 would mean for ever
  };

  return async (credentials) => {
    const key = hashOf(hashKey, credentials);
    const last = known.get(key);
    if (last !== undefined) return last;
    const running = underWay.get(key);
    if (running !== undefined) return await running;
    if (underWay.size >= mostUnderWay) return { trouble: `${mostUnderWay} checks are under way already` };
    const asked = check(credentials).then((verdict) => {
      keep(key, verdict);
      return verdict;
    });
    underWay.set(key, asked);
    try {
      return await asked;
    } finally {
      underWay.delete(key);
    }
  };
}

// A user name has no colon, so no two pairs look the same.
function hashOf(key: KeyObject, { user, password }: BasicCredentials): string {
  return createHmac('sha256', key).update(`${user}:${password}`).digest('base64');
}
