import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePorts } from '@trino-gateway/testing/processes/free-ports';
import { type Suite, startSuite } from '@trino-gateway/testing/suite/suite';
import { type Coordinator, startCoordinator } from '@trino-gateway/testing/trino/coordinator';
import { findJdk } from '@trino-gateway/testing/trino/jdk';
import { KEYSTORE_PASSWORD, makeKeyStore } from '@trino-gateway/testing/trino/key-store';
import { type IdentityProvider, startIdentityProvider } from '../support/login/identity-provider.ts';
import { startTlsFront } from '../support/tls-front.ts';

/** Where clients reach the routers: the group each address leads to, and the path below which it is. */
const ADDRESSES = {
  both: { group: 'both', prefix: '' },
  alone: { group: 'alone', prefix: '' },
  limited: { group: 'limited', prefix: '' },
  below: { group: 'both', prefix: '/sql/trino' },
  direct: { group: 'direct', prefix: '' },
} as const;
const entries = Object.entries(ADDRESSES) as [keyof typeof ADDRESSES, { group: string; prefix: string }][];

/** Two clusters that ask for OAuth2 at one provider, two routers, and TLS in front of them. */
export type OAuth2Suite = AsyncDisposable & {
  /** Outside addresses: of both clusters in turn, of the first, of the second with one slot, of both below a path, of the first as DIRECT. */
  readonly urls: Readonly<Record<keyof typeof ADDRESSES, string>>;
  /** Where clients reach the first cluster without the gateway. */
  readonly clusterUrl: string;
  readonly clusters: readonly [one: Coordinator, two: Coordinator];
  readonly provider: IdentityProvider;
  readonly suite: Suite;
};

/** Two equal clusters, `one` and `two`. */
export async function startOAuth2Suite(): Promise<OAuth2Suite> {
  await using started = new AsyncDisposableStack();
  const folder = await mkdtemp(join(tmpdir(), 'trino-gateway-oauth2-'));
  started.defer(() => rm(folder, { recursive: true, force: true }));
  const [ofCluster = 0, ...ports] = await freePorts(1 + entries.length);
  await makeKeyStore(await findJdk(), join(folder, 'front.p12'));
  const redirects = entries.map(
    ([, { prefix }], index) => `https://localhost:${ports[index]}${prefix}/oauth2/callback`,
  );
  redirects.push(`https://localhost:${ofCluster}/oauth2/callback`);
  const provider = started.use(await startIdentityProvider(redirects));
  const properties = oauth2Properties(provider);
  const say = (line: string) => void process.stderr.write(`${line}\n`);
  const one = started.use(await startCoordinator({ name: 'one', properties, say }));
  const two = started.use(await startCoordinator({ name: 'two', properties, say }));
  const routerSettings = { TRUSTED_PROXIES: '127.0.0.1' };
  const suite = started.use(await startSuite({ routers: 2, listeners: entries.length, router: routerSettings }));
  await suite.addBackends({ one: one.url, two: two.url });
  await suite.addGroup('both', ['one', 'two'], { strategy: 'ROUND_ROBIN' });
  await suite.addGroup('alone', ['one']);
  const passphrase = KEYSTORE_PASSWORD;
  const pfx = await readFile(join(folder, 'front.p12'));
  const before = { port: ofCluster, pfx, passphrase, targets: [one.url], prefix: '' };
  const { url: clusterUrl } = started.use(await startTlsFront(before));
  await suite.addBackends({ 'one-direct': one.url }, { forwarding: 'DIRECT', externalUrl: clusterUrl });
  await suite.addGroup('direct', ['one-direct']);
  await suite.addGroup('limited', ['two'], { maxRunningQueriesPerBackend: 1 });
  const urls = { both: '', alone: '', limited: '', below: '', direct: '' };
  for (const [index, [name, { group, prefix }]] of entries.entries()) {
    for (const { ports: own } of suite.routers) {
      const policy = { id: `port-${own[index]}`, listeningPort: own[index], groupId: group };
      await suite.call('PolicyService/PutPolicy', { policy });
    }
    const targets = suite.routers.map((router) => router.urls[index] ?? '');
    const front = { port: ports[index] ?? 0, pfx, passphrase, targets, prefix };
    urls[name] = started.use(await startTlsFront(front)).url;
  }
  const owned = started.move();
  return {
    ...{ urls, clusterUrl, clusters: [one, two], provider, suite },
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
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
