import type { Waiter } from './waiter.ts';

/** A number of waiters, and the size of their sealed statements. */
export type Load = { readonly waiters: number; readonly bytes: number };

/** Number and size of those who wait (QUEUED and CLAIMED). */
export type WaitingLoads = {
  all(): Load;
  ofGroup(groupId: string): Load;
  /** Of one user, by group. */
  ofUser(user: string): ReadonlyMap<string, Load>;
};

/** Of no waiters. */
export const NO_LOAD: Load = { waiters: 0, bytes: 0 };

/** The sum of several. */
export function sumOf(loads: Iterable<Load>): Load {
  let [waiters, bytes] = [0, 0];
  for (const load of loads) {
    waiters += load.waiters;
    bytes += load.bytes;
  }
  return { waiters, bytes };
}

/** An empty one. */
export function createWaitingLoads(): WaitingLoads & { count(waiter: Waiter, by: 1 | -1): void } {
  let all = NO_LOAD;
  const groups = new Map<string, Load>();
  const users = new Map<string, Map<string, Load>>();
  return {
    all: () => all,
    ofGroup: (groupId) => groups.get(groupId) ?? NO_LOAD,
    ofUser: (user) => users.get(user) ?? new Map(),
    count: ({ groupId, user, bytes = 0 }, by) => {
      const more = by * bytes;
      all = { waiters: all.waiters + by, bytes: all.bytes + more };
      add(groups, groupId, by, more);
      const own = users.get(user) ?? new Map<string, Load>();
      add(own, groupId, by, more);
      if (own.size === 0) users.delete(user);
      else users.set(user, own);
    },
  };
}

function add(loads: Map<string, Load>, key: string, moreWaiters: number, moreBytes: number): void {
  const { waiters, bytes } = loads.get(key) ?? NO_LOAD;
  if (waiters + moreWaiters === 0) loads.delete(key);
  else loads.set(key, { waiters: waiters + moreWaiters, bytes: bytes + moreBytes });
}
