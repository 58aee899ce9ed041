import { setTimeout as delay } from 'node:timers/promises';
import type { RunningDatabase } from '@trino-gateway/testing/databases/start-database';
import type { ServiceProcess } from '@trino-gateway/testing/suite/start-service';
import type { ChaosCluster } from './chaos-cluster.ts';
import type { Random } from './random.ts';

/** What may go wrong. */
export type Stage = {
  processes: readonly { name: string; process: ServiceProcess }[];
  clusters: readonly ChaosCluster[];
  database: RunningDatabase;
  /** Puts the limit of a backend, however long that takes. */
  setLimit(backendId: string, limit: number): Promise<void>;
  hold(): Promise<void>;
  release(): Promise<void>;
  /** Takes down what must never happen. */
  complain(text: string): void;
};

const LONGEST_PAUSE_MS = 4_000;
const LONGEST_OUTAGE_MS = 6_000;
const LONGEST_FREEZE_MS = 8_000;
const MOST_SLOTS = 4;

type Deed = { name: string; weight: number; run(random: Random, stage: Stage): Promise<string> };

const DEEDS: readonly Deed[] = [
  {
    name: 'kill',
    weight: 5,
    run: async (random, { processes }) => {
      const { name, process } = random.pick(processes);
      await process.kill();
      await delay(random.whole(0, 2_000));
      await process.start();
      return name;
    },
  },
  {
    name: 'kill two',
    weight: 2,
    run: async (random, { processes }) => {
      const first = random.pick(processes);
      const second = random.pick(processes.filter((one) => one !== first));
      await Promise.all([first.process.kill(), second.process.kill()]);
      await delay(random.whole(0, 2_000));
      await Promise.all([first.process.start(), second.process.start()]);
      return `${first.name} and ${second.name}`;
    },
  },
  {
    name: 'restart',
    weight: 2,
    run: async (random, { processes, complain }) => {
      const { name, process } = random.pick(processes);
      const { code, signal } = await process.stop();
      if (code !== 0) complain(`${name} ended with ${code ?? signal} when it was asked to stop`);
      await process.start();
      return name;
    },
  },
  {
    // As a machine that swaps, or a network that is away: whoever waits for it knows no more than that it is silent.
    name: 'freeze',
    weight: 2,
    run: async (random, { processes }) => {
      const { name, process } = random.pick(processes);
      const ms = random.whole(500, LONGEST_FREEZE_MS);
      process.freeze();
      await delay(ms);
      process.thaw();
      return `${name} for ${ms} ms`;
    },
  },
  {
    name: 'limit',
    weight: 3,
    run: async (random, { clusters, setLimit }) => {
      const cluster = random.pick(clusters);
      const limit = random.whole(1, MOST_SLOTS);
      // In force from the moment it is asked for until the next one is answered.
      cluster.limited(limit);
      await setLimit(cluster.id, limit);
      cluster.limited(limit);
      return `${cluster.id} ${limit}`;
    },
  },
  {
    name: 'crash',
    weight: 1,
    run: async (random, { clusters }) => {
      const cluster = random.pick(clusters);
      await cluster.crash(random.whole(0, 3_000));
      return cluster.id;
    },
  },
  {
    name: 'outage',
    weight: 1,
    run: async (random, { database }) => {
      const ms = random.whole(500, LONGEST_OUTAGE_MS);
      await (random.chance(50) ? database.kill() : database.stop());
      await delay(ms);
      await database.restart();
      return `${ms} ms without a database`;
    },
  },
  {
    name: 'hold',
    weight: 1,
    run: async (random, { hold, release }) => {
      await hold();
      await delay(random.whole(0, 2_000));
      await release();
      return 'a group';
    },
  },
];

/**
 * Does one thing after the other until the signal is aborted; each is undone before the next, so that all is well at the
 * end. Answers how often what was done.
 */
export async function disturb(
  stage: Stage,
  random: Random,
  signal: AbortSignal,
  say: (line: string) => void,
): Promise<Map<string, number>> {
  const counts = new Map<string, number>();
  const dice = DEEDS.flatMap((deed) => Array<Deed>(deed.weight).fill(deed));
  while (!signal.aborted) {
    await delay(random.whole(200, LONGEST_PAUSE_MS), undefined, { signal }).catch(() => {});
    if (signal.aborted) break;
    const deed = random.pick(dice);
    await reviveTheDead(stage);
    say(`${deed.name}: ${await deed.run(random, stage)}`);
    counts.set(deed.name, (counts.get(deed.name) ?? 0) + 1);
  }
  await reviveTheDead(stage);
  return counts;
}

/** Between two deeds all must run. */
async function reviveTheDead({ processes, complain }: Stage): Promise<void> {
  for (const { name, process } of processes) {
    if (isRunning(process)) continue;
    complain(`${name} has ended by itself: ${process.output().trim().split('\n').at(-1) ?? ''}`);
    await process.start();
  }
}

function isRunning({ pid }: ServiceProcess): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}
