import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, jest, test } from '@jest/globals';
import { createCertificateAuthority } from '@trino-gateway/testing/tls/certificate-authority';

jest.setTimeout(180_000); // only a machine that is busy elsewhere needs it

const ROOT = fileURLToPath(new URL('../../..', import.meta.url));
/** By this variable Node takes every certificate, unless a connection says otherwise. */
const UNVERIFIED = { NODE_TLS_REJECT_UNAUTHORIZED: '0' };
const run = promisify(execFile);

let server: Server;
let url: string;
let requests = 0;

beforeAll(async () => {
  const own = createCertificateAuthority().issue(['127.0.0.1']);
  server = createServer({ ...own, ALPNProtocols: ['h2', 'http/1.1'] }, (_, response) => {
    requests += 1;
    response.end('{"ok": true}');
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  url = `https://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(() => {
  server.close();
});

/** Runs a module with this environment; it is told the address as `url`. */
async function runModule(text: string): Promise<string> {
  const program = `const url = ${JSON.stringify(url)}; const root = ${JSON.stringify(ROOT)};\n${text}`;
  const args = ['--disable-warning=Warning', '--input-type=module', '-e', program];
  const { stdout } = await run(process.execPath, args, { cwd: ROOT, env: { PATH: process.env.PATH, ...UNVERIFIED } });
  return stdout.trim();
}

test('no road that leaves a process sends anything to a server that is not verified, whatever the environment says', async () => {
  const control = `const https = await import('node:https');
    https.get(url, (answer) => answer.resume().on('end', () => console.log('answered')));`;
  expect(await runModule(control)).toBe('answered');
  expect(requests).toBe(1);
  const roads = `
    const src = (path) => import(root + path);
    const [{ ClusterAgent }, { createUpstream }, { createAuthProvider }, { serverInfo, tlsAgents }, { askService }, { createWebhookScaler }, { createGatewayTransport }] =
      await Promise.all([
        src('services/router/src/http/upstream/tls-agents.ts'),
      src('services/router/src/http/upstream/upstream.ts'),
        src('services/router/src/auth/auth-provider.ts'),
        src('packages/trino/src/client/client.ts'),
        src('services/gatewayserver/src/step-tools/ask-service.ts'),
        src('services/monitor/src/scaling/scalers/webhook.ts'),
        src('packages/runtime/src/index.ts'),
      ]);
    const { createClient } = await src('packages/e2e/node_modules/@connectrpc/connect/dist/esm/index.js').catch(() =>
      src('packages/runtime/node_modules/@connectrpc/connect/dist/esm/index.js'));
    const { BackendService } = await src('packages/api/src/gen/trinogateway/v1/gateway_pb.ts');
    const { createSecureContext } = await import('node:tls');
    const https = await import('node:https');
    const signal = AbortSignal.timeout(20_000);
    const timeLimitMs = 20_000;
    const webhook = createWebhookScaler({});
    const roads = {
      'router to cluster': () => new Promise((answered, failed) => https.get(url, { agent: new ClusterAgent() }, answered).on('error', failed)),
      'router to cluster by its own writer': () =>
      createUpstream({ connect_time_limit: timeLimitMs, fast_path: true }, { info() {}, warn() {} }).send({
        ...{ url, method: 'GET', path: '/', rawHeaders: ['Host', 'a'], headTimeMs: timeLimitMs, signal },
      }),
    'router to authentication provider': async () => {
        const { trouble } = await createAuthProvider({ url, key: 'k', timeLimitMs }).check({ user: 'u', password: 'p' });
        if (trouble) throw new Error(trouble);
      },
      'monitor to cluster': () => serverInfo({ url, timeLimitMs }),
      'monitor to cluster with settings': () =>
        serverInfo({ url, timeLimitMs, dispatcher: tlsAgents.open({ secureContext: createSecureContext({}), serverName: '' }) }),
      'gatewayserver to a service': () => askService({ url, headers: {}, body: '{}', signal }, async () => undefined),
      'monitor to a webhook': () => webhook.state({ backendId: 'b', settings: { url } }, signal),
      'clients to the gatewayserver': () =>
        createClient(BackendService, createGatewayTransport({ urls: [url], token: 't', timeLimitMs })).getBackend({ id: 'a' }),
    };
    for (const [road, take] of Object.entries(roads))
      console.log(road + ': ' + (await take().then(() => 'answered', (error) => [error.message, error.cause?.message].join(' '))));
    process.exit(0);`;
  const said = (await runModule(roads)).split('\n');
  expect(requests).toBe(1);
  expect(said).toHaveLength(8);
  for (const line of said) expect(line).toMatch(/: .*(certificate|CERT|VERIFY|SIGNATURE|trusted)/);
});

test('no process starts, and no command runs, with such an environment', async () => {
  const env = { PATH: process.env.PATH, ...UNVERIFIED };
  const refusal = async (...args: string[]) =>
    run(process.execPath, args, { cwd: ROOT, env }).then(
      () => 'it ran',
      ({ code, stderr }: { code: number; stderr: string }) => `${code} ${stderr}`,
    );
  const said = await Promise.all([
    ...['gatewayserver', 'monitor', 'router'].map((name) => refusal(`services/${name}/src/main.ts`)),
    refusal('services/gatewayserver/src/main.ts', 'migrate', 'status'),
    refusal('packages/cli/src/main.ts', 'list', 'backends'),
  ]);
  for (const one of said) expect(one).toMatch(/^2 [\s\S]*NODE_TLS_REJECT_UNAUTHORIZED: expected it unset/);
});
