import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { freePorts } from '@trino-gateway/testing/processes/free-ports';
import { until } from '@trino-gateway/testing/processes/until';

const ROOT = fileURLToPath(new URL('../../..', import.meta.url));
let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'trino-gateway-start-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

function pnpm(args: string[], env: Record<string, string>) {
  const child = spawn('pnpm', args, {
    cwd: ROOT,
    env: { ...process.env, NODE_OPTIONS: '', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      output += text;
    });
  }
  return { child, exited: once(child, 'exit') as Promise<[number | null, string | null]>, output: () => output };
}

test('the three processes start by their package scripts with the environment alone, and end with 0 within 10 s of SIGTERM to pnpm', async () => {
  const [api = 0, apiOps = 0, monitorOps = 0, listen = 0, routerOps = 0] = await freePorts(5);
  const url = `http://127.0.0.1:${api}`;
  const started = [
    pnpm(['start:gatewayserver'], {
      TRINO_GATEWAY_GATEWAYSERVER_LISTEN: `127.0.0.1:${api}`,
      TRINO_GATEWAY_GATEWAYSERVER_OPS_LISTEN: `127.0.0.1:${apiOps}`,
      TRINO_GATEWAY_GATEWAYSERVER_DATABASE_URL: `sqlite:${folder}/gateway.db`,
    }),
    pnpm(['start:monitor'], {
      TRINO_GATEWAY_MONITOR_GATEWAYSERVER_URL: url,
      TRINO_GATEWAY_MONITOR_OPS_LISTEN: `127.0.0.1:${monitorOps}`,
    }),
    pnpm(['start:router'], {
      TRINO_GATEWAY_ROUTER_GATEWAYSERVER_URL: url,
      TRINO_GATEWAY_ROUTER_LISTEN: `127.0.0.1:${listen}`,
      TRINO_GATEWAY_ROUTER_OPS_LISTEN: `127.0.0.1:${routerOps}`,
      TRINO_GATEWAY_ROUTER_STATE_FILE: `${folder}/router.json`,
    }),
  ];
  try {
    for (const port of [apiOps, monitorOps, routerOps]) {
      await until(`port ${port} to be ready`, async () => (await fetch(`http://127.0.0.1:${port}/readyz`)).ok, 60_000);
    }
    for (const { output } of started) expect(output()).toMatch(/ready/);
    const began = Date.now();
    for (const { child } of started) child.kill('SIGTERM');
    const ends = await Promise.all(started.map(({ exited }) => exited));
    expect(Date.now() - began).toBeLessThan(10_000);
    expect(ends).toEqual([
      [0, null],
      [0, null],
      [0, null],
    ]);
    for (const port of [api, listen]) await expect(fetch(`http://127.0.0.1:${port}/`)).rejects.toThrow('fetch failed');
  } finally {
    for (const { child } of started) child.kill('SIGKILL');
  }
}, 240_000);

test('a configuration with several errors stops every process with exit code 2 and all of them', async () => {
  const file = join(folder, 'bad.yaml');
  await writeFile(
    file,
    'router:\n  listen: nowhere\n  speed: 9\nmonitor:\n  interval: 10\ngroups:\n  - id: g\n    backend_ids: [ghost]\n',
  );
  for (const service of ['gatewayserver', 'monitor', 'router']) {
    const run = pnpm([`start:${service}`, '--config', file], {});
    const [code] = await run.exited;
    expect(code).toBe(2);
    for (const path of ['router.listen', 'router.speed', 'monitor.interval', 'groups[0].backend_ids'])
      expect(run.output()).toContain(path);
  }
}, 240_000);

test('a gatewayserver that would be open to others does not start; the others start from the same file', async () => {
  const file = join(folder, 'open.yaml');
  await writeFile(file, 'gatewayserver:\n  listen: 0.0.0.0:8000\n');
  for (const check of [[], ['--check-config']]) {
    const refused = pnpm(['start:gatewayserver', '--config', file, ...check], {});
    expect((await refused.exited)[0]).toBe(2);
    expect(refused.output()).toMatch(
      /gatewayserver\.listen: expected gatewayserver\.admin_token .*\\?"0\.0\.0\.0:8000\\?"/,
    );
  }
  for (const service of ['monitor', 'router']) {
    const run = pnpm([`start:${service}`, '--config', file, '--check-config'], {});
    expect((await run.exited)[0]).toBe(0);
  }
}, 240_000);

test('a port that is taken is named together with the key that changes it', async () => {
  const blocker = (await import('node:net')).createServer().listen(0, '127.0.0.1');
  await once(blocker, 'listening');
  const { port } = blocker.address() as import('node:net').AddressInfo;
  try {
    const run = pnpm(['start:gatewayserver'], {
      TRINO_GATEWAY_GATEWAYSERVER_LISTEN: `127.0.0.1:${port}`,
      TRINO_GATEWAY_GATEWAYSERVER_OPS_LISTEN: '127.0.0.1:0',
      TRINO_GATEWAY_GATEWAYSERVER_DATABASE_URL: 'sqlite::memory:',
    });
    const [code] = await run.exited;
    expect(code).toBe(1);
    expect(run.output()).toContain(`127.0.0.1:${port}`);
    expect(run.output()).toContain('gatewayserver.listen');
  } finally {
    blocker.close();
  }
}, 240_000);
