import { cpuSeconds, processTree } from '@trino-gateway/testing/processes/process-cost';
import { type LoadName, type LoadOptions, type Run, runLoad, type Where } from '../load/load.ts';

/** What every row gets: where its lines go, how long one run takes and how many there are. */
export type Bench = {
  say: (line: string) => void;
  seconds: number;
  rounds: number;
  /** Of what must settle. */
  minutes: number;
};

/** A run, and the processor time of what it was for, in microseconds for each. */
export type Costed = Run & { cpuMicros: number };

/** Runs a load and counts the processor time of these processes, and of what they have started, while it is measured. */
export async function costedRun(
  name: LoadName,
  where: Where,
  options: LoadOptions,
  pids: readonly number[],
): Promise<Costed> {
  const all = processTree(pids);
  let [before, after] = [0, 0];
  const run = await runLoad(name, where, options, {
    begun: () => {
      before = cpuSeconds(all);
    },
    over: () => {
      after = cpuSeconds(all);
    },
  });
  return { ...run, cpuMicros: ((after - before) / run.count) * 1_000_000 };
}

/** A run is steady that costs at least so much of the one before. */
const STEADY = 0.95;
/** Before that what happens less often in it is not compiled. */
const LEAST_WARM = 2_000;
const MOST_RUNS = 15;

/** The first runs pay for code that is not compiled yet: the first one behind a few thousand that is not much cheaper than the one before. */
export async function steadyRun<Some extends { cpuMicros: number; count: number }>(
  once: () => Promise<Some>,
): Promise<Some> {
  let run = await once();
  let warm = run.count;
  for (let runs = 1; runs < MOST_RUNS; runs++) {
    const next = await once();
    const isSteady = next.cpuMicros > run.cpuMicros * STEADY && warm >= LEAST_WARM;
    run = next;
    warm += next.count;
    if (isSteady) break;
  }
  return run;
}

/** Each of its figures by itself. */
export function median(samples: readonly Costed[]): Costed {
  const of = (pick: (sample: Costed) => number) =>
    samples.map(pick).sort((a, b) => a - b)[Math.floor(samples.length / 2)] ?? Number.NaN;
  return {
    count: of((s) => s.count),
    perSecond: of((s) => s.perSecond),
    p50Ms: of((s) => s.p50Ms),
    p99Ms: of((s) => s.p99Ms),
    bytes: of((s) => s.bytes),
    loadMicros: of((s) => s.loadMicros),
    cpuMicros: of((s) => s.cpuMicros),
  };
}

/** The lines of a table. The first column is text, the others are numbers. */
export function sayTable(say: Bench['say'], head: readonly string[], rows: readonly (readonly string[])[]): void {
  say(`| ${head.join(' | ')} |`);
  say(`| --- |${' ---: |'.repeat(head.length - 1)}`);
  for (const row of rows) say(`| ${row.join(' | ')} |`);
  say('');
}
