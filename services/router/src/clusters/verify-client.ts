import { createHmac, createSecretKey, randomBytes } from 'node:crypto';
import { allHeaders } from '@trino-gateway/trino';
import { LRUCache } from 'lru-cache';
import type { ClientView } from '../http/client-address.ts';
import type { Exchange } from '../http/exchange.ts';
import { AccessDenied } from '../http/responses.ts';
import { UpstreamError } from '../http/upstream/upstream-answer.ts';
import type { Coordinator } from '../stickiness/coordinator.ts';
import type { AskCluster } from './ask.ts';
import { headersForClient } from './relay.ts';

/** What a cluster says of a client. `unsaid`: it answers, but neither yes nor no; `unclear`: it does not answer. */
export type ClientVerdict = 'known' | 'undecided' | 'unclear';

/**
 * Asks a cluster whether it would let a client in. Credentials are not kept, only a hash with a key that this process
 * drew, for a short time.
 * @throws AccessDenied as the cluster refuses it, with its challenges
 */
export type CheckClient = (
  exchange: Exchange,
  coordinator: Coordinator,
  options: {
    timeMs: number;
    signal: AbortSignal;
    /** The address that its challenges are to name; default the client's own. */
    client?: ClientView | undefined;
  },
) => Promise<ClientVerdict>;

const KNOWN_FOR_MS = 10_000;
const REMEMBERED = 10_000;
const LONGEST_ASK_MS = 3_000;
const whoIsIt = ['authorization', 'cookie', 'x-trino-user', 'x-trino-original-user', 'x-trino-role'] as const;

/** No client is known yet. */
export function createCheckClient({ ask }: { ask: AskCluster }): CheckClient {
  const hashKey = createSecretKey(randomBytes(32));
  const known = new LRUCache<string, true>({ max: REMEMBERED, ttl: KNOWN_FOR_MS });
  return async (exchange, coordinator, { timeMs, signal, client = exchange.client }) => {
    const hash = createHmac('sha256', hashKey);
    hash.update(JSON.stringify([coordinator.url, ...whoIsIt.map((name) => allHeaders(exchange.rawHeaders, name))]));
    const key = hash.digest('base64');
    if (known.has(key)) return 'known';
    const headTimeMs = Math.max(1, Math.min(LONGEST_ASK_MS, timeMs));
    try {
      const asked = { coordinator, client, method: 'HEAD', path: '/v1/statement', headTimeMs, signal };
      const answer = await ask(exchange, asked);
      answer.body.destroy();
      const { status, rawHeaders } = answer;
      if (status === 401 || status === 403) throw clusterDenial(status, exchange, rawHeaders);
      if (status !== 200) return status < 500 ? 'undecided' : 'unclear';
    } catch (error) {
      if (!(error instanceof UpstreamError)) throw error;
      return 'unclear';
    }
    known.set(key, true);
    return 'known';
  };
}

/** A cluster does not let this client in. The answer to a HEAD has no text: this is the one Trino gives with a challenge. */
export function clusterDenial(status: 401 | 403, exchange: Exchange, rawHeaders: readonly string[]): AccessDenied {
  const kept = headersForClient(exchange, rawHeaders, { bodyChanges: true });
  const lines: string[] = [];
  for (let at = 0; at < kept.length; at += 2) {
    const name = kept[at] ?? '';
    if (/^(www-authenticate|set-cookie|x-trino-.*|x-presto-.*)$/i.test(name)) lines.push(name, kept[at + 1] ?? '');
  }
  return new AccessDenied(status, status === 401 ? 'Unauthorized' : 'Access Denied', lines);
}
