import { randomBytes } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { freePorts } from '@trino-gateway/testing/processes/free-ports';
import { until } from '@trino-gateway/testing/processes/until';
import { type Suite, startSuite } from '@trino-gateway/testing/suite/suite';
import { createCertificateAuthority } from '@trino-gateway/testing/tls/certificate-authority';
import { type Coordinator, startCoordinator } from '@trino-gateway/testing/trino/coordinator';
import { type ClientName, clientNames } from '../client-matrix/clients.ts';
import { firstAnswer } from '../client-matrix/first-answer.ts';
import { runByCurl } from '../client-matrix/run-curl.ts';
import { runClientMatrix } from '../client-matrix/run-matrix.ts';

// A real Trino with a password file behind TLS; in front of it a router of two processes that clients
// reach over TLS. Each client is a user of its own: so the access log tells which version of HTTP it has chosen. Each client is a user of its own: so the access log tells which version of HTTP it has chosen.
const userOf = (client: ClientName | 'curl') => `matrix_${client}`;
const PASSWORD = 'the-password-of-the-matrix';
const PROBE = { user: 'checker', password: 'the-password-of-the-probe' };
const authority = createCertificateAuthority('the authority of the cluster');
const say = (line: string) => void process.stderr.write(`${line}\n`);

/** Where both are spoken, as in docs/tls.md. */
const CHOSEN: Record<ClientName, '1.1' | '2.0'> = {
  cli: '2.0',
  jdbc: '2.0',
  dbapi: '1.1',
  sqlalchemy: '1.1',
  go: '2.0',
  js: '1.1',
  pyhive: '1.1',
  http: '1.1',
};

let folder: string;
let trino: Coordinator;
let suite: Suite;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'trino-gateway-clients-tls-'));
  const [httpsPort = 0] = await freePorts(1);
  const { key, cert } = authority.issue(['trino.internal']);
  const [caFile, serverFile] = [join(folder, 'ca.pem'), join(folder, 'server.pem')];
  await writeFile(caFile, authority.cert);
  await writeFile(serverFile, key + cert);
  trino = await startCoordinator({
    ...{ name: 'behind-tls', say },
    password: PROBE,
    otherPasswords: Object.fromEntries([...clientNames, 'curl' as const].map((client) => [userOf(client), PASSWORD])),
    properties: {
      // What became of a cancelled query is asked past the gateway.
      'http-server.authentication.allow-insecure-over-http': 'true',
      'http-server.https.enabled': 'true',
      'http-server.https.port': String(httpsPort),
      'http-server.https.keystore.path': serverFile,
      'internal-communication.shared-secret': randomBytes(32).toString('base64'),
    },
  });
  suite = await startSuite({
    ...{ tls: true, workers: 2 },
    gatewayserver: { DEFAULT_GROUP: 'all' },
    router: { ACCESS_LOG: '1', ACCESS_LOG_PER_SECOND: '100000' },
  });
  await suite.call('BackendService/PutBackend', {
    backend: {
      id: 'secured',
      url: `https://127.0.0.1:${httpsPort}`,
      tls: { caFile, serverName: 'trino.internal' },
      probe: PROBE,
    },
  });
  await suite.addGroup('all', ['secured']);
  await until('the cluster to be available', async () => {
    const { condition } = await suite.call<{ condition: { available?: boolean } }>('BackendService/GetBackend', {
      id: 'secured',
    });
    return condition.available;
  });
}, 600_000);

afterAll(async () => {
  await suite?.[Symbol.asyncDispose]();
  await trino?.stop();
  await rm(folder, { recursive: true, force: true });
}, 60_000);

/** By user, of all requests: noted from time to time, as only the newest lines of a process are kept. */
const versions = new Map<string, Set<string>>();
function noteVersions(): void {
  for (const line of suite.router.output().split('\n').slice(0, -1)) {
    if (!line.includes('"a request was answered"')) continue;
    const { user, http } = JSON.parse(line) as { user?: string; http: string };
    if (user !== undefined) versions.set(user, (versions.get(user) ?? new Set()).add(http));
  }
}

test('through TLS on both sides, with its password, every client gets what a direct run gives', async () => {
  const run = (client: ClientName) =>
    Array.fromAsync(
      runClientMatrix({
        ...{ url: suite.router.tlsUrl, user: userOf(client), password: PASSWORD },
        only: [client],
        backends: [trino.url],
      }),
    );
  const noting = setInterval(noteVersions, 250);
  const results = (await Promise.all(clientNames.map(run))).flat();
  clearInterval(noting);
  noteVersions();
  const passed = results.filter(({ outcome }) => outcome === 'passed').length;
  say(`over TLS: ${passed} of ${results.length} cases passed`);
  expect(results.filter(({ outcome }) => outcome === 'failed')).toEqual([]);
  expect(passed).toBeGreaterThan(60);
  const chosen = clientNames.map((client) => [client, ...(versions.get(userOf(client)) ?? [])]);
  for (const [client, ...of] of chosen) say(`${client} has chosen HTTP/${of.join(' and HTTP/')}`);
  expect(Object.fromEntries(chosen)).toEqual(CHOSEN);
});

test('curl chooses HTTP/2 by ALPN, and gets its rows over it', async () => {
  const own = ['--cacert', suite.authority.file, '--user', `${userOf('curl')}:${PASSWORD}`];
  const { rows, error, versions: of } = await runByCurl(suite.router.tlsUrl, 'SELECT 1', own);
  expect([error, rows, of]).toEqual([undefined, [[1]], ['2']]);
});

describe('with a wrong password', () => {
  test.each(clientNames)('%s says that it is wrong', async (client) => {
    const answer = await firstAnswer(client, { url: suite.router.tlsUrl, user: userOf(client), password: 'another' });
    say(`${client}, with a wrong password: ${answer.slice(0, 200)}`);
    expect(answer).toMatch(/Invalid credentials|Authentication failed|401|Unauthorized/i);
  });
});
