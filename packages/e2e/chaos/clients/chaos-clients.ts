import { setTimeout as delay } from 'node:timers/promises';
import type { Random } from '../../support/random.ts';
import { type ChaosClientOptions, runChaosStatement } from './chaos-client.ts';
import { NEVER_RIGHT, type Outcome } from './outcome.ts';

/** What the clients saw. */
export type Seen = { outcomes: Map<Outcome, number>; errors: Map<string, number>; complaints: string[] };

export type ClientsOptions = ChaosClientOptions & {
  clients: number;
  random: Random;
  /** Clients begin nothing new afterwards. */
  signal: AbortSignal;
};

const LONGEST_PAUSE_MS = 200;

/** Runs so many clients, each with one statement after the other; answers when the last has come to its end. */
export async function runClients(options: ClientsOptions): Promise<Seen> {
  const seen: Seen = { outcomes: new Map(), errors: new Map(), complaints: [] };
  const count = <T>(map: Map<T, number>, key: T) => void map.set(key, (map.get(key) ?? 0) + 1);
  let number = 0;
  const client = async (random: Random) => {
    while (!options.signal.aborted) {
      number += 1;
      const mine = number;
      const { outcome, text } = await runChaosStatement(mine, random, options);
      count(seen.outcomes, outcome);
      if (outcome === 'failed') count(seen.errors, text.replace(/:.*/s, ''));
      if (NEVER_RIGHT.has(outcome)) seen.complaints.push(`statement ${mine} ${outcome}: ${text}`);
      await delay(random.whole(0, LONGEST_PAUSE_MS));
    }
  };
  await Promise.all(Array.from({ length: options.clients }, () => client(options.random.fork())));
  return seen;
}
