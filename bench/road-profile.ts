// node bench/road-profile.ts [LOAD] [SECONDS]: where router and gatewayserver spend their time under a load of the bench (default `polls`,
// 8 s), as Markdown: the kinds of code, then single functions. Profiling raises the cost. LIMIT=16 lets that many queries run at a time,
// TLS=true and GZIP=true are for the clients' side, FAST_PATH=false profiles Node's own carriers.
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
const { LIMIT, TLS, GZIP, FAST_PATH = 'true' } = process.env;
const PROFILED = ['router', 'gatewayserver'] as const;
const folders = Object.fromEntries(
  await Promise.all(
    PROFILED.map(async (name) => [name, await mkdtemp(join(tmpdir(), `road-profile-${name}-`))] as const),
  ),
);
const profiling = (name: string) => `--cpu-prof --cpu-prof-interval=200 --cpu-prof-dir=${folders[name]}`;
const window: ProfileWindow = { from: 0, until: 0 };
{
  await using coordinator = await startCoordinator();
  await using suite = await startSuite({
    ...(TLS ? { tls: true } : {}),
    gatewayserver: { DEFAULT_GROUP: 'all' },
    router: { EXPLAIN_HEADERS: 'false', FAST_PATH },
    nodeOptions: Object.fromEntries(PROFILED.map((name) => [name, profiling(name)])),
  });
  await suite.addBackends({ all: coordinator.url }, LIMIT ? { maxRunningQueries: Number(LIMIT) } : undefined);
  await suite.addGroup('all', ['all']);
  const where = TLS ? { url: suite.router.tlsUrl, ca: suite.authority.file } : { url: suite.router.url };
  const clients = { clients: 32, gzip: GZIP === 'true' };
  await runLoad(load, where, { ...clients, seconds: WARM_UP_SECONDS });
  const pids = { router: [suite.router.pid], gatewayserver: [suite.gatewayserver.pid] };
  const cost = () => PROFILED.map((name) => cpuSeconds(pids[name]));
  const before = cost();
  window.from = monotonicMicros();
  const { count } = await runLoad(load, where, { ...clients, seconds });
  window.until = monotonicMicros();
  const each = cost().map((now, at) => `${PROFILED[at]} ${(((now - (before[at] ?? 0)) / count) * 1e6).toFixed(0)} µs`);
  console.log(`${load}: ${count} in ${seconds} s, ${each.join(', ')} each`);
}
for (const name of PROFILED) {
  const folder = folders[name] ?? '';
  for (const file of await readdir(folder)) {
    console.log(`\n## ${name}`);
    for (const line of profileTables(summarise(join(folder, file), window, MOST_FUNCTIONS))) console.log(line);
  }
  await rm(folder, { recursive: true });
}
