import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { until } from './fake-gatewayserver.ts';

/** A router in a process of its own. */
export type RouterProcess = AsyncDisposable & {
  url: string;
  /** The most memory it had so far. */
  mostBytes(): Promise<number>;
  /** A metric without labels. */
  figure(name: string): Promise<number>;
};

/** What Node takes in a container with the memory limit of deploy/kubernetes/router: 560 MB in all. */
const HEAP = ['--max-old-space-size=512', '--max-semi-space-size=16'];

/** Starts one with the heap that it has where the manifests run it. */
export async function startRouterProcess(gatewayserver: string): Promise<RouterProcess> {
  const folder = await mkdtemp(join(tmpdir(), 'router-'));
  const opsPort = await freePort();
  const child = spawn(process.execPath, [...HEAP, fileURLToPath(new URL('../../src/main.ts', import.meta.url))], {
    env: {
      TRINO_GATEWAY_ROUTER_LISTEN: '127.0.0.1:0',
      TRINO_GATEWAY_ROUTER_OPS_LISTEN: `127.0.0.1:${opsPort}`,
      TRINO_GATEWAY_ROUTER_GATEWAYSERVER_URL: gatewayserver,
      TRINO_GATEWAY_ROUTER_STATE_FILE: join(folder, 'state.json'),
    },
  });
  let printed = '';
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (chunk) => {
      printed += chunk;
    });
  const isReady = async () => (await fetch(`http://127.0.0.1:${opsPort}/readyz`).catch(() => undefined))?.ok === true;
  const url = () => /router ready on (http:\/\/[\d.:]+)/.exec(printed)?.[1];
  await until(async () => child.exitCode !== null || (url() !== undefined && (await isReady())));
  return {
    url: url() ?? printed,
    mostBytes: async () => {
      const status = await readFile(`/proc/${child.pid}/status`, 'utf8');
      return Number(/VmHWM:\s+(\d+) kB/.exec(status)?.[1]) * 1_024;
    },
    figure: async (name) => {
      const text = await (await fetch(`http://127.0.0.1:${opsPort}/metrics`)).text();
      return Number(new RegExp(`^${name} (.*)$`, 'm').exec(text)?.[1]);
    },
    [Symbol.asyncDispose]: async () => {
      child.kill('SIGTERM');
      if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
      await rm(folder, { recursive: true });
    },
  };
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  return port;
}
