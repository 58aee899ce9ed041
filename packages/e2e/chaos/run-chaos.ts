import { setTimeout as delay } from 'node:timers/promises';
import type { RunningDatabase } from '@trino-gateway/testing/databases/start-database';
import { until } from '@trino-gateway/testing/processes/until';
import { createRandom } from '../support/random.ts';
import { type AdmissionRows, admissionRows } from './admission-rows.ts';
import { atRest, cancelQueued } from './at-rest.ts';
import { runClients } from './clients/chaos-clients.ts';
import { disturb } from './disturb.ts';
import { collectGarbage } from './processes/collect-garbage.ts';
import { memoryAtRest, type Peaks } from './processes/memory.ts';
import { type Stage, startStage } from './stage.ts';
import { memoryBound, memoryVerdicts, processVerdicts, queryVerdicts, restVerdicts, type Verdict } from './verdicts.ts';
import { watchProcesses } from './watch-processes.ts';

export type ChaosOptions = {
  database: RunningDatabase;
  minutes: number;
  /** Draws the same again. */
  seed: number;
  clients: number;
  /** Gets the lines of the result. */
  say: (line: string) => void;
  /** Gets each thing that is done, when it is done. */
  progress: (line: string) => void;
};

const WARM_UP_MS = 20_000;
/** What has ended is remembered for ten minutes, that it is forgotten for fifteen more, and cleaned up every five. */
const FORGOTTEN_MS = 2_100_000;
const LONG_RUN_MINUTES = 30;

/** Kills everything in turn while clients wait and run, and judges what they, the clusters and the database saw of it. */
export async function runChaos(options: ChaosOptions): Promise<Verdict[]> {
  const { database, minutes, clients, say, progress } = options;
  const random = createRandom(options.seed);
  await using stage = await startStage(database, random);
  const { suite, clusters, processes } = stage;
  const over = new AbortController();
  const running = runClients({
    routers: suite.routers.map(({ url }) => url),
    clients,
    random: random.fork(),
    isAlive: (suffix) => clusters.some((cluster) => cluster.isAlive(suffix)),
    signal: over.signal,
  });
  await delay(WARM_UP_MS);
  using watch = watchProcesses(processes, (minutes * 60_000) / 2);
  const unasked: string[] = [];
  const complain = (text: string) => void unasked.push(text);
  const signal = AbortSignal.timeout(minutes * 60_000);
  const done = await disturb(stage, { random: random.fork(), signal, say: progress, complain });
  over.abort();
  const seen = await running;
  say(`done: ${counted(done)}`);
  say(`clients saw: ${counted(seen.outcomes)}; errors: ${counted(seen.errors) || 'none'}`);
  await cancelQueued(suite);
  const unrest = await atRest(suite, clusters, database.url);
  const mayRemember = minutes < LONG_RUN_MINUTES;
  const rows = await (mayRemember ? admissionRows(database.url) : forgottenRows(database.url));
  return [
    ...queryVerdicts(clusters, seen),
    ...restVerdicts(unrest, rows, mayRemember),
    ...processVerdicts(watch.loggedErrors(), unasked, done.get('restart') ?? 0),
    ...(await judgeMemory(stage, watch.firstPeaks(), mayRemember)),
  ];
}

/** What is left once the database has had the time to forget all. */
async function forgottenRows(url: string): Promise<AdmissionRows> {
  let rows = await admissionRows(url);
  const isEmpty = async () => {
    rows = await admissionRows(url);
    return rows.open + rows.remembered + rows.sealed === 0;
  };
  await until('all rows to be forgotten', isEmpty, FORGOTTEN_MS).catch(() => {});
  return rows;
}

async function judgeMemory({ processes }: Stage, first: Peaks, mayRemember: boolean) {
  const bound = memoryBound(first, mayRemember);
  for (const { process } of processes) await collectGarbage(process);
  return memoryVerdicts(first, await memoryAtRest(processes, bound), bound);
}

function counted(map: ReadonlyMap<string, number>): string {
  return [...map]
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, count]) => `${key} ${count}`)
    .join(', ');
}
