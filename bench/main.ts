// make bench: the whole suite beside direct, nginx and haproxy, in one run on one machine. docs/performance.md says what each
// row means. BENCH_SECONDS and BENCH_ROUNDS change its length, BENCH_ONLY=polls,pages runs some rows alone.
import { execFileSync } from 'node:child_process';
import { appendFile } from 'node:fs/promises';
import { cpus } from 'node:os';
import { findProgram, nginxVersion } from '@trino-gateway/testing/processes/nginx';
import { residentMb } from '@trino-gateway/testing/processes/process-cost';
import { writeCertificates } from './contenders/certificates.ts';
import { startCoordinator } from './contenders/coordinators.ts';
import { NGINX_LARGE_BUFFERS, startHaproxy, startNginx } from './contenders/proxies.ts';
import { startSuiteContenders } from './contenders/suites.ts';
import { chainDecisionCosts } from './decisions/chain-decisions.ts';
import { decisionCosts } from './decisions/decisions.ts';
import { scriptCosts } from './decisions/scripts.ts';
import { readingSpeeds } from './decisions/statements.ts';
import { program } from './load/load.ts';
import { compare } from './rows/compare.ts';
import { comparedRows, TWO_WORKERS } from './rows/compared-rows.ts';
import { idleClientCosts } from './rows/idle-clients.ts';
import { idleSlotCosts } from './rows/idle-slots.ts';
import { replicaCosts } from './rows/replicas.ts';
import { type Bench, sayTable } from './rows/run.ts';
import { settledMemory } from './rows/settled-memory.ts';
import { slowReaderCosts } from './rows/slow-readers.ts';
import { spooledCosts } from './rows/spooled.ts';
import { waitingClientCosts } from './rows/waiting-clients.ts';

/** A number above 0 of the environment. */
function setting(name: string, usual: number): number {
  const value = Number(process.env[name] ?? usual);
  if (value > 0 && Number.isFinite(value)) return value;
  throw new Error(`${name}: expected a number above 0`);
}

const lines: string[] = [];
const bench: Bench = {
  say: (line) => {
    process.stdout.write(`${line}\n`);
    lines.push(line);
  },
  seconds: setting('BENCH_SECONDS', 1),
  rounds: setting('BENCH_ROUNDS', 5),
  minutes: setting('BENCH_MINUTES', 1),
};
const { say } = bench;
const only = process.env.BENCH_ONLY?.split(',').map((name) => name.trim());
/** `pages` is all of pages, pages-gzip and pages-tls. */
const isWanted = (name: string) => only?.some((one) => name === one || name.startsWith(`${one}-`)) ?? true;

/** The rows that compare nothing, by name; those of the load in Go are left out without it. */
const ownRows: { name: string; needsGo?: true; run: (bench: Bench) => Promise<void> }[] = [
  { name: 'slow', needsGo: true, run: slowReaderCosts },
  { name: 'idle', needsGo: true, run: idleClientCosts },
  { name: 'waiting', needsGo: true, run: waitingClientCosts },
  { name: 'memory', needsGo: true, run: settledMemory },
  { name: 'decisions', run: decisions },
  { name: 'statements', run: statements },
  { name: 'slots', run: idleSlotCosts },
  { name: 'replicas', run: replicaCosts },
  { name: 'spooled', run: spooledCosts },
];

const names = [...comparedRows, ...ownRows].map(({ name }) => name);
const unknown = only?.filter((one) => !names.some((name) => name === one || name.startsWith(`${one}-`))) ?? [];
if (unknown.length > 0) throw new Error(`BENCH_ONLY: no row is ${unknown.join(', ')}; there are ${names.join(', ')}`);

const began = performance.now();
await sayVersions();
await compareContenders();
for (const { name, needsGo, run } of ownRows) {
  if (!isWanted(name)) continue;
  if (needsGo && program === undefined) say(`${name}: not measured, the load for it needs Go.\n`);
  else await run(bench);
}
say(`All of it took ${((performance.now() - began) / 60_000).toFixed(1)} minutes.\n`);
await appendFile(new URL('RESULTS.md', import.meta.url), `${lines.join('\n')}\n`);

async function sayVersions(): Promise<void> {
  const haproxy = findProgram('haproxy');
  const haproxyVersion = haproxy && /\d+\.\d+\.\d+/.exec(execFileSync(haproxy, ['-v'], { encoding: 'utf8' }))?.[0];
  const parts = [
    new Date().toISOString(),
    `${cpus().length} cores, ${cpus()[0]?.model ?? 'unknown'}`,
    `Node ${process.version}`,
    findProgram('nginx') === undefined ? 'without nginx' : await nginxVersion(),
    haproxyVersion === undefined ? 'without haproxy' : `haproxy ${haproxyVersion}`,
    program === undefined ? 'without Go' : program.version,
    `${bench.rounds} rounds of ${bench.seconds} s, medians`,
  ];
  say(`## ${parts.join(' · ')}\n`);
  if (program === undefined)
    say(
      'Go is not installed: load and coordinator run on Node, take most of the machine, and make differences look smaller.\n',
    );
}

async function compareContenders(): Promise<void> {
  const rows = comparedRows.filter(({ name }) => isWanted(name));
  if (rows.length === 0) return;
  await using certificates = await writeCertificates();
  await using coordinator = await startCoordinator(certificates);
  await using forLimited = await startCoordinator();
  await using nginx = await startNginx(coordinator.url, certificates);
  await using nginxOfPages = await startNginx(coordinator.url, certificates, NGINX_LARGE_BUFFERS);
  await using haproxy = await startHaproxy(coordinator.url, certificates);
  const urls = { free: coordinator.url, limited: forLimited.url };
  await using one = await startSuiteContenders('suite', 1, urls);
  await new Promise((resolve) => setTimeout(resolve, 2_000)); // at rest means after the first garbage collections
  const memory = () => Object.entries(one.parts).map(([name, pid]) => `${name} ${residentMb(pid).toFixed(0)} MB`);
  const rest = memory();
  await using two = await startSuiteContenders(TWO_WORKERS, 2, urls);
  const contenders = [coordinator, nginx, nginxOfPages, haproxy, one.free, one.limited, two.free].filter(
    (each) => each !== undefined,
  );
  say(
    `Load, coordinator and contender share the ${cpus().length} cores: what has two workers has no cores of its own.\n`,
  );
  for (const row of rows) await compare(row, contenders, bench);
  say(
    `At rest: ${rest.join(', ')}. Under load: ${memory().join(', ')}. Three processes ready one after the other in ${one.readySeconds.toFixed(1)} s.\n`,
  );
}

async function decisions(): Promise<void> {
  const costs = [...decisionCosts(), ...chainDecisionCosts(), ...(await scriptCosts())];
  sayTable(
    say,
    ['one decision among 10,000 backends, groups and policies', 'p50 µs', 'p99 µs'],
    costs.map(({ name, p50, p99 }) => [name, p50.toFixed(0), p99.toFixed(0)]),
  );
}

async function statements(): Promise<void> {
  sayTable(
    say,
    ['what a statement says', 'MB/s'],
    readingSpeeds().map(({ name, megabytesPerSecond }) => [name, megabytesPerSecond.toFixed(0)]),
  );
}
