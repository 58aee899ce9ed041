import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import http2 from 'node:http2';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { headerValue, type ScriptedTrino, startScriptedTrino } from '@trino-gateway/testing';
import { freePorts } from '@trino-gateway/testing/processes/free-ports';
import { until } from '@trino-gateway/testing/processes/until';
import { type ServiceProcess, startService } from '@trino-gateway/testing/suite/start-service';
import { createCertificateAuthority } from '@trino-gateway/testing/tls/certificate-authority';
import { fakeGatewayserver, serveFake, snapshotOf } from '../support/fake-gatewayserver.ts';

const run = promisify(execFile);
const authority = createCertificateAuthority();
const DAY_MS = 86_400_000;
let folder: string;
let trino: ScriptedTrino;
let router: ServiceProcess;
let plainUrl: string;
let tlsUrl: string;
let opsUrl: string;
const owned = new AsyncDisposableStack();

const file = (name: string) => join(folder, name);
const write = (name: string, content: string) => writeFile(file(name), content);

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'router-clients-'));
  owned.defer(() => rm(folder, { recursive: true }));
  trino = await startScriptedTrino();
  owned.defer(() => trino.stop());
  const fake = fakeGatewayserver();
  fake.publish(snapshotOf('1', [trino.url]));
  const gatewayserver = owned.use(await serveFake(fake));
  const { cert, key } = authority.issue(['127.0.0.1'], { to: Date.now() + 10 * DAY_MS });
  await Promise.all([write('ca.pem', authority.cert), write('tls.crt', cert), write('tls.key', key)]);
  const [plain, tls, ops] = await freePorts(3);
  [plainUrl, tlsUrl, opsUrl] = [`http://127.0.0.1:${plain}`, `https://127.0.0.1:${tls}`, `http://127.0.0.1:${ops}`];
  const settings = {
    LISTEN: `127.0.0.1:${plain}`,
    TLS_LISTEN: `127.0.0.1:${tls}`,
    TLS_CERT_FILE: file('tls.crt'),
    TLS_KEY_FILE: file('tls.key'),
    OPS_LISTEN: `127.0.0.1:${ops}`,
    GATEWAYSERVER_URL: gatewayserver.url,
    STATE_FILE: file('state.json'),
  };
  router = owned.use(await startService('router', settings, opsUrl));
  await until('its listeners', () => router.output().includes('router ready on'));
});
afterAll(() => owned.disposeAsync() as Promise<void>);

/** What curl prints of an answer: version, status, body. */
async function curl(url: string, ...more: string[]) {
  const shown = ['-sS', '--max-time', '20', '--cacert', file('ca.pem'), '-w', '\n%{http_version} %{http_code}'];
  const { stdout } = await run('curl', [...shown, ...more, url]);
  const at = stdout.lastIndexOf('\n');
  return { body: stdout.slice(0, at), outcome: stdout.slice(at + 1) };
}

const statement = ['-H', 'X-Trino-User: ann', '--data', 'SELECT 1'];

test('the ready line names each port with its scheme', () => {
  expect(router.output()).toContain(`router ready on ${plainUrl}, ${tlsUrl}`);
});

test.each<[string, () => string, string[], string]>([
  ['HTTP/1.1', () => plainUrl, [], '1.1'],
  ['HTTP/2 with prior knowledge', () => plainUrl, ['--http2-prior-knowledge'], '2'],
  ['an upgrade that is not taken', () => plainUrl, ['--http2'], '1.1'],
  ['HTTPS with HTTP/1.1', () => tlsUrl, ['--http1.1'], '1.1'],
  ['HTTPS with HTTP/2 by ALPN', () => tlsUrl, ['--http2'], '2'],
])('curl runs a query by %s, and its links lead to where it came from', async (_, url, options, version) => {
  const before = trino.requests.length;
  let { body, outcome } = await curl(`${url()}/v1/statement`, ...options, ...statement);
  expect(outcome).toBe(`${version} 200`);
  let page = JSON.parse(body);
  while (page.nextUri !== undefined) {
    expect(page.nextUri.startsWith(`${url()}/v1/statement/`)).toBe(true);
    expect(page.infoUri.startsWith(`${url()}/ui/`)).toBe(true);
    ({ body, outcome } = await curl(page.nextUri, ...options));
    expect(outcome).toBe(`${version} 200`);
    page = JSON.parse(body);
  }
  expect(page.stats.state).toBe('FINISHED');
  const schemes = trino.requests.slice(before).map(({ rawHeaders }) => headerValue(rawHeaders, 'x-forwarded-proto'));
  expect(new Set(schemes)).toEqual(new Set([new URL(url()).protocol.slice(0, -1)]));
});

test('Python, which speaks HTTP/1.1, is served over TLS', async () => {
  const program = `import ssl, sys, urllib.request
context = ssl.create_default_context(cafile=sys.argv[2])
print(urllib.request.urlopen(sys.argv[1] + "/v1/info", context=context).read().decode())`;
  const { stdout } = await run('python3', ['-c', program, tlsUrl, file('ca.pem')]);
  expect(JSON.parse(stdout)).toHaveProperty('nodeVersion');
});

test('a long statement passes by HTTP/2', async () => {
  const long = `SELECT '${'x'.repeat(3_000_000)}'`;
  await write('long.sql', long);
  const { body } = await curl(
    `${tlsUrl}/v1/statement`,
    '--http2',
    '-H',
    'X-Trino-User: ann',
    '--data-binary',
    `@${file('long.sql')}`,
  );
  expect(JSON.parse(body)).toHaveProperty('nextUri');
  const sent = trino.requests.filter(({ method }) => method === 'POST').at(-1);
  expect(sent?.body === long).toBe(true);
});

test('a certificate that ends soon is warned of, and told in the metrics', async () => {
  expect(router.output()).toMatch(/"level":"warn".*a certificate expires soon.*"router.tls_cert_file"/);
  const metrics = await (await fetch(`${opsUrl}/metrics`)).text();
  const line = /certificate_expiry_timestamp_seconds\{key="router.tls_cert_file"\} (\d+)/.exec(metrics);
  expect(Number(line?.[1]) * 1_000 - Date.now()).toBeGreaterThan(9 * DAY_MS);
});

/** The name of the certificate that new connections are shown. */
async function shown(): Promise<string | undefined> {
  const session = http2.connect(tlsUrl, { ca: authority.cert, checkServerIdentity: () => undefined });
  session.on('error', () => {});
  await once(session, 'connect');
  const { socket } = session as unknown as { socket: { getPeerCertificate(): { subject: { CN?: string } } } };
  const { CN } = socket.getPeerCertificate().subject;
  session.destroy();
  return CN;
}

test('a new certificate is shown within ten seconds; half a one, or with another key, never is', async () => {
  const open = http2.connect(tlsUrl, { ca: authority.cert });
  await once(open, 'connect');
  const next = authority.issue(['next', '127.0.0.1']);
  await write('tls.crt', next.cert.slice(0, 300));
  await until('half a file to be told', () => router.output().includes('holds no PEM certificate'), 10_000);
  await write('tls.crt', next.cert);
  await until('the key to be told', () => router.output().includes('is not the key of the certificate'), 10_000);
  expect(router.output()).toContain(`router.tls_key_file: ${file('tls.key')} is not the key`);
  expect(await shown()).toBe('127.0.0.1');
  await write('tls.key', next.key);
  await until('the new certificate', async () => (await shown()) === 'next', 10_000);
  // Connections live on with the certificate that they were made with.
  expect(await text(open.request({ ':path': '/v1/info' }))).toContain('nodeVersion');
  open.close();
});

test('a stop lets the answers under way end over HTTP/2, and ends the process', async () => {
  const session = http2.connect(tlsUrl, { ca: authority.cert });
  const idle = http2.connect(plainUrl);
  for (const one of [session, idle]) one.on('error', () => {});
  const first = session.request({ ':method': 'POST', ':path': '/v1/statement', 'x-trino-user': 'ann' });
  first.end('SELECT 1');
  expect(JSON.parse(await text(first))).toHaveProperty('nextUri');
  const ended = Promise.all([session, idle].map((one) => new Promise((resolve) => one.once('close', resolve))));
  const gone = [session, idle].map((one) => once(one, 'goaway'));
  const { code } = await router.stop();
  await Promise.all([ended, ...gone]);
  expect(code).toBe(0);
});
