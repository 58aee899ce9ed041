// How many short queries a second a limited group admits, beside the same with no limit: one gatewayserver on a SQLite file,
// and what a router asks of it. Arguments: seconds (5) and clients at a time (64).
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { cpuSeconds } from '@trino-gateway/testing/processes/process-cost';
import { admittedQueries } from './admission-load.ts';

const [seconds = 5, clients = 64] = process.argv.slice(2).map(Number);
const PORT = 21_000 + (process.pid % 10_000);

await using folder = await temporaryFolder();
await using server = await startServer(folder.path);
await measured('no limit', 0);
await measured(`limit ${clients}: everybody has a slot`, clients);
await measured(`limit ${clients / 8}: everybody else waits`, clients / 8);

/** Runs for some seconds with this limit and prints the rate. */
async function measured(name: string, limit: number): Promise<void> {
  const pids = [server.pid];
  const before = cpuSeconds(pids);
  const { perSecond, count } = await admittedQueries({ urls: [`http://127.0.0.1:${PORT}`], clients, seconds, limit });
  const micros = ((cpuSeconds(pids) - before) / count) * 1e6;
  process.stdout.write(`${name}: ${perSecond.toFixed(0)} queries/s, ${micros.toFixed(0)} µs of the server each\n`);
}
async function startServer(path: string): Promise<AsyncDisposable & { pid: number }> {
  const main = fileURLToPath(new URL('../services/gatewayserver/src/main.ts', import.meta.url));
  const child: ChildProcess = spawn(process.execPath, [main], {
    env: {
      ...process.env,
      TRINO_GATEWAY_GATEWAYSERVER_LISTEN: `127.0.0.1:${PORT}`,
      TRINO_GATEWAY_GATEWAYSERVER_OPS_LISTEN: '127.0.0.1:0',
      TRINO_GATEWAY_GATEWAYSERVER_DATABASE_URL: `sqlite:${join(path, 'gateway.db')}`,
      TRINO_GATEWAY_GATEWAYSERVER_DEFAULT_GROUP: 'g',
    },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const { promise: ready, resolve } = Promise.withResolvers<void>();
  child.stdout?.setEncoding('utf8').on('data', (text: string) => {
    if (text.includes('gatewayserver ready')) resolve();
  });
  await ready;
  return {
    pid: child.pid ?? 0,
    async [Symbol.asyncDispose]() {
      const ended = once(child, 'exit');
      child.kill('SIGTERM');
      await ended;
    },
  };
}

async function temporaryFolder(): Promise<AsyncDisposable & { path: string }> {
  const path = await mkdtemp(join(tmpdir(), 'bench-admission-'));
  return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }) };
}
