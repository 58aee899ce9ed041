import { createJournal, type Journal } from './journal.ts';
import type { Lease, Waiter } from './state.ts';
import { createWaitingLine } from './waiting-line.ts';

/** All leases, waiters and holds, with the counts and the order that decisions need. */
export type AdmissionState = {
  lease(id: string): Lease | undefined;
  /** The lease of a query the cluster has answered with this id. */
  leaseOfQuery(queryId: string): Lease | undefined;
  leases(): Iterable<Lease>;
  /** Those that have lapsed and were asked for since, oldest first. */
  wanted(): readonly Lease[];
  waiter(id: string): Waiter | undefined;
  waiters(): Iterable<Waiter>;
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
  /** QUEUED and CLAIMED waiters of a group, and of one of its users. */
  waitingInGroup(groupId: string): number;
  waitingOfUser(groupId: string, user: string): number;
  /** A place behind all that were ever given. */
  nextPlace(): number;
  /** What was changed since the last call of its `clear`, with what was there before. */
  readonly journal: Journal;
  /** Undoes what the journal holds. */
  undo(): void;
};

/** Nobody there. */
export function createAdmissionState(): AdmissionState {
  const leases = new Map<string, Lease>();
  const byQuery = new Map<string, string>();
  const wanted = new Map<string, Lease>();
  const waiters = new Map<string, Waiter>();
  const held = new Set<string>();
  const line = createWaitingLine();
  const counts = new Map<string, number>();
  const journal = createJournal();
  let lastPlace = 0;
  const count = (key: string, by: 1 | -1) => {
    const value = (counts.get(key) ?? 0) + by;
    if (value === 0) counts.delete(key);
    else counts.set(key, value);
  };
  const countLease = ({ backendId, groupId, user, phase }: Lease, by: 1 | -1) => {
    if (phase === 'LAPSED' || phase === 'SETTLED') return;
    count(`backend ${backendId}`, by);
    count(`member ${groupId} ${backendId}`, by);
    count(`user ${groupId} ${user}`, by);
  };
  const countWaiter = ({ groupId, user, phase }: Waiter, by: 1 | -1) => {
    if (phase !== 'QUEUED' && phase !== 'CLAIMED') return;
    count(`waiting ${groupId}`, by);
    count(`waiting ${groupId} ${user}`, by);
  };
  const removeLease = (id: string) => {
    const lease = leases.get(id);
    if (!lease) return;
    countLease(lease, -1);
    leases.delete(id);
    wanted.delete(id);
    if (byQuery.get(lease.queryId) === id) byQuery.delete(lease.queryId);
  };
  const removeWaiter = (id: string) => {
    const waiter = waiters.get(id);
    if (!waiter) return;
    if (waiter.phase === 'QUEUED') line.remove(waiter);
    countWaiter(waiter, -1);
    waiters.delete(id);
  };
  const setLease = (lease: Lease) => {
    removeLease(lease.id);
    leases.set(lease.id, lease);
    countLease(lease, 1);
    if (lease.phase === 'LAPSED' && lease.wantedUntil !== undefined) wanted.set(lease.id, lease);
    if (lease.queryId !== '') byQuery.set(lease.queryId, lease.id);
  };
  const setWaiter = (waiter: Waiter) => {
    removeWaiter(waiter.id);
    waiters.set(waiter.id, waiter);
    countWaiter(waiter, 1);
    lastPlace = Math.max(lastPlace, waiter.place);
    if (waiter.phase === 'QUEUED') line.add(waiter);
  };
  const setHeld = (groupId: string, isHeld: boolean) => {
    if (isHeld) held.add(groupId);
    else held.delete(groupId);
  };
  return {
    lease: (id) => leases.get(id),
    leaseOfQuery: (queryId) => leases.get(byQuery.get(queryId) ?? ''),
    leases: () => leases.values(),
    wanted: () => (wanted.size === 0 ? [] : [...wanted.values()].sort((a, b) => a.takenAt - b.takenAt)),
    waiter: (id) => waiters.get(id),
    waiters: () => waiters.values(),
    isHeld: (groupId) => held.has(groupId),
    putLease: (lease) => {
      journal.leases.note(lease.id, leases.get(lease.id));
      setLease(lease);
    },
    deleteLease: (id) => {
      const lease = leases.get(id);
      if (!lease) return;
      journal.leases.note(id, lease);
      removeLease(id);
    },
    putWaiter: (waiter) => {
      journal.waiters.note(waiter.id, waiters.get(waiter.id));
      setWaiter(waiter);
    },
    deleteWaiter: (id) => {
      const waiter = waiters.get(id);
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
    waitingInGroup: (groupId) => counts.get(`waiting ${groupId}`) ?? 0,
    waitingOfUser: (groupId, user) => counts.get(`waiting ${groupId} ${user}`) ?? 0,
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
