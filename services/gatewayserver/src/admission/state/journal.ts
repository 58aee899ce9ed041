import type { Lease } from './lease.ts';
import type { Seal } from './seal.ts';
import type { Waiter } from './waiter.ts';

/** The changes of one kind of thing: what was there before the first change of each. */
export type JournalPart<Thing> = {
  note(id: string, before: Thing | undefined): void;
  noted(): ReadonlyMap<string, Thing | undefined>;
};

/** One of the sealed texts of a waiter: its statement, or an answer. */
type TextKey = { id: string; part: string };

/** What has to be written, or undone. */
export type Journal = {
  readonly leases: JournalPart<Lease>;
  readonly waiters: JournalPart<Waiter>;
  /** Groups: whether they were held. */
  readonly holds: JournalPart<true>;
  /** By the suffix of the incarnation. */
  readonly seals: JournalPart<Seal>;
  /** To be stored with the changes. */
  readonly sealed: (TextKey & { sealed: Uint8Array })[];
  /** To be deleted: their waiter, or its claim, was refused. */
  readonly refused: TextKey[];
  clear(): void;
};

/** An empty one. */
export function createJournal(): Journal {
  const leases = createPart<Lease>();
  const waiters = createPart<Waiter>();
  const holds = createPart<true>();
  const seals = createPart<Seal>();
  const sealed: Journal['sealed'] = [];
  const refused: Journal['refused'] = [];
  return {
    leases,
    waiters,
    holds,
    seals,
    sealed,
    refused,
    clear: () => {
      sealed.length = 0;
      refused.length = 0;
      for (const part of [leases, waiters, holds, seals]) part.clear();
    },
  };
}

function createPart<Thing>(): JournalPart<Thing> & { clear(): void } {
  const before = new Map<string, Thing | undefined>();
  return {
    note: (id, thing) => {
      if (!before.has(id)) before.set(id, thing);
    },
    noted: () => before,
    clear: () => before.clear(),
  };
}
