import { setTimeout as delay } from 'node:timers/promises';
import type { ServiceProcess } from '@trino-gateway/testing/suite/start-service';
import type { Random } from '../support/random.ts';
import type { Stage } from './stage.ts';

export type DisturbOptions = {
  random: Random;
  /** Ends it. */
  signal: AbortSignal;
  /** Gets each disturbance once it is over. */
  say: (line: string) => void;
  /** Gets what must never happen. */
  complain: (text: string) => void;
};

const LONGEST_PAUSE_MS = 4_000;
const LONGEST_OUTAGE_MS = 6_000;
const LONGEST_FREEZE_MS = 8_000;
const MOST_SLOTS = 4;

/** One kind of thing that goes wrong; it is over, and undone, when `run` answers what it was done to. */
type Disturbance = {
  name: string;
  weight: number;
  run(random: Random, stage: Stage, complain: DisturbOptions['complain']): Promise<string>;
};

const DISTURBANCES: readonly Disturbance[] = [
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
    run: async (random, { processes }, complain) => {
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
export async function disturb(stage: Stage, options: DisturbOptions): Promise<Map<string, number>> {
  const { random, signal, say, complain } = options;
  const counts = new Map<string, number>();
  const dice = DISTURBANCES.flatMap((one) => Array<Disturbance>(one.weight).fill(one));
  while (!signal.aborted) {
    await delay(random.whole(200, LONGEST_PAUSE_MS), undefined, { signal }).catch(() => {});
    if (signal.aborted) break;
    const { name, run } = random.pick(dice);
    await restartEnded(stage, complain);
    say(`${name}: ${await run(random, stage, complain)}`);
    counts.set(name, (counts.get(name) ?? 0) + 1);
  }
  await restartEnded(stage, complain);
  return counts;
}

/** Between two disturbances all must run. */
async function restartEnded({ processes }: Stage, complain: DisturbOptions['complain']): Promise<void> {
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
