/** When a router was asked for a statement, by a steady clock of its own, and when it told so. */
export type Asked = { routerId: string; askedAtMs: number; sentAtMs: number };

/** Translates the clocks of routers. */
export type RouterClocks = {
  /** When the statement arrived, by the clock of this process. */
  arrivedAt(asked: Asked): number;
};

/** The oldest arrival that counts: no submission takes longer to be queued. */
export const OLDEST_ARRIVAL_MS = 60_000;
const MOST_ROUTERS = 1_000;
/** Beyond this it is not the call that took long: one of the clocks was set, or the router started anew. */
const LONGEST_CALL_MS = 2_000;

/**
 * How far the clock of a router is behind is learned from the fastest of its calls. So the order of its own statements is exact,
 * however long each call takes; those of several routers differ by the time of their fastest calls, a millisecond or two, whatever
 * their machines believe the time to be.
 */
export function createRouterClocks(now: () => number): RouterClocks {
  const offsets = new Map<string, number>();
  return {
    arrivedAt: ({ routerId, askedAtMs, sentAtMs }) => {
      const received = now();
      if (!(sentAtMs > 0) || !(askedAtMs > 0) || askedAtMs > sentAtMs) return received;
      const offset = received - sentAtMs;
      const known = offsets.get(routerId);
      const best = known !== undefined && offset >= known && offset - known < LONGEST_CALL_MS ? known : offset;
      // The most recently heard is last.
      offsets.delete(routerId);
      offsets.set(routerId, best);
      const [oldest] = offsets.keys();
      if (offsets.size > MOST_ROUTERS && oldest !== undefined) offsets.delete(oldest);
      return Math.max(askedAtMs + best, received - OLDEST_ARRIVAL_MS);
    },
  };
}
