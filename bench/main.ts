// make bench: the whole suite beside direct, nginx and haproxy, in one run on one machine. BENCH_SECONDS and BENCH_ROUNDS
// change its length. Ratios and CPU per request are what to compare; rates depend on what else the machine does.
import { appendFile } from 'node:fs/promises';
import { cpus } from 'node:os';
import { cpuSeconds, residentMb } from '@trino-gateway/testing/processes/process-cost';
import { startSuite } from '@trino-gateway/testing/suite/suite';
import { chainDecisionCosts } from './chain-decisions.ts';
import { type Contender, startCoordinator, startHaproxy, startNginx } from './contenders.ts';
import { decisionCosts } from './decisions.ts';
import { admissionCosts } from './limited-group.ts';
import { polls, type Run, shortQueries, submissions } from './load.ts';
import { replicaCosts } from './replicas.ts';
import { scriptCosts } from './scripts.ts';
import { spooledCosts } from './spooled.ts';
import { readingSpeeds } from './statements.ts';
import { waitingClientCosts } from './waiting-clients.ts';

const SECONDS = Number(process.env.BENCH_SECONDS ?? 4);
const ROUNDS = Number(process.env.BENCH_ROUNDS ?? 3);
const CLIENTS = 32;

type Sample = Run & { cpuMicros: number };

await using coordinator = await startCoordinator();
await using nginx = await startNginx(coordinator.url);
await using haproxy = await startHaproxy(coordinator.url);
const began = performance.now();
await using suite = await startSuite({ gatewayserver: { DEFAULT_GROUP: 'all' }, router: { EXPLAIN_HEADERS: 'false' } });
const readySeconds = (performance.now() - began) / 1_000;
await suite.addBackends({ one: coordinator.url });
await suite.addGroup('all', ['one']);
const parts = { gatewayserver: suite.gatewayserver.pid, monitor: suite.monitor.pid, router: suite.router.pid };
await new Promise((resolve) => setTimeout(resolve, 2_000)); // at rest means after the first garbage collections
const rest = Object.entries(parts).map(([name, pid]) => `${name} ${residentMb(pid).toFixed(0)} MB`);

const contenders: Pick<Contender, 'name' | 'url' | 'pids'>[] = [
  { ...coordinator, pids: [] },
  ...(nginx ? [nginx] : []),
  ...(haproxy ? [haproxy] : []),
  { name: 'suite', url: suite.router.url, pids: Object.values(parts) },
];
const lines: string[] = [];
const say = (line: string) => {
  process.stdout.write(`${line}\n`);
  lines.push(line);
};

say(
  `## ${new Date().toISOString()} · ${cpus().length} cores, ${cpus()[0]?.model ?? 'unknown'} · Node ${process.version} · ${ROUNDS} rounds of ${SECONDS} s, medians`,
);
say('');
if (!nginx) say('nginx is not installed: not compared.');
if (!haproxy) say('haproxy is not installed: not compared.');
await compare(`polls of one page, ${CLIENTS} clients`, (url) => polls(url, CLIENTS, SECONDS));
await compare(`short queries, ${CLIENTS} clients, history on`, (url) => shortQueries(url, CLIENTS, SECONDS));
await compare('submissions at 50 a second: time to the first page', (url) => submissions(url, 50, SECONDS));
say(
  `At rest: ${rest.join(', ')}. Under load: ${Object.entries(parts)
    .map(([name, pid]) => `${name} ${residentMb(pid).toFixed(0)} MB`)
    .join(', ')}. Three processes ready one after the other in ${readySeconds.toFixed(1)} s.`,
);
say('');
say('| one decision among 10,000 backends, groups and policies | p50 µs | p99 µs |');
say('| --- | ---: | ---: |');
for (const { name, p50, p99 } of [...decisionCosts(), ...chainDecisionCosts(), ...(await scriptCosts())])
  say(`| ${name} | ${p50.toFixed(0)} | ${p99.toFixed(0)} |`);
say('');
say('| what a statement says | MB/s |');
say('| --- | ---: |');
for (const { name, megabytesPerSecond } of readingSpeeds()) say(`| ${name} | ${megabytesPerSecond.toFixed(0)} |`);
say('');
await admissionCosts(say, SECONDS, ROUNDS);
say('');
await waitingClientCosts(say);
say('');
await replicaCosts(say, SECONDS);
say('');
await spooledCosts(say, SECONDS, ROUNDS);
say('');
await appendFile(new URL('RESULTS.md', import.meta.url), `${lines.join('\n')}\n`);

/** Runs the contenders in turn, so that a machine that slows down slows all of them down. */
async function compare(what: string, load: (url: string) => Promise<Run>): Promise<void> {
  const samples = new Map<string, Sample[]>(contenders.map(({ name }) => [name, []]));
  for (let round = 0; round < ROUNDS; round++) {
    for (const { name, url, pids } of contenders) {
      const before = cpuSeconds(pids);
      const run = await load(url);
      samples.get(name)?.push({ ...run, cpuMicros: ((cpuSeconds(pids) - before) / run.count) * 1_000_000 });
    }
  }
  const base = median(samples.get('nginx') ?? samples.get('direct') ?? []);
  const direct = median(samples.get('direct') ?? []);
  say(`| ${what} | a second | of nginx | CPU µs each | p50 ms | p99 ms | added p50 ms |`);
  say('| --- | ---: | ---: | ---: | ---: | ---: | ---: |');
  for (const [name, runs] of samples) {
    const one = median(runs);
    const cells = [
      one.perSecond.toFixed(0),
      (one.perSecond / base.perSecond).toFixed(2),
      name === 'direct' ? '–' : one.cpuMicros.toFixed(0),
      one.p50Ms.toFixed(2),
      one.p99Ms.toFixed(2),
      (one.p50Ms - direct.p50Ms).toFixed(2),
    ];
    say(`| ${name} | ${cells.join(' | ')} |`);
  }
  say('');
}

function median(samples: readonly Sample[]): Sample {
  const of = (pick: (sample: Sample) => number) =>
    samples.map(pick).sort((a, b) => a - b)[Math.floor(samples.length / 2)] ?? Number.NaN;
  return {
    count: of((s) => s.count),
    perSecond: of((s) => s.perSecond),
    p50Ms: of((s) => s.p50Ms),
    p99Ms: of((s) => s.p99Ms),
    cpuMicros: of((s) => s.cpuMicros),
  };
}
