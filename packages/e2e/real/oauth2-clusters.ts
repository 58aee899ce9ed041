import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePorts } from '@trino-gateway/testing/processes/free-ports';
import { type Suite, startSuite } from '@trino-gateway/testing/suite/suite';
import { type Coordinator, startCoordinator } from '@trino-gateway/testing/trino/coordinator';
import { findJdk } from '@trino-gateway/testing/trino/jdk';
import { KEYSTORE_PASSWORD, makeKeyStore } from '@trino-gateway/testing/trino/key-store';
import { type IdentityProvider, startIdentityProvider } from '../support/identity-provider.ts';
import { startTlsFront } from '../support/tls-front.ts';

/** Two clusters that ask for OAuth2 at one provider, two routers, and TLS in front of them. */
export type OAuth2Suite = AsyncDisposable & {
  /** The outside address, and one that leads to the first cluster alone. */
  readonly url: string;
  readonly aloneUrl: string;
  readonly clusters: readonly [one: Coordinator, two: Coordinator];
  readonly provider: IdentityProvider;
  readonly suite: Suite;
};

/** Two equal clusters, `one` and `two`, in a group that gives each the next query in turn. */
export async function startOAuth2Suite(): Promise<OAuth2Suite> {
  await using started = new AsyncDisposableStack();
  const folder = await mkdtemp(join(tmpdir(), 'trino-gateway-oauth2-'));
  started.defer(() => rm(folder, { recursive: true, force: true }));
  const ports = await freePorts(2);
  await makeKeyStore(await findJdk(), join(folder, 'front.p12'));
  const provider = started.use(
    await startIdentityProvider(ports.map((port) => `https://localhost:${port}/oauth2/callback`)),
  );
  const properties = oauth2Properties(provider);
  const say = (line: string) => void process.stderr.write(`${line}\n`);
  const one = started.use(await startCoordinator({ name: 'one', properties, say }));
  const two = started.use(await startCoordinator({ name: 'two', properties, say }));
  const suite = started.use(await startSuite({ routers: 2, listeners: 2, router: { TRUSTED_PROXIES: '127.0.0.1' } }));
  await suite.addBackends({ one: one.url, two: two.url });
  await suite.addGroup('both', ['one', 'two'], { strategy: 'ROUND_ROBIN' });
  await suite.addGroup('alone', ['one']);
  for (const router of suite.routers)
    for (const [index, groupId] of ['both', 'alone'].entries()) {
      const policy = { id: `port-${router.ports[index]}`, listeningPort: router.ports[index], groupId };
      await suite.call('PolicyService/PutPolicy', { policy });
    }
  const pfx = await readFile(join(folder, 'front.p12'));
  const frontOf = async (index: number) => {
    const targets = suite.routers.map(({ urls }) => urls[index] ?? '');
    return started.use(await startTlsFront({ port: ports[index] ?? 0, pfx, passphrase: KEYSTORE_PASSWORD, targets }));
  };
  const { url } = await frontOf(0);
  const { url: aloneUrl } = await frontOf(1);
  const owned = started.move();
  return { url, aloneUrl, clusters: [one, two], provider, suite, [Symbol.asyncDispose]: () => owned.disposeAsync() };
}

function oauth2Properties({ issuer, clientId, clientSecret }: IdentityProvider): Record<string, string> {
  const oauth2 = {
    issuer,
    'auth-url': `${issuer}/auth`,
    'token-url': `${issuer}/token`,
    'jwks-url': `${issuer}/jwks`,
    'end-session-url': `${issuer}/session/end`,
    'oidc.discovery': 'false',
    'client-id': clientId,
    'client-secret': clientSecret,
    'principal-field': 'sub',
    // What clients get then is encrypted by the cluster that gave it: with one key it is good at all.
    'refresh-tokens': 'true',
    'refresh-tokens.secret-key': Buffer.alloc(32, 7).toString('base64'),
  };
  return {
    'http-server.authentication.type': 'OAUTH2',
    'web-ui.authentication.type': 'OAUTH2',
    // Those of the launcher and the monitor, which come by http.
    'http-server.authentication.allow-insecure-over-http': 'true',
    'internal-communication.shared-secret': Buffer.alloc(32, 8).toString('base64'),
    ...Object.fromEntries(
      Object.entries(oauth2).map(([key, value]) => [`http-server.authentication.oauth2.${key}`, value]),
    ),
  };
}
