import type { Lease, Waiter } from './state.ts';

/** All leases and waiters, with the counts and the order that decisions need. */
export type AdmissionState = {
  lease(id: string): Lease | undefined;
  /** The lease of a query the cluster has answered with this id. */
  leaseOfQuery(queryId: string): Lease | undefined;
  leases(): Iterable<Lease>;
  waiter(id: string): Waiter | undefined;
  waiters(): Iterable<Waiter>;
  putLease(lease: Lease): void;
  deleteLease(id: string): void;
  putWaiter(waiter: Waiter): void;
  deleteWaiter(id: string): void;
  /** Leases that count: of a backend, of a backend within a group, of a user within a group. */
  onBackend(backendId: string): number;
  inGroupOnBackend(groupId: string, backendId: string): number;
  ofUser(groupId: string, user: string): number;
  /** The waiters of a group in phase QUEUED, by priority and place. */
  queue(groupId: string): readonly Waiter[];
  /** The groups with waiters in phase QUEUED. */
  queuedGroupIds(): Iterable<string>;
  /** QUEUED and CLAIMED waiters of a group, and of one of its users. */
  waitingInGroup(groupId: string): number;
  waitingOfUser(groupId: string, user: string): number;
};

/** Nobody there. */
export function createAdmissionState(): AdmissionState {
  const leases = new Map<string, Lease>();
  const byQuery = new Map<string, string>();
  const waiters = new Map<string, Waiter>();
  const queues = new Map<string, Waiter[]>();
  const counts = new Map<string, number>();
  const count = (key: string, by: 1 | -1) => {
    const value = (counts.get(key) ?? 0) + by;
    if (value === 0) counts.delete(key);
    else counts.set(key, value);
  };
  const countLease = ({ backendId, groupId, user, phase }: Lease, by: 1 | -1) => {
    if (phase === 'LAPSED') return;
    count(`backend ${backendId}`, by);
    count(`member ${groupId} ${backendId}`, by);
    count(`user ${groupId} ${user}`, by);
  };
  const countWaiter = ({ groupId, user, phase }: Waiter, by: 1 | -1) => {
    if (phase !== 'QUEUED' && phase !== 'CLAIMED') return;
    count(`waiting ${groupId}`, by);
    count(`waiting ${groupId} ${user}`, by);
  };
  const unqueue = (waiter: Waiter) => {
    const queue = queues.get(waiter.groupId);
    if (waiter.phase !== 'QUEUED' || !queue) return;
    const at = placeIn(queue, waiter);
    if (queue[at]?.id === waiter.id) queue.splice(at, 1);
    if (queue.length === 0) queues.delete(waiter.groupId);
  };
  const deleteLease = (id: string) => {
    const lease = leases.get(id);
    if (!lease) return;
    countLease(lease, -1);
    leases.delete(id);
    if (byQuery.get(lease.queryId) === id) byQuery.delete(lease.queryId);
  };
  const deleteWaiter = (id: string) => {
    const waiter = waiters.get(id);
    if (!waiter) return;
    unqueue(waiter);
    countWaiter(waiter, -1);
    waiters.delete(id);
  };
  return {
    lease: (id) => leases.get(id),
    leaseOfQuery: (queryId) => leases.get(byQuery.get(queryId) ?? ''),
    leases: () => leases.values(),
    waiter: (id) => waiters.get(id),
    waiters: () => waiters.values(),
    putLease: (lease) => {
      deleteLease(lease.id);
      leases.set(lease.id, lease);
      countLease(lease, 1);
      if (lease.queryId !== '') byQuery.set(lease.queryId, lease.id);
    },
    deleteLease,
    putWaiter: (waiter) => {
      deleteWaiter(waiter.id);
      waiters.set(waiter.id, waiter);
      countWaiter(waiter, 1);
      if (waiter.phase !== 'QUEUED') return;
      const queue = queues.get(waiter.groupId) ?? [];
      queues.set(waiter.groupId, queue);
      queue.splice(placeIn(queue, waiter), 0, waiter);
    },
    deleteWaiter,
    onBackend: (backendId) => counts.get(`backend ${backendId}`) ?? 0,
    inGroupOnBackend: (groupId, backendId) => counts.get(`member ${groupId} ${backendId}`) ?? 0,
    ofUser: (groupId, user) => counts.get(`user ${groupId} ${user}`) ?? 0,
    queue: (groupId) => queues.get(groupId) ?? [],
    queuedGroupIds: () => queues.keys(),
    waitingInGroup: (groupId) => counts.get(`waiting ${groupId}`) ?? 0,
    waitingOfUser: (groupId, user) => counts.get(`waiting ${groupId} ${user}`) ?? 0,
  };
}

/** Negative when the first is before the second: higher priority first, then arrival. */
export function compareWaiters(a: Waiter, b: Waiter): number {
  return b.priority - a.priority || a.place - b.place || (a.id < b.id ? -1 : a.id > b.id ? 1 : 0);
}

/** Where a waiter stands, or belongs, in a sorted queue. */
function placeIn(queue: readonly Waiter[], waiter: Waiter): number {
  let low = 0;
  let high = queue.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    const other = queue[middle];
    if (other !== undefined && compareWaiters(other, waiter) < 0) low = middle + 1;
    else high = middle;
  }
  return low;
}
