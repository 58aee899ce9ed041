// How many short queries a second a limited group admits, beside the same with no limit: one gatewayserver on a SQLite file,
// and what a router asks of it. Arguments: seconds (5) and clients at a time (64).
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePorts } from '@trino-gateway/testing/processes/free-ports';
import { cpuSeconds } from '@trino-gateway/testing/processes/process-cost';
import { startService } from '@trino-gateway/testing/suite/start-service';
import { admittedQueries } from './admission-load.ts';

const [seconds = 5, clients = 64] = process.argv.slice(2).map(Number);

await using folder = await temporaryFolder();
const [port = 0, ops = 0] = await freePorts(2);
const settings = {
  LISTEN: `127.0.0.1:${port}`,
  OPS_LISTEN: `127.0.0.1:${ops}`,
  DATABASE_URL: `sqlite:${join(folder.path, 'gateway.db')}`,
  DEFAULT_GROUP: 'g',
};
await using server = await startService('gatewayserver', settings, `http://127.0.0.1:${ops}`);
await measured('no limit', 0);
await measured(`limit ${clients}: everybody has a slot`, clients);
await measured(`limit ${clients / 8}: everybody else waits`, clients / 8);

/** Runs for some seconds with this limit and prints the rate. */
async function measured(name: string, limit: number): Promise<void> {
  const pids = [server.pid];
  const before = cpuSeconds(pids);
  const { perSecond, count } = await admittedQueries({ urls: [`http://127.0.0.1:${port}`], clients, seconds, limit });
  const micros = ((cpuSeconds(pids) - before) / count) * 1e6;
  process.stdout.write(`${name}: ${perSecond.toFixed(0)} queries/s, ${micros.toFixed(0)} µs of the server each\n`);
}
async function temporaryFolder(): Promise<AsyncDisposable & { path: string }> {
  const path = await mkdtemp(join(tmpdir(), 'bench-admission-'));
  return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }) };
}
