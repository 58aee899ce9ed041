import type { RouterConfig } from '@trino-gateway/config';
import type { Logger } from '@trino-gateway/runtime';
import type { Exchange } from '../http/exchange.ts';
import { AccessDenied } from '../http/responses.ts';
import { createAuthProvider } from './auth-provider.ts';
import { presentedCredentials, withoutCredentials } from './credentials.ts';
import { createVerdictCache } from './verdict-cache.ts';

type Deps = {
  config: Pick<
    RouterConfig,
    | 'auth_provider_url'
    | 'auth_provider_key'
    | 'auth_provider_time_limit'
    | 'auth_cache_time'
    | 'auth_forward_credentials'
  >;
  logger: Logger;
};

/** Delegated authentication: the check of users and passwords. Disposal ends the checks under way. */
export type Delegation = Disposable & {
  /**
   * Admits only users whom the provider accepts. Afterwards the exchange names the user, and its headers hold what a cluster may see.
   * @throws AccessDenied
   */
  admit(exchange: Exchange): Promise<void>;
};

const challenge = ['WWW-Authenticate', 'Basic realm="Trino"'];

const unset =
  'Access Denied: this address requires delegated authentication, but the gateway has no authentication provider: its operator must set router.auth_provider_url';
const unanswered =
  'Access Denied: the authentication provider of the gateway does not answer correctly: try again in a minute';

/** Checks with `router.auth_provider_url`; without it every client that must authenticate is refused. */
export function createDelegation({ config, logger }: Deps): Delegation {
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
    createVerdictCache({
      check: async (credentials) => {
        const verdict = await provider.check(credentials);
        noteTrouble(typeof verdict === 'string' ? undefined : `router.auth_provider_url: ${verdict.trouble}`);
        return verdict;
      },
      acceptedForMs: config.auth_cache_time,
    });
  const admit: Delegation['admit'] = async (exchange) => {
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
  return {
    admit,
    [Symbol.dispose]: () => provider?.[Symbol.dispose](),
  };
}
