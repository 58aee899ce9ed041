import { createJournal, type Journal } from './journal.ts';
import type { Lease } from './lease.ts';
import { createLeaseTable, type LeaseReads } from './lease-table.ts';
import type { Seal } from './seal.ts';
import type { Waiter } from './waiter.ts';
import { createWaiterTable, type WaiterReads } from './waiter-table.ts';

/** All leases, waiters and held groups, with the counts and the order that decisions need. */
export type AdmissionState = LeaseReads &
  WaiterReads & {
    /** An operator holds the group: none of its queries is started. */
    isHeld(groupId: string): boolean;
    /** Of the incarnation with this suffix. */
    seal(suffix: string): Seal | undefined;
    putSeal(seal: Seal): void;
    deleteSeal(suffix: string): void;
    putLease(lease: Lease): void;
    deleteLease(id: string): void;
    putWaiter(waiter: Waiter): void;
    deleteWaiter(id: string): void;
    setHeld(groupId: string, held: boolean): void;
    /** What has changed since it was last cleared, with what was there before. */
    readonly journal: Journal;
    /** Undoes what the journal holds. */
    undo(): void;
    /** Runs work and undoes what it has changed. The work sees its own changes, nobody else does. */
    tentatively<T>(work: () => T): T;
  };

/** An empty one. */
export function createAdmissionState(): AdmissionState {
  const leases = createLeaseTable();
  const waiters = createWaiterTable();
  const held = new Set<string>();
  const seals = new Map<string, Seal>();
  let journal = createJournal();
  const findLease = leases.reads.lease;
  const findWaiter = waiters.reads.waiter;
  const setHeld = (groupId: string, isHeld: boolean) => {
    if (isHeld) held.add(groupId);
    else held.delete(groupId);
  };
  const undo = () => {
    for (const [id, before] of journal.leases.noted()) before ? leases.set(before) : leases.remove(id);
    for (const [id, before] of journal.waiters.noted()) before ? waiters.set(before) : waiters.remove(id);
    for (const [id, before] of journal.holds.noted()) setHeld(id, before === true);
    for (const [id, before] of journal.seals.noted()) before ? seals.set(id, before) : seals.delete(id);
    journal.clear();
  };
  return {
    ...leases.reads,
    ...waiters.reads,
    isHeld: (groupId) => held.has(groupId),
    putLease: (lease) => {
      journal.leases.note(lease.id, findLease(lease.id));
      leases.set(lease);
    },
    deleteLease: (id) => {
      const lease = findLease(id);
      if (!lease) return;
      journal.leases.note(id, lease);
      leases.remove(id);
    },
    putWaiter: (waiter) => {
      journal.waiters.note(waiter.id, findWaiter(waiter.id));
      waiters.set(waiter);
    },
    deleteWaiter: (id) => {
      const waiter = findWaiter(id);
      if (!waiter) return;
      journal.waiters.note(id, waiter);
      waiters.remove(id);
    },
    seal: (suffix) => seals.get(suffix),
    putSeal: (seal) => {
      journal.seals.note(seal.suffix, seals.get(seal.suffix));
      seals.set(seal.suffix, seal);
    },
    deleteSeal: (suffix) => {
      journal.seals.note(suffix, seals.get(suffix));
      seals.delete(suffix);
    },
    setHeld: (groupId, isHeld) => {
      if (held.has(groupId) === isHeld) return;
      journal.holds.note(groupId, held.has(groupId) || undefined);
      setHeld(groupId, isHeld);
    },
    get journal() {
      return journal;
    },
    undo,
    tentatively: (work) => {
      const kept = journal;
      journal = createJournal();
      try {
        return work();
      } finally {
        undo();
        journal = kept;
      }
    },
  };
}
