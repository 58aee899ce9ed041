// node bench/road-profile.ts [LOAD] [SECONDS]: where the router spends its time under a load of the bench (default `polls`, 8 s), as
// Markdown: the kinds of code, then single functions. Profiling raises the cost; FAST_PATH=false profiles Node's own carriers.
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { cpuSeconds } from '@trino-gateway/testing/processes/process-cost';
import { startSuite } from '@trino-gateway/testing/suite/suite';
import { startCoordinator } from './contenders/coordinators.ts';
import { type LoadName, runLoad } from './load/load.ts';
import { monotonicMicros, type ProfileWindow, profileTables, summarise } from './profile-summary.ts';

const MOST_FUNCTIONS = 45;
const WARM_UP_SECONDS = 6;

const load = (process.argv[2] ?? 'polls') as LoadName;
const seconds = Number(process.argv[3] ?? 8);
const folder = await mkdtemp(join(tmpdir(), 'road-profile-'));
const window: ProfileWindow = { from: 0, until: 0 };
{
  await using coordinator = await startCoordinator();
  await using suite = await startSuite({
    gatewayserver: { DEFAULT_GROUP: 'all' },
    router: { EXPLAIN_HEADERS: 'false', FAST_PATH: process.env.FAST_PATH ?? 'true' },
    nodeOptions: { router: `--cpu-prof --cpu-prof-interval=200 --cpu-prof-dir=${folder}` },
  });
  await suite.addBackends({ all: coordinator.url });
  await suite.addGroup('all', ['all']);
  const { url } = suite.router;
  const clients = { clients: 32 };
  await runLoad(load, { url }, { ...clients, seconds: WARM_UP_SECONDS });
  const pids = [suite.router.pid];
  const before = cpuSeconds(pids);
  window.from = monotonicMicros();
  const { count } = await runLoad(load, { url }, { ...clients, seconds });
  window.until = monotonicMicros();
  console.log(
    `${load}: ${count} in ${seconds} s, router ${(((cpuSeconds(pids) - before) / count) * 1e6).toFixed(0)} µs each`,
  );
}
for (const name of await readdir(folder)) {
  for (const line of profileTables(summarise(join(folder, name), window, MOST_FUNCTIONS))) console.log(line);
}
await rm(folder, { recursive: true });
