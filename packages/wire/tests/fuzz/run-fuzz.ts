import { difference } from './compare.ts';
import { requests, responses } from './generate.ts';
import { mutated } from './mutate.ts';
import { NodeParser } from './node-parser.ts';
import { Random } from './random.ts';
import { type Asked, type ReadConnection, readConnection } from './read-connection.ts';

/** Bytes that are changed into others. */
export type Seeds = { requests: readonly string[]; responses: readonly string[] };

/** What became of the cases of a kind. */
export type Tally = { cases: number; accepted: number; messages: number; differences: string[] };
export const KINDS = ['requests made', 'requests changed', 'answers made', 'answers changed'] as const;
export type Kind = (typeof KINDS)[number];

const MOST_DIFFERENCES = 20;

/**
 * Cases from this number on, until `isOver` says so. A case is what one side of a connection sends; it depends on nothing but seed and
 * number. It is accepted when at least one message of it is read whole.
 */
export function runFuzz(
  seed: number,
  seeds: Seeds,
  isOver: (cases: number, differences: number) => boolean,
  first = 0,
): Record<Kind, Tally> {
  const random = new Random();
  const parser = new NodeParser();
  const tallies = Object.fromEntries(
    KINDS.map((kind) => [kind, { cases: 0, accepted: 0, messages: 0, differences: [] as string[] }]),
  ) as Record<Kind, Tally>;
  let differences = 0;
  for (let number = first; !isOver(number - first, differences); number++) {
    random.restart(seed, number);
    const kind = KINDS[number % KINDS.length] as Kind;
    const tally = tallies[kind];
    const asked: Asked = [0, 1, 2].map(() => (random.onceIn(6) ? 'HEAD' : 'other'));
    const bytes = Buffer.from(textOf(kind, random, seeds, asked), 'latin1');
    const of = kind.startsWith('requests') ? 'requests' : asked;
    const read = readConnection(bytes, [bytes.length], of);
    const wholes = read.messages.filter(({ end }) => end !== undefined).length;
    tally.cases += 1;
    tally.messages += wholes;
    if (wholes > 0) tally.accepted += 1;
    const problem = splitProblem(bytes, of, read, random) ?? difference(bytes, of, read, parser);
    if (problem === undefined) continue;
    differences += 1;
    if (tally.differences.length < MOST_DIFFERENCES)
      tally.differences.push(
        `case ${number} of seed ${seed}: ${problem}\n  ${asked} ${JSON.stringify(bytes.toString('latin1'))}`,
      );
  }
  return tallies;
}

function textOf(kind: Kind, random: Random, seeds: Seeds, asked: Asked): string {
  if (kind === 'requests made') return requests(random);
  if (kind === 'answers made') return responses(random, asked);
  return mutated(random, kind === 'requests changed' ? seeds.requests : seeds.responses);
}

/** However the bytes are cut, the same must be read. */
function splitProblem(
  bytes: Buffer,
  of: 'requests' | Asked,
  whole: ReadConnection,
  random: Random,
): string | undefined {
  const ends: number[] = [];
  if (random.onceIn(50) && bytes.length < 400) for (let end = 1; end < bytes.length; end++) ends.push(end);
  else {
    for (let cuts = 1 + random.below(6); cuts > 0; cuts--) ends.push(random.below(bytes.length + 1));
    ends.sort((a, b) => a - b);
  }
  ends.push(bytes.length);
  const cut = readConnection(bytes, ends, of);
  if (cut.stopped !== whole.stopped) return `cut at ${ends}: ${cut.stopped} instead of ${whole.stopped}`;
  if (JSON.stringify(cut.messages) !== JSON.stringify(whole.messages)) return `cut at ${ends}: other messages`;
  return undefined;
}
