import { createJournal, type Journal } from './journal.ts';
import type { Lease, Waiter } from './waiter.ts';
import { createWaitingLine } from './waiting-line.ts';
import { createWaitingLoads, type WaitingLoads } from './waiting-loads.ts';

/** All leases, waiters and holds, with the counts and the order that decisions need. */
export type AdmissionState = {
  lease(id: string): Lease | undefined;
  /** The lease of a query the cluster has answered with this id. */
  leaseOfQuery(queryId: string): Lease | undefined;
  leases(): Iterable<Lease>;
  /** Those that count. */
  countedLeases(): Iterable<Lease>;
  /** LAPSED and SETTLED, in the order in which they became so. */
  pastLeases(): Iterable<Lease>;
  pastLeaseCount(): number;
  /** Those that have lapsed and were asked for since, oldest first. */
  wanted(): readonly Lease[];
  waiter(id: string): Waiter | undefined;
  /** The one whose statement became this query of its cluster. */
  waiterOfQuery(queryId: string): Waiter | undefined;
  waiters(): Iterable<Waiter>;
  /** QUEUED and CLAIMED. */
  waiting(): Iterable<Waiter>;
  /** HANDED_OVER and ENDED, in the order in which they became so. */
  pastWaiters(): Iterable<Waiter>;
  pastWaiterCount(): number;
  /** Of what is stored for them. */
  pastWaiterBytes(): number;
  /** An operator holds the group: nobody of it is started. */
  isHeld(groupId: string): boolean;
  putLease(lease: Lease): void;
  deleteLease(id: string): void;
  putWaiter(waiter: Waiter): void;
  deleteWaiter(id: string): void;
  setHeld(groupId: string, held: boolean): void;
  /** Leases that count: of a backend, of a backend within a group, of a user within a group. */
  onBackend(backendId: string): number;
  inGroupOnBackend(groupId: string, backendId: string): number;
  ofUser(groupId: string, user: string): number;
  /** The waiters of a group in phase QUEUED, by priority and place. */
  queue(groupId: string): readonly Waiter[];
  /** From 1; 0 when it is not in phase QUEUED. */
  positionOf(waiter: Waiter): number;
  /** The groups with waiters in phase QUEUED. */
  queuedGroupIds(): Iterable<string>;
  /** What those who wait amount to. */
  readonly loads: WaitingLoads;
  /** A place behind all that were ever given. */
  nextPlace(): number;
  /** What was changed since the last call of its `clear`, with what was there before. */
  readonly journal: Journal;
  /** Undoes what the journal holds. */
  undo(): void;
};

/** Nobody there. */
export function createAdmissionState(): AdmissionState {
  const counted = new Map<string, Lease>();
  const pastLeases = new Map<string, Lease>();
  const byQuery = new Map<string, string>();
  const wanted = new Map<string, Lease>();
  const waiting = new Map<string, Waiter>();
  const pastWaiters = new Map<string, Waiter>();
  const waiterByQuery = new Map<string, string>();
  const held = new Set<string>();
  const line = createWaitingLine();
  const loads = createWaitingLoads();
  const counts = new Map<string, number>();
  const journal = createJournal();
  let lastPlace = 0;
  let pastBytes = 0;
  const count = (key: string, by: 1 | -1) => {
    const value = (counts.get(key) ?? 0) + by;
    if (value === 0) counts.delete(key);
    else counts.set(key, value);
  };
  const findLease = (id: string) => counted.get(id) ?? pastLeases.get(id);
  const findWaiter = (id: string) => waiting.get(id) ?? pastWaiters.get(id);
  const countLease = ({ backendId, groupId, user }: Lease, by: 1 | -1) => {
    count(`backend ${backendId}`, by);
    count(`member ${groupId} ${backendId}`, by);
    count(`user ${groupId} ${user}`, by);
  };
  const removeLease = (id: string) => {
    const lease = findLease(id);
    if (!lease) return;
    if (counted.delete(id)) countLease(lease, -1);
    pastLeases.delete(id);
    wanted.delete(id);
    if (byQuery.get(lease.queryId) === id) byQuery.delete(lease.queryId);
  };
  const removeWaiter = (id: string) => {
    const waiter = findWaiter(id);
    if (!waiter) return;
    if (waiter.phase === 'QUEUED') line.remove(waiter);
    if (waiting.delete(id)) loads.count(waiter, -1);
    if (pastWaiters.delete(id)) pastBytes -= waiter.bytes ?? 0;
    if (waiterByQuery.get(waiter.queryId) === id) waiterByQuery.delete(waiter.queryId);
  };
  const setLease = (lease: Lease) => {
    removeLease(lease.id);
    if (isPastLease(lease)) pastLeases.set(lease.id, lease);
    else {
      counted.set(lease.id, lease);
      countLease(lease, 1);
    }
    if (lease.phase === 'LAPSED' && lease.wantedUntil !== undefined) wanted.set(lease.id, lease);
    if (lease.queryId !== '') byQuery.set(lease.queryId, lease.id);
  };
  const setWaiter = (waiter: Waiter) => {
    removeWaiter(waiter.id);
    if (isPastWaiter(waiter)) {
      pastWaiters.set(waiter.id, waiter);
      pastBytes += waiter.bytes ?? 0;
    } else {
      waiting.set(waiter.id, waiter);
      loads.count(waiter, 1);
    }
    lastPlace = Math.max(lastPlace, waiter.place);
    if (waiter.phase === 'QUEUED') line.add(waiter);
    if (waiter.queryId !== '') waiterByQuery.set(waiter.queryId, waiter.id);
  };
  const setHeld = (groupId: string, isHeld: boolean) => {
    if (isHeld) held.add(groupId);
    else held.delete(groupId);
  };
  return {
    lease: findLease,
    leaseOfQuery: (queryId) => findLease(byQuery.get(queryId) ?? ''),
    leases: () => [counted, pastLeases].values().flatMap((leases) => leases.values()),
    countedLeases: () => counted.values(),
    pastLeases: () => pastLeases.values(),
    pastLeaseCount: () => pastLeases.size,
    wanted: () => (wanted.size === 0 ? [] : [...wanted.values()].sort((a, b) => a.takenAt - b.takenAt)),
    waiter: findWaiter,
    waiterOfQuery: (queryId) => findWaiter(waiterByQuery.get(queryId) ?? ''),
    waiters: () => [waiting, pastWaiters].values().flatMap((waiters) => waiters.values()),
    waiting: () => waiting.values(),
    pastWaiters: () => pastWaiters.values(),
    pastWaiterCount: () => pastWaiters.size,
    pastWaiterBytes: () => pastBytes,
    isHeld: (groupId) => held.has(groupId),
    putLease: (lease) => {
      journal.leases.note(lease.id, findLease(lease.id));
      setLease(lease);
    },
    deleteLease: (id) => {
      const lease = findLease(id);
      if (!lease) return;
      journal.leases.note(id, lease);
      removeLease(id);
    },
    putWaiter: (waiter) => {
      journal.waiters.note(waiter.id, findWaiter(waiter.id));
      setWaiter(waiter);
    },
    deleteWaiter: (id) => {
      const waiter = findWaiter(id);
      if (!waiter) return;
      journal.waiters.note(id, waiter);
      removeWaiter(id);
    },
    setHeld: (groupId, isHeld) => {
      if (held.has(groupId) === isHeld) return;
      journal.holds.note(groupId, held.has(groupId) || undefined);
      setHeld(groupId, isHeld);
    },
    onBackend: (backendId) => counts.get(`backend ${backendId}`) ?? 0,
    inGroupOnBackend: (groupId, backendId) => counts.get(`member ${groupId} ${backendId}`) ?? 0,
    ofUser: (groupId, user) => counts.get(`user ${groupId} ${user}`) ?? 0,
    queue: line.of,
    positionOf: line.positionOf,
    queuedGroupIds: line.groupIds,
    loads,
    nextPlace: () => lastPlace + 1,
    journal,
    undo: () => {
      for (const [id, before] of journal.leases.noted()) before ? setLease(before) : removeLease(id);
      for (const [id, before] of journal.waiters.noted()) before ? setWaiter(before) : removeWaiter(id);
      for (const [id, before] of journal.holds.noted()) setHeld(id, before === true);
      journal.clear();
    },
  };
}

function isPastLease({ phase }: Lease): boolean {
  return phase === 'LAPSED' || phase === 'SETTLED';
}

function isPastWaiter({ phase }: Waiter): boolean {
  return phase === 'HANDED_OVER' || phase === 'ENDED';
}
