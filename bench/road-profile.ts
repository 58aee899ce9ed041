// node bench/road-profile.ts [LOAD] [SECONDS]: where the router spends its time under a load of the bench (default `polls`, 8 s), as
// Markdown: the kinds of code, then single functions. Profiling raises the cost; FAST_PATH=false profiles Node's own carriers.
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { cpuSeconds } from '@trino-gateway/testing/processes/process-cost';
import { startSuite } from '@trino-gateway/testing/suite/suite';
import { startCoordinator } from './contenders/coordinators.ts';
import { type LoadName, runLoad } from './load/load.ts';
import { type ProfileWindow, summarise } from './profile-summary.ts';

const MOST_FUNCTIONS = 45;
const WARM_UP_SECONDS = 6;

const load = (process.argv[2] ?? 'polls') as LoadName;
const seconds = Number(process.argv[3] ?? 8);
const folder = await mkdtemp(join(tmpdir(), 'road-profile-'));
const window: ProfileWindow = { from: 0, until: 0 };
const now = () => Number(process.hrtime.bigint() / 1_000n);
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
  window.from = now();
  const { count } = await runLoad(load, { url }, { ...clients, seconds });
  window.until = now();
  console.log(
    `${load}: ${count} in ${seconds} s, router ${(((cpuSeconds(pids) - before) / count) * 1e6).toFixed(0)} µs each`,
  );
}
for (const name of await readdir(folder)) {
  const { kinds, functions } = summarise(join(folder, name), window, MOST_FUNCTIONS);
  for (const rows of [kinds.slice(0, 25), functions]) {
    console.log('\n| of the time | % |\n| --- | ---: |');
    for (const [what, share] of rows) console.log(`| ${what} | ${(share * 100).toFixed(1)} |`);
  }
}
await rm(folder, { recursive: true });
