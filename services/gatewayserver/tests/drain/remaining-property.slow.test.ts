import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { type DrainWorld, drainWorld, MINUTE } from './drain-world.ts';

const SEED = Number(process.env.SEED ?? Date.now() % 2 ** 31);
const RUNS = Number(process.env.DRAIN_RUNS ?? 300);

const ROUTERS = ['r', 's'] as const;
type Step = { what: (typeof STEPS)[number]; at: (typeof ROUTERS)[number]; which: number; seconds: number };
const STEPS = [
  'submit',
  'handOver',
  'poll',
  'end',
  'fetch',
  'crash',
  'stop',
  'start',
  'direct',
  'pass',
  'pass',
  'restart',
] as const;

/** What really is: statements under way, pages in the hands of clients, queries that run, pages that wait. */
type Truth = {
  underWay: string[];
  inHand: Map<string, number>;
  running: Set<string>;
  unfetched: Map<string, number>;
  direct: Set<string>;
};

/** Whether stopping the cluster now would lose something of a client that is still there. */
function losesSomething({ underWay, inHand, running, unfetched, direct }: Truth, now: number): boolean {
  const isWaitedFor = (since: number) => now - since < 4 * MINUTE;
  const waits = [...inHand.values(), ...unfetched.values()].some(isWaitedFor);
  return underWay.length > 0 || running.size > 0 || direct.size > 0 || waits;
}

/** Random events, before the drain anything, afterwards what goes on of it. */
function play(world: DrainWorld, steps: readonly Step[], drainAt: number): void {
  const truth: Truth = { underWay: [], inHand: new Map(), running: new Set(), unfetched: new Map(), direct: new Set() };
  let count = 0;
  const alive = (at: string) => world.router(at).reports && !world.router(at).left;
  const pick = (things: Iterable<string>, which: number) => [...things][which % Math.max(1, [...things].length)];
  for (const [number, { what, at, which, seconds }] of steps.entries()) {
    const draining = number >= drainAt;
    if (number === drainAt) world.begin();
    if (what === 'pass') world.pass(seconds * 1_000);
    else if (what === 'restart') world.restart();
    else if (what === 'submit' && !draining && alive(at)) {
      truth.underWay.push(at);
      world.router(at).underWay += 1;
    } else if (what === 'handOver') {
      const [router] = truth.underWay;
      if (router === undefined || !alive(router)) continue;
      truth.underWay.shift();
      world.router(router).underWay -= 1;
      const id = `${++count}_abcde`;
      truth.inHand.set(id, world.now());
      world.handedOver(id, router);
    } else if (what === 'poll' && alive(at)) {
      const id = pick(truth.inHand.keys(), which);
      if (id === undefined || world.now() - (truth.inHand.get(id) ?? 0) > 4 * MINUTE) continue;
      truth.inHand.delete(id);
      truth.running.add(id);
      world.polled(id, at);
    } else if (what === 'end') {
      const id = pick(truth.running, which);
      if (id === undefined) continue;
      truth.running.delete(id);
      truth.unfetched.set(id, world.now());
      world.cluster.running.delete(id);
    } else if (what === 'fetch' && alive(at)) {
      const id = pick(truth.unfetched.keys(), which);
      if (id === undefined) continue;
      truth.unfetched.delete(id);
      world.fetched(id, at);
    } else if (what === 'direct') {
      if (truth.direct.size > 0) for (const id of truth.direct) world.cluster.running.delete(id);
      if (truth.direct.size > 0) truth.direct.clear();
      else if (!draining) {
        const id = `d${++count}_abcde`;
        truth.direct.add(id);
        world.cluster.running.add(id);
      }
    } else if (what === 'crash' && alive(at)) {
      world.router(at).reports = false;
      truth.underWay = truth.underWay.filter((router) => router !== at);
    } else if (what === 'stop' && alive(at) && world.router(at).underWay === 0) {
      world.report(at);
      world.router(at).left = true;
    } else if (what === 'start' && !alive(at) && world.router(at).left) {
      world.router(at).left = false;
      world.router(at).reports = true;
    }
    // Whoever a client polls at any time knows that it is there: queries that run are polled every second.
    for (const id of truth.running) for (const router of ROUTERS) if (alive(router)) refresh(world, router, id);
    if (draining && losesSomething(truth, world.now())) expect(world.kinds()).not.toEqual([]);
  }
}

function refresh(world: DrainWorld, router: string, id: string): void {
  if (world.router(router).queries.has(id)) world.polled(id, router);
}

test(`whatever happens, it is never drained while something would be lost (seed ${SEED})`, () => {
  const step = fc.record({
    what: fc.constantFrom(...STEPS),
    at: fc.constantFrom(...ROUTERS),
    which: fc.nat(20),
    seconds: fc.integer({ min: 1, max: 20 }),
  });
  fc.assert(
    fc.property(fc.array(step, { minLength: 10, maxLength: 80 }), fc.nat(40), (steps, drainAt) => {
      const world = drainWorld();
      for (const router of ROUTERS) world.report(router);
      play(world, steps, Math.min(drainAt, steps.length - 1));
      // Once all is over, it is drained in the end.
      world.cluster.running.clear();
      for (const router of ROUTERS) world.router(router).underWay = 0;
      world.pass(8 * MINUTE);
      expect(world.remaining()).toEqual([]);
    }),
    { seed: SEED, numRuns: RUNS },
  );
});
