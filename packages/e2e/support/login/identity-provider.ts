import { generateKeyPairSync } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import Provider, { type Adapter, type AdapterPayload, type Configuration } from 'oidc-provider';

/** An OpenID Connect provider where whoever asks is logged in at once, without a page to fill in. */
export type IdentityProvider = AsyncDisposable & {
  readonly issuer: string;
  /** The client that the clusters are. */
  readonly clientId: string;
  readonly clientSecret: string;
  /** How long the tokens that it gives from now on last, in seconds. Default an hour. */
  tokensLast(seconds: number): void;
  /** Who comes next; undefined is a login that is given up. Default alice. */
  logInAs(user: string | undefined): void;
  /** Where it sent browsers back to, oldest first. */
  readonly sentTo: readonly string[];
};

const CLIENT = { clientId: 'trino', clientSecret: 'the-secret-of-the-test-clusters' };
const TOKENS_LAST_S = 3_600;

/** Sends browsers back to these addresses only. */
export async function startIdentityProvider(redirectUris: readonly string[]): Promise<IdentityProvider> {
  const sentTo: string[] = [];
  let user: string | undefined = 'alice';
  let accessTokenLastsS = TOKENS_LAST_S;
  let serve: (request: IncomingMessage, response: ServerResponse) => unknown = (_, response) => response.end();
  const server = createServer((request, response) => {
    response.once('finish', () => {
      const location = String(response.getHeader('location') ?? '');
      if (redirectUris.some((uri) => location.startsWith(uri))) sentTo.push(location);
    });
    serve(request, response);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const provider = new Provider(
    issuer,
    configurationFor(redirectUris, () => accessTokenLastsS),
  );
  const callback = provider.callback();
  serve = async (request, response) => {
    if (!request.url?.startsWith('/interaction/')) return callback(request, response);
    const denied = { error: 'access_denied', error_description: 'the login was given up' };
    await provider.interactionFinished(request, response, user === undefined ? denied : { login: { accountId: user } });
  };
  return {
    issuer,
    ...CLIENT,
    sentTo,
    tokensLast: (seconds) => {
      accessTokenLastsS = seconds;
    },
    logInAs: (next) => {
      user = next;
    },
    [Symbol.asyncDispose]: async () => {
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}

function configurationFor(redirectUris: readonly string[], accessTokenLastsS: () => number): Configuration {
  return {
    clients: [
      {
        client_id: CLIENT.clientId,
        client_secret: CLIENT.clientSecret,
        redirect_uris: [...redirectUris],
        post_logout_redirect_uris: redirectUris.map((uri) => new URL('/ui/logout/logout.html', uri).href),
        response_types: ['code'],
        grant_types: ['authorization_code', 'refresh_token'],
      },
    ],
    jwks: { keys: [signingKey()] },
    adapter: InMemory,
    cookies: { keys: ['of the test'] },
    pkce: { required: () => false },
    ttl: {
      AccessToken: accessTokenLastsS,
      RefreshToken: TOKENS_LAST_S,
      IdToken: TOKENS_LAST_S,
      Grant: TOKENS_LAST_S,
      Session: TOKENS_LAST_S,
      Interaction: TOKENS_LAST_S,
    },
    // Trino does not take at+jwt (RFC 9068).
    formats: {
      customizers: {
        jwt: (_, __, parts) => {
          parts.header = { ...parts.header, typ: 'JWT' };
        },
      },
    },
    issueRefreshToken: async (_, client) => client.grantTypeAllowed('refresh_token'),
    findAccount: (_, id) => ({ accountId: id, claims: () => ({ sub: id }) }),
    interactions: { url: (_, { uid }) => `/interaction/${uid}` },
    features: {
      devInteractions: { enabled: false },
      rpInitiatedLogout: { enabled: true },
      // Trino checks access tokens by the keys of the provider: they have to be JWTs, for the client it is.
      resourceIndicators: {
        enabled: true,
        defaultResource: () => 'urn:trino',
        useGrantedResource: () => true,
        getResourceServerInfo: () => ({
          scope: 'openid',
          audience: CLIENT.clientId,
          accessTokenFormat: 'jwt',
          jwt: { sign: { alg: 'RS256' } },
        }),
      },
    },
    loadExistingGrant: async ({ oidc }) => {
      const { session, client, provider } = oidc;
      const grant = new provider.Grant({ accountId: session?.accountId ?? '', clientId: client?.clientId ?? '' });
      grant.addOIDCScope('openid offline_access');
      grant.addResourceScope('urn:trino', 'openid');
      await grant.save();
      return grant;
    },
  };
}

function signingKey() {
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  return { ...privateKey.export({ format: 'jwk' }), kty: 'RSA', use: 'sig', alg: 'RS256', kid: 'test' };
}

/** What the provider remembers of one kind: without one of its own it warns that it will forget. */
class InMemory implements Adapter {
  readonly #entries = new Map<string, AdapterPayload>();

  async upsert(id: string, payload: AdapterPayload): Promise<void> {
    this.#entries.set(id, payload);
  }

  async find(id: string): Promise<AdapterPayload | undefined> {
    return this.#entries.get(id);
  }

  async findByUid(uid: string): Promise<AdapterPayload | undefined> {
    return this.#entries.values().find((payload) => payload.uid === uid);
  }

  async findByUserCode(userCode: string): Promise<AdapterPayload | undefined> {
    return this.#entries.values().find((payload) => payload.userCode === userCode);
  }

  async consume(id: string): Promise<void> {
    const payload = this.#entries.get(id);
    if (payload !== undefined) payload.consumed = Math.floor(Date.now() / 1_000);
  }

  async destroy(id: string): Promise<void> {
    this.#entries.delete(id);
  }

  async revokeByGrantId(grantId: string): Promise<void> {
    for (const [id, payload] of this.#entries) if (payload.grantId === grantId) this.#entries.delete(id);
  }
}
