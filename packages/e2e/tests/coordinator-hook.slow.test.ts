import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile, writeFile } from 'node:fs/promises';
import https from 'node:https';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { type ScriptedTrino, startScriptedTrino } from '@trino-gateway/testing';
import { until } from '@trino-gateway/testing/processes/until';
import { type Suite, startSuite } from '@trino-gateway/testing/suite/suite';
import { createCertificateAuthority } from '@trino-gateway/testing/tls/certificate-authority';
import { openQuery } from '@trino-gateway/testing/trino-client/open-query';
import { runQuery } from '@trino-gateway/testing/trino-client/run-query';
import { parse } from 'yaml';

// The script of the manifest itself, run as Kubernetes runs it.
const MANIFEST = fileURLToPath(new URL('../../../deploy/kubernetes/trino/coordinator-hooks.yaml', import.meta.url));
const TOKEN = 'token-of-the-hooks';
const PATIENCE_MS = 240_000;

let trino: ScriptedTrino;
let suite: Suite;
const hooks: ChildProcess[] = [];

beforeEach(async () => {
  trino = await startScriptedTrino();
  const token = { GATEWAYSERVER_TOKEN: TOKEN };
  suite = await startSuite({
    adminToken: TOKEN,
    gatewayserver: { DEFAULT_GROUP: 'all' },
    monitor: token,
    router: token,
  });
  await writeFile(join(suite.folder, 'token'), `${TOKEN}\n`);
  await suite.addBackends({ one: trino.url });
  await suite.addGroup('all', ['one']);
}, PATIENCE_MS);

afterEach(async () => {
  for (const hook of hooks.splice(0)) hook.kill();
  await suite?.[Symbol.asyncDispose]();
  await trino?.stop();
}, PATIENCE_MS);

/** Starts the hook; its log, and how it ends. */
async function startHook(verb: string, limitS: number, more: Record<string, string> = {}) {
  const { data } = parse(await readFile(MANIFEST, 'utf8')) as { data: Record<string, string> };
  const log = join(suite.folder, `${verb}.log`);
  const env = {
    PATH: process.env.PATH,
    GATEWAY_URL: suite.gatewayserver.url,
    BACKEND_ID: 'one',
    TOKEN_FILE: join(suite.folder, 'token'),
    LIMIT_SECONDS: String(limitS),
    LOG: log,
    ...more,
  };
  const hook = spawn('sh', ['-c', data['hook.sh'] ?? '', 'hook.sh', verb], { env, stdio: 'ignore' });
  hooks.push(hook);
  const ended = once(hook, 'exit').then(([code]) => code as number);
  return { ended, log: () => readFile(log, 'utf8').catch(() => ''), hook };
}

test(
  'a pod stays until the last query of its coordinator has ended, and the next one takes queries',
  async () => {
    trino.when('SELECT slow', { runMs: 600_000, columns: [{ name: 'n', type: 'bigint' }], rows: [[7]] });
    const query = await openQuery(suite.router.url, 'SELECT slow');
    await until('it to run', async () => (await query.poll()).stats.state === 'RUNNING');
    const { ended, log, hook } = await startHook('drain', 200);
    await until('the hook to tell what runs', async () => /not drained yet: .*RUNNING/.test(await log()));
    await query.poll();
    expect(hook.exitCode).toBeNull();
    await query.cancel();
    await query.finish();
    expect(await ended).toBe(0);
    expect((await log()).trim().split('\n').at(-1)).toBe('trino-gateway hook: one is drained');

    await trino.restart();
    const next = await startHook('enable', 60);
    expect(await next.ended).toBe(0);
    await until('a query to be taken', async () =>
      (await runQuery(suite.router.url, 'SELECT 1')).id.endsWith(trino.suffix),
    );
    expect(await next.log()).toContain('one takes queries again');
  },
  PATIENCE_MS,
);

test(
  'while the gateway is away a pod stays until the time is over',
  async () => {
    await suite.gatewayserver.kill();
    const startedAt = Date.now();
    const { ended, log } = await startHook('drain', 6);
    expect(await ended).toBe(1);
    expect(Date.now() - startedAt).toBeGreaterThan(3_000);
    expect(await log()).toContain('no answer to drain of one: curl:');
    expect(await log()).toContain('one is not proven to be drained in time');
    expect(await log()).not.toContain(TOKEN);
  },
  PATIENCE_MS,
);

test(
  'with a wrong token it says so, and the token is in no list of processes',
  async () => {
    await writeFile(join(suite.folder, 'token'), 'wrong');
    const { ended, log, hook } = await startHook('drain', 5);
    await until('a refusal', async () => (await log()).includes('no answer to drain of one'));
    expect(await log()).toMatch(/permission_denied|unauthenticated/);
    const line = await readFile(`/proc/${hook.pid}/cmdline`, 'utf8');
    expect(line).not.toContain('wrong');
    expect(await ended).toBe(1);
  },
  PATIENCE_MS,
);

test(
  'over TLS it trusts the authority that it is given, shows its certificate, and asks nobody else',
  async () => {
    const authority = createCertificateAuthority();
    const { cert, key } = authority.issue(['trino-blue']);
    for (const [name, text] of Object.entries({ ca: authority.cert, cert, key }))
      await writeFile(join(suite.folder, `${name}.pem`), text);
    const seen: unknown[] = [];
    const options = { ...authority.issue(['localhost']), ca: authority.cert, requestCert: true };
    const server = https.createServer(options, ({ method, url, headers }, response) => {
      seen.push([method, url, headers['x-auth-key']]);
      response.end('{"drained": true}');
    });
    await once(server.listen(0, '127.0.0.1'), 'listening');
    try {
      const url = `https://localhost:${(server.address() as AddressInfo).port}`;
      const file = (name: string) => join(suite.folder, `${name}.pem`);
      const shown = { CERT_FILE: file('cert'), KEY_FILE: file('key') };
      const strange = await startHook('drain', 4, { GATEWAY_URL: url, ...shown });
      expect(await strange.ended).toBe(1);
      expect(await strange.log()).toMatch(/no answer to drain of one: curl: .*certificate/);
      const without = await startHook('drain', 4, { GATEWAY_URL: url, CA_FILE: file('ca') });
      expect(await without.ended).toBe(1);
      expect(seen).toEqual([]);
      const { ended, log } = await startHook('drain', 60, { GATEWAY_URL: url, CA_FILE: file('ca'), ...shown });
      expect(await ended).toBe(0);
      expect((await log()).trim().split('\n').at(-1)).toBe('trino-gateway hook: one is drained');
      expect(seen).toEqual([
        ['POST', '/api/v1/backends/one:drain', TOKEN],
        ['GET', '/api/v1/backends/one:drained?wait_ms=20000', TOKEN],
      ]);
    } finally {
      server.close().closeAllConnections();
    }
  },
  PATIENCE_MS,
);
