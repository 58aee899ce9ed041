import type { CallResult, StartExecutor } from './executor.ts';
import { createLane } from './lane.ts';
import { createStanding } from './standing.ts';
import { createSupply } from './supply.ts';

/** A script that is kept ready to be called. */
export type ScriptRunner = AsyncDisposable & {
  /** What the script returned, as JSON. Rejects with why there is nothing. */
  call(user: string, request: string, limitMs: number): Promise<string>;
};

/** How long a call may work where others wait behind it. */
const TURN_MS = 5;
const MOST_WAITING = 1_000;
const MOST_SLOW_WAITING = 32;

/**
 * Calls go through one lane, in which each works for a few milliseconds at most: who needs more is called again in a lane for the
 * slow, and begins there from then on until it is quick. What hangs for one user's queries so takes little of the others' time.
 */
export function createScriptRunner(start: StartExecutor): ScriptRunner {
  const supply = createSupply(start);
  const standing = createStanding();
  const quick = createLane({
    ...{ supply, workMs: TURN_MS, mostWaiting: MOST_WAITING, yields: false },
    welcomes: (user) => !standing.isSlow(user, performance.now()),
  });
  const slow = createLane({
    ...{ supply, mostWaiting: MOST_SLOW_WAITING, yields: true },
    welcomes: (user) => standing.whyNotSlowly(user, performance.now()) === undefined,
  });
  const callSlowly = async (user: string, request: string, until: number) => {
    const why = standing.whyNotSlowly(user, performance.now());
    if (why !== undefined) throw new Error(why);
    const result = await slow.ask(user, request, until);
    if (result.kind === 'unwelcome')
      throw new Error(standing.whyNotSlowly(user, performance.now()) ?? 'it is not asked');
    if (result.kind === 'late' || result.kind === 'broke') standing.wasLate(user, result.tookMs, performance.now());
    else if (result.tookMs < TURN_MS) standing.wasQuick(user);
    else standing.wasSlow(user);
    return textOf(result);
  };
  return {
    async call(user, request, limitMs) {
      const began = performance.now();
      const until = began + limitMs;
      const why = standing.whyNotAsked(user, began);
      if (why !== undefined) throw new Error(why);
      if (standing.isSlow(user, began)) return await callSlowly(user, request, until);
      const result = await quick.ask(user, request, until);
      if (result.kind === 'unwelcome') return await callSlowly(user, request, until);
      if (result.kind === 'late' || result.kind === 'broke') {
        standing.tookTurns(user, result.tookMs, performance.now());
        return await callSlowly(user, request, until);
      }
      standing.wasQuick(user);
      return textOf(result);
    },
    [Symbol.asyncDispose]: () => supply[Symbol.asyncDispose](),
  };
}

function textOf(result: CallResult): string {
  switch (result.kind) {
    case 'returned':
      return result.text;
    case 'late':
      throw new Error('the script did not answer in its time');
    case 'threw':
    case 'broke':
      throw new Error(`the script failed: ${result.message}`);
  }
}
