import type { Logger } from '@trino-gateway/runtime';
import { LRUCache } from 'lru-cache';
import { createAuthMemory } from './auth-memory.ts';
import { createAuthProvider } from './auth-provider.ts';
import { presentedCredentials, withoutCredentials } from './credentials.ts';
import type { DataPathConfig } from './data-path-config.ts';
import type { Exchange } from './exchange.ts';
import { AccessDenied } from './http-errors.ts';

type Deps = { config: DataPathConfig; logger: Logger };

/**
 * Delegated authentication: where a policy demands it, nobody gets further whom the provider does not know. Disposal ends
 * the checks under way.
 */
export type Delegation = Disposable & {
  /**
   * Call it with what a decision says of this client, or undefined when nobody could decide: then the last one for its port
   * and host holds. Afterwards the exchange carries what a cluster may see.
   * @throws AccessDenied
   */
  decided(exchange: Exchange, isRequired: boolean | undefined): Promise<void>;
  /** Milliseconds since it was last decided for the port and host of this client; undefined when nobody remembers. */
  decidedMsAgo(exchange: Exchange): number | undefined;
};

const challenge = ['WWW-Authenticate', 'Basic realm="Trino"'];

const unset =
  'Access Denied: this address requires delegated authentication, and the gateway has nobody to ask: its operator must set router.auth_provider_url';
const unanswered =
  'Access Denied: the authentication provider of the gateway does not answer as it should: try again in a minute';

/** Checks by `router.auth_provider_url`; without it a client whose policy demands it is refused. */
export function createDelegation({ config, logger }: Deps): Delegation {
  const known = new LRUCache<string, { isRequired: boolean; atMs: number }>({ max: 1_000 });
  const provider =
    config.auth_provider_url === undefined
      ? undefined
      : createAuthProvider({
          url: config.auth_provider_url,
          key: config.auth_provider_key,
          timeLimitMs: config.auth_provider_time_limit,
        });
  let trouble: string | undefined;
  const noteTrouble = (text: string | undefined) => {
    if (text === trouble) return;
    if (text === undefined) logger.info('the authentication provider answers again');
    else logger.warn('clients are refused: delegated authentication does not work', { reason: text });
    trouble = text;
  };
  const verdictOf =
    provider &&
    createAuthMemory({
      check: async (credentials) => {
        const verdict = await provider.check(credentials);
        noteTrouble(typeof verdict === 'string' ? undefined : `router.auth_provider_url: ${verdict.trouble}`);
        return verdict;
      },
      acceptedForMs: config.auth_cache_time,
    });
  const admit = async (exchange: Exchange): Promise<void> => {
    if (exchange.user !== undefined) return;
    if (verdictOf === undefined) {
      noteTrouble('a policy demands it, and router.auth_provider_url is not set');
      throw new AccessDenied(401, unset, challenge);
    }
    const presented = presentedCredentials(exchange.rawHeaders);
    if (presented.kind === 'denied')
      throw new AccessDenied(presented.status, presented.text, presented.status === 401 ? challenge : []);
    const { credentials } = presented;
    const verdict = await verdictOf(credentials);
    if (verdict === 'denied') throw new AccessDenied(401, 'Access Denied: Invalid credentials', challenge);
    if (verdict !== 'accepted') throw new AccessDenied(401, unanswered, challenge);
    exchange.user = credentials.user;
    if (!config.auth_forward_credentials)
      exchange.rawHeaders = withoutCredentials(exchange.rawHeaders, credentials.user);
  };
  const decided: Delegation['decided'] = async (exchange, isRequired) => {
    const key = keyOf(exchange);
    if (isRequired !== undefined) known.set(key, { isRequired, atMs: performance.now() });
    if (isRequired ?? known.get(key)?.isRequired === true) await admit(exchange);
  };
  return {
    decided,
    decidedMsAgo(exchange) {
      const last = known.get(keyOf(exchange));
      return last && performance.now() - last.atMs;
    },
    [Symbol.dispose]: () => provider?.[Symbol.dispose](),
  };
}

/** Policies demand it by port and host alone, so that is what is remembered. */
const keyOf = ({ listeningPort, client }: Exchange) => `${listeningPort} ${client.host}`;
