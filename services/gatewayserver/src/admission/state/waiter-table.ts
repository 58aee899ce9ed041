import type { Waiter } from './waiter.ts';
import { createWaitingLine } from './waiting-line.ts';
import { createWaitingLoads, type WaitingLoads } from './waiting-loads.ts';

/** What can be read of the waiters. */
export type WaiterReads = {
  waiter(id: string): Waiter | undefined;
  /** The waiter whose statement became this query of a cluster. */
  waiterOfQuery(queryId: string): Waiter | undefined;
  waiters(): Iterable<Waiter>;
  /** QUEUED and CLAIMED. */
  waiting(): Iterable<Waiter>;
  /** HANDED_OVER and ENDED, in the order in which they became so. */
  pastWaiters(): Iterable<Waiter>;
  pastWaiterCount(): number;
  /** Size of what is stored for them. */
  pastWaiterBytes(): number;
  /** The waiters of a group in phase QUEUED, by priority and place. */
  queue(groupId: string): readonly Waiter[];
  /** From 1; 0 when it is not in phase QUEUED. */
  positionOf(waiter: Waiter): number;
  /** The groups with waiters in phase QUEUED. */
  queuedGroupIds(): Iterable<string>;
  /** Number and size of those who wait. */
  readonly loads: WaitingLoads;
  /** A place behind all that were given until now, in milliseconds of the database's clock. */
  nextPlace(now: number): number;
};

/** All waiters, with their order and what they amount to. */
export type WaiterTable = {
  readonly reads: WaiterReads;
  set(waiter: Waiter): void;
  remove(id: string): void;
};

/** A thousandth of a millisecond: larger than what a number of this size can tell apart. */
const LEAST_STEP = 0.001;

/** An empty one. */
export function createWaiterTable(): WaiterTable {
  const waiting = new Map<string, Waiter>();
  const past = new Map<string, Waiter>();
  const byQuery = new Map<string, string>();
  const line = createWaitingLine();
  const loads = createWaitingLoads();
  let lastPlace = 0;
  let pastBytes = 0;
  const find = (id: string) => waiting.get(id) ?? past.get(id);
  const remove = (id: string) => {
    const waiter = find(id);
    if (!waiter) return;
    if (waiter.phase === 'QUEUED') line.remove(waiter);
    if (waiting.delete(id)) loads.count(waiter, -1);
    if (past.delete(id)) pastBytes -= waiter.bytes ?? 0;
    if (byQuery.get(waiter.queryId) === id) byQuery.delete(waiter.queryId);
  };
  const set = (waiter: Waiter) => {
    remove(waiter.id);
    if (isPast(waiter)) {
      past.set(waiter.id, waiter);
      pastBytes += waiter.bytes ?? 0;
    } else {
      waiting.set(waiter.id, waiter);
      loads.count(waiter, 1);
    }
    lastPlace = Math.max(lastPlace, waiter.place);
    if (waiter.phase === 'QUEUED') line.add(waiter);
    if (waiter.queryId !== '') byQuery.set(waiter.queryId, waiter.id);
  };
  const reads: WaiterReads = {
    waiter: find,
    waiterOfQuery: (queryId) => find(byQuery.get(queryId) ?? ''),
    waiters: () => [waiting, past].values().flatMap((waiters) => waiters.values()),
    waiting: () => waiting.values(),
    pastWaiters: () => past.values(),
    pastWaiterCount: () => past.size,
    pastWaiterBytes: () => pastBytes,
    queue: line.of,
    positionOf: line.positionOf,
    queuedGroupIds: line.groupIds,
    loads,
    nextPlace: (now) => Math.max(now, lastPlace + LEAST_STEP),
  };
  return { reads, set, remove };
}

function isPast({ phase }: Waiter): boolean {
  return phase === 'HANDED_OVER' || phase === 'ENDED';
}
