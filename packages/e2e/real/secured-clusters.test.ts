import { createHmac, randomBytes } from 'node:crypto';
import { mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { freePorts } from '@trino-gateway/testing/processes/free-ports';
import { until } from '@trino-gateway/testing/processes/until';
import { type Suite, startSuite } from '@trino-gateway/testing/suite/suite';
import { createCertificateAuthority } from '@trino-gateway/testing/tls/certificate-authority';
import { type Coordinator, startCoordinator } from '@trino-gateway/testing/trino/coordinator';
import { type OpenQuery, openQuery } from '@trino-gateway/testing/trino-client/open-query';

// A real Trino that takes tokens only, over https with a certificate of an internal authority.
const authority = createCertificateAuthority('an internal authority');
const jwtKey = randomBytes(32);
const ADMIN = 'admin-token-of-this-test';
const PROBE_TOKEN = signedToken('checker');
/** A JWT of this user, valid for an hour. */
function signedToken(user: string, key = jwtKey): string {
  const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const signed = `${part({ alg: 'HS256' })}.${part({ sub: user, exp: Math.ceil(Date.now() / 1_000) + 3_600 })}`;
  return `${signed}.${createHmac('sha256', key).update(signed).digest('base64url')}`;
}

let folder: string;
let caFile: string;
let trino: Coordinator;
let httpsUrl: string;
let suite: Suite;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'trino-gateway-secured-'));
  caFile = join(folder, 'ca.pem');
  await writeFile(caFile, authority.cert);
  const [httpsPort = 0] = await freePorts(1);
  const { key, cert } = authority.issue(['trino.internal']);
  await writeFile(join(folder, 'server.pem'), key + cert);
  await writeFile(join(folder, 'jwt.key'), jwtKey.toString('base64'));
  trino = await startCoordinator({
    name: 'secured',
    token: signedToken('trino-gateway'),
    properties: {
      'http-server.authentication.type': 'JWT',
      'http-server.authentication.jwt.key-file': join(folder, 'jwt.key'),
      'http-server.https.enabled': 'true',
      'http-server.https.port': String(httpsPort),
      'http-server.https.keystore.path': join(folder, 'server.pem'),
      'internal-communication.shared-secret': randomBytes(32).toString('base64'),
    },
    say: (line) => void process.stderr.write(`${line}\n`),
  });
  httpsUrl = `https://127.0.0.1:${httpsPort}`;
  suite = await startSuite({
    adminToken: ADMIN,
    gatewayserver: { DEFAULT_GROUP: 'all' },
    monitor: { GATEWAYSERVER_TOKEN: ADMIN },
    router: { GATEWAYSERVER_TOKEN: ADMIN, EXTERNAL_URL: 'https://gateway.example' },
  });
}, 600_000);

afterAll(async () => {
  await suite?.[Symbol.asyncDispose]();
  await trino?.[Symbol.asyncDispose]();
  await rm(folder, { recursive: true, force: true });
}, 60_000);

type Backend = {
  condition: {
    available?: boolean;
    reasons?: string[];
    status?: { state: string; reason?: string; clusterLoad?: number };
  };
};
const tls = () => ({ caFile, serverName: 'trino.internal' });
const put = (backend: object) => suite.call('BackendService/PutBackend', { backend });
const get = (id: string) => suite.call<Backend>('BackendService/GetBackend', { id });
const statusOf = async (id: string) => (await get(id)).condition.status;
const untilState = (id: string, state: string) =>
  until(`${id} to be ${state}`, async () => {
    const status = await statusOf(id);
    return status?.state === state ? status : undefined;
  });
const as = (user: string) => ({ authorization: `Bearer ${signedToken(user)}`, 'x-trino-user': user });
const submit = (statement: string, headers: Record<string, string> = as('alice')): Promise<OpenQuery> =>
  openQuery(suite.router.url, statement, headers);

test('a cluster that takes tokens only becomes healthy by the token of its probe, and says why without it', async () => {
  const secured = { url: httpsUrl, tls: tls() };
  await put({ id: 'no-login', ...secured });
  await put({ id: 'wrong-token', ...secured, probe: { token: signedToken('checker', randomBytes(32)) } });
  await put({ id: 'with-token', ...secured, probe: { token: PROBE_TOKEN } });
  await put({ id: 'info-only', ...secured, probe: { kind: 'INFO_ONLY' } });
  expect((await untilState('with-token', 'UP')).clusterLoad).toBe(0);
  expect((await untilState('no-login', 'FAILING')).reason).toMatch(/^the health statement: HTTP 401/);
  expect((await untilState('wrong-token', 'FAILING')).reason).toMatch(/^the health statement: HTTP 401/);
  const infoOnly = await untilState('info-only', 'UP');
  expect(infoOnly).not.toHaveProperty('clusterLoad');
  expect(infoOnly.reason).toBe('its load is unknown: a probe of kind INFO_ONLY does not read it');
});

test('by http, where no proxy says that the client used https, the token is not taken', async () => {
  await put({ id: 'plain', url: trino.url, forwardedHeaders: 'OMIT', probe: { token: PROBE_TOKEN } });
  expect((await untilState('plain', 'FAILING')).reason).toMatch(/40[13]/);
});

test('clients with tokens of their own run, wait for a slot, and are cancelled, through the router over https', async () => {
  for (const id of ['no-login', 'wrong-token', 'info-only', 'plain'])
    await suite.call('BackendService/DeleteBackend', { id });
  await put({ id: 'with-token', url: httpsUrl, tls: tls(), probe: { token: PROBE_TOKEN }, maxRunningQueries: 1 });
  await suite.addGroup('all', ['with-token']);
  const done = await submit('SELECT count(*) FROM tpch.tiny.nation');
  expect((await done.finish(suite.router.url)).stats.state).toBe('FINISHED');
  await expect(submit('SELECT 1', { 'x-trino-user': 'mallory' })).rejects.toThrow();
  const running = await submit('SELECT count(*) FROM tpch.sf100.lineitem a, tpch.sf100.lineitem b');
  while (!running.page.nextUri?.includes('/executing/')) await running.poll(suite.router.url);
  const waiting = await submit("SELECT 'waits'");
  expect((await waiting.poll(suite.router.url)).stats.state).toBe('QUEUED');
  // The gatewayserver cancels by the token of the probe. File-based rules would refuse it; by default everybody may.
  await suite.call('QueryService/CancelQuery', { id: running.id });
  expect((await running.finish(suite.router.url)).error).toMatchObject({ errorName: 'USER_CANCELED' });
  expect((await waiting.finish(suite.router.url)).stats.state).toBe('FINISHED');
});

test('without its authority file the backend is unhealthy with a reason, running queries end, and its return makes it healthy', async () => {
  const running = await submit('SELECT * FROM tpch.tiny.orders');
  await rename(caFile, `${caFile}.away`);
  const failing = await untilState('with-token', 'UNREACHABLE');
  expect(failing.reason).toContain(`tls.ca_file: ${caFile} cannot be used: why stands in the log`);
  expect((await running.finish(suite.router.url)).stats.state).toBe('FINISHED');
  await writeFile(caFile, createCertificateAuthority('another authority').cert);
  await until('the certificate to be refused', async () =>
    /certificate/.test((await statusOf('with-token'))?.reason ?? ''),
  );
  await rename(`${caFile}.away`, caFile);
  await untilState('with-token', 'UP');
  await until('queries to run again', async () => {
    const query = await submit('SELECT 1');
    return (await query.finish(suite.router.url)).stats.state === 'FINISHED';
  });
});

test('no token is in an answer or a log', async () => {
  const secrets = [PROBE_TOKEN, signedToken('alice').split('.')[2] ?? ''];
  const texts = [
    JSON.stringify(await suite.call('BackendService/ListBackends', {})),
    JSON.stringify(await suite.call('QueryService/ListQueries', {})),
    suite.gatewayserver.output(),
    suite.monitor.output(),
    suite.router.output(),
  ];
  for (const secret of secrets) for (const text of texts) expect(text).not.toContain(secret);
});
