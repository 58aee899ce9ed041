import { expect, test } from '@jest/globals';
import { runFuzz } from './fuzz/run-fuzz.ts';
import { seeds } from './fuzz/seeds.ts';

/** `make test` has little time; the slow tests take 20 seconds, with more seeds. */
const SECONDS = Number(process.env.WIRE_FUZZ_SECONDS ?? 5);

test(
  'some seconds of made and changed messages: what is accepted, Node accepts, with the same lines, body and boundary',
  () => {
    const seed = Math.floor(Math.random() * 2 ** 32);
    const until = performance.now() + SECONDS * 1_000;
    const tallies = Object.entries(runFuzz(seed, seeds, () => performance.now() > until));
    expect(tallies.flatMap(([, { differences }]) => differences)).toEqual([]);
    for (const [kind, { cases, accepted }] of tallies) {
      expect([kind, cases > 100]).toEqual([kind, true]);
      // Not for want of messages.
      expect([kind, accepted / cases > 0.25]).toEqual([kind, true]);
    }
  },
  SECONDS * 1_000 + 60_000,
);
