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

/** Apart enough to keep two arrivals in order, in milliseconds. */
const STEP_MS = 0.001;
/** Of each router, the arrivals that later ones are put between. */
const REMEMBERED = 512;

/** What was said of a statement: the order of arrivals is that of the router's clock. */
type Placed = { askedAtMs: number; arrivedAt: number };
type RouterClock = { offset: number; placed: Placed[] };

/**
 * How far the clock of a router is behind is learned from the fastest of its calls. Its own statements keep the order in which it was
 * asked, however long each call takes, also while a faster call shows that the ones before were slow; those of several routers differ
 * by the time of their fastest calls, a millisecond or two, whatever their machines believe the time to be.
 */
export function createRouterClocks(now: () => number): RouterClocks {
  const clocks = new Map<string, RouterClock>();
  return {
    arrivedAt: ({ routerId, askedAtMs, sentAtMs }) => {
      const received = now();
      if (!(sentAtMs > 0) || !(askedAtMs > 0) || askedAtMs > sentAtMs) return received;
      const clock = adjusted(clocks.get(routerId), received - sentAtMs);
      // The most recently heard is last.
      clocks.delete(routerId);
      clocks.set(routerId, clock);
      const [oldest] = clocks.keys();
      if (clocks.size > MOST_ROUTERS && oldest !== undefined) clocks.delete(oldest);
      return place(clock.placed, askedAtMs, Math.max(askedAtMs + clock.offset, received - OLDEST_ARRIVAL_MS));
    },
  };
}

function adjusted(known: RouterClock | undefined, offset: number): RouterClock {
  if (known === undefined || Math.abs(offset - known.offset) >= LONGEST_CALL_MS) return { offset, placed: [] };
  return { offset: Math.min(known.offset, offset), placed: known.placed };
}

/** The arrival, moved between those of the statements that were asked for before and after this one. */
function place(placed: Placed[], askedAtMs: number, wanted: number): number {
  const next = placed.findLastIndex((other) => other.askedAtMs <= askedAtMs) + 1;
  const least = (placed[next - 1]?.arrivedAt ?? Number.NEGATIVE_INFINITY) + STEP_MS;
  const most = (placed[next]?.arrivedAt ?? Number.POSITIVE_INFINITY) - STEP_MS;
  const arrivedAt = least <= most ? Math.min(Math.max(wanted, least), most) : (least + most) / 2;
  placed.splice(next, 0, { askedAtMs, arrivedAt });
  if (placed.length > REMEMBERED) placed.shift();
  return arrivedAt;
}
