import { test } from '@jest/globals';
import fc from 'fast-check';
import { worldCommands } from '../../../tests/admission/world/commands.ts';
import { runInWorld } from '../../../tests/admission/world/run.ts';

const SEED = Number(process.env.SEED ?? Date.now() % 2 ** 31);
const RUNS = Number(process.env.RUNS ?? 2_000);

test(`whatever happens, no limit is exceeded, nothing runs twice or out of order, and no slot is idle while a query waits (SEED=${SEED} RUNS=${RUNS})`, () => {
  fc.assert(
    fc.property(
      worldCommands,
      fc.boolean(),
      fc.constantFrom(0, 1, 2),
      fc.boolean(),
      fc.constantFrom(undefined, 0, 25),
      (commands, fairShare, perUser, queuesWhenUnavailable, spillOverAfterMs) => {
        runInWorld({ fairShare, perUser, queuesWhenUnavailable, spillOverAfterMs }, commands);
      },
    ),
    { numRuns: RUNS, seed: SEED },
  );
}, 240_000);
