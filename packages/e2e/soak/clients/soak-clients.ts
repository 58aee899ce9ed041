import type { Random } from '../../support/random.ts';
import { gzip, largePages, polls, shortQueries, slowReader, waits } from './polite.ts';
import { hangsUp, pipelines } from './rude.ts';
import type { Ways } from './ways.ts';

type Kind = { name: string; weight: number; run(ways: Ways, random: Random, number: number): Promise<void> };

const POLITE: readonly Kind[] = [
  { name: 'short queries', weight: 6, run: shortQueries },
  { name: 'polls', weight: 5, run: polls },
  { name: 'large pages', weight: 2, run: largePages },
  { name: 'gzip', weight: 3, run: gzip },
  { name: 'waiting', weight: 6, run: waits },
  { name: 'slow readers', weight: 2, run: slowReader },
];
const RUDE: readonly Kind[] = [
  { name: 'hang-ups', weight: 8, run: hangsUp },
  { name: 'pipelines', weight: 3, run: pipelines },
];

/** How often each kind came to its end, and what was not as it must be. */
export type SoakSeen = { done: Map<string, number>; complaints: string[] };

export type SoakClientsOptions = {
  clients: number;
  ways: Ways;
  random: Random;
  /** From then on nobody is rude: what was left behind is known to be so after a while only. */
  polite: AbortSignal;
  /** From then on nobody begins anything. */
  over: AbortSignal;
};

const MOST_COMPLAINTS = 100;

/** Runs so many clients, each with one thing after the other; answers when the last has come to its end. */
export async function runSoakClients(options: SoakClientsOptions): Promise<SoakSeen> {
  const { clients, ways, random, polite, over } = options;
  const seen: SoakSeen = { done: new Map(), complaints: [] };
  const [politeDice, allDice] = [diceOf(POLITE), diceOf([...POLITE, ...RUDE])];
  let number = 0;
  const client = async (own: Random) => {
    while (!over.aborted) {
      number += 1;
      const { name, run } = own.pick(polite.aborted ? politeDice : allDice);
      try {
        await run(ways, own, number);
        seen.done.set(name, (seen.done.get(name) ?? 0) + 1);
      } catch (error) {
        if (seen.complaints.length < MOST_COMPLAINTS) seen.complaints.push(`${name}: ${(error as Error).message}`);
      }
    }
  };
  await Promise.all(Array.from({ length: clients }, () => client(random.fork())));
  return seen;
}

/** All kinds there are. */
export const KINDS: readonly string[] = [...POLITE, ...RUDE].map(({ name }) => name);

const diceOf = (kinds: readonly Kind[]) => kinds.flatMap((kind) => Array<Kind>(kind.weight).fill(kind));
