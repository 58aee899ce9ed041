import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, jest, test } from '@jest/globals';
import { startScriptedTrino } from '@trino-gateway/testing';
import { freePorts } from '@trino-gateway/testing/processes/free-ports';
import { until } from '@trino-gateway/testing/processes/until';
import { startSuite } from '@trino-gateway/testing/suite/suite';
import { createCertificateAuthority } from '@trino-gateway/testing/tls/certificate-authority';
import { runQuery } from '@trino-gateway/testing/trino-client/run-query';

jest.setTimeout(240_000); // only a machine that is busy elsewhere needs it

const ROOT = fileURLToPath(new URL('../../..', import.meta.url));
const TOKEN = 'admin-secret';
let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'mtls-'));
  const authority = createCertificateAuthority();
  await writeFile(join(folder, 'ca.pem'), authority.cert);
  for (const [name, issuer] of Object.entries({
    gatewayserver: authority,
    router: authority,
    monitor: authority,
    operator: authority,
    stranger: createCertificateAuthority('another'),
  })) {
    const { cert, key } = issuer.issue([name, '127.0.0.1']);
    await writeFile(join(folder, `${name}.pem`), cert);
    await writeFile(join(folder, `${name}.key`), key);
  }
});
afterAll(() => rm(folder, { recursive: true }));
const file = (name: string) => join(folder, name);

test('with client certificates between the processes queries run, and the command line needs certificate and token', async () => {
  const [port] = await freePorts(1);
  const url = `https://127.0.0.1:${port}`;
  const client = (name: string) => ({
    GATEWAYSERVER_URL: url,
    GATEWAYSERVER_TOKEN: TOKEN,
    GATEWAYSERVER_CA_FILE: file('ca.pem'),
    GATEWAYSERVER_CERT_FILE: file(`${name}.pem`),
    GATEWAYSERVER_KEY_FILE: file(`${name}.key`),
  });
  await using trino = await startScriptedTrino();
  await using suite = await startSuite({
    adminToken: TOKEN,
    gatewayserver: {
      LISTEN: `127.0.0.1:${port}`,
      DEFAULT_GROUP: 'all',
      TLS_CERT_FILE: file('gatewayserver.pem'),
      TLS_KEY_FILE: file('gatewayserver.key'),
      TLS_CLIENT_CA_FILE: file('ca.pem'),
    },
    monitor: client('monitor'),
    router: client('router'),
  });
  const objects = file('objects.yaml');
  await writeFile(objects, `backends: [{ id: a, url: "${trino.url}" }]\ngroups: [{ id: all, backend_ids: [a] }]\n`);
  const command = (name: string, ...words: string[]) => {
    const shown = ['--ca-file', file('ca.pem'), '--cert-file', file(`${name}.pem`), '--key-file', file(`${name}.key`)];
    const args = ['packages/cli/src/main.ts', '--url', url, ...shown, ...words];
    return promisify(execFile)(process.execPath, args, { cwd: ROOT, env: { PATH: process.env.PATH } }).then(
      ({ stdout }) => stdout,
      ({ stderr }: { stderr: string }) => stderr,
    );
  };
  expect(await command('operator', '--token', TOKEN, 'apply', '-f', objects)).toMatch(/created/);
  await until('a query to run', async () => (await runQuery(suite.router.url, 'SELECT 1')).state === 'FINISHED');
  expect(await command('operator', 'list', 'backends')).toMatch(/requires a token/);
  expect(await command('stranger', '--token', TOKEN, 'list', 'backends')).toMatch(
    /as if it refuses the client certificate/,
  );
  expect(await (await fetch(`${suite.router.opsUrl}/metrics`)).text()).toContain(
    'trino_gateway_router_certificate_expiry_timestamp_seconds{key="router.gatewayserver_cert_file"',
  );
});
