/** A lease, a waiter, a hold or a seal (StoredSeal) as it is stored. */
export type AdmissionEntry = {
  kind: 'lease' | 'waiter' | 'hold' | 'seal';
  id: string;
  /** Empty once it is over: a tombstone, which other replicas have yet to read. */
  document: string;
};

/** What of admission was changed by others, read at one moment. */
export type AdmissionChanges = {
  /** Grows with every change. */
  version: number;
  /** Epoch milliseconds of the database's clock. */
  now: number;
  /** The revision of the configuration at that moment. */
  configuration: number;
  /** True when these are all entries there are. */
  whole: boolean;
  entries: AdmissionEntry[];
};

/** An encrypted statement or answer of a query that waits: kept apart from its entry, and read only when it is needed. */
export type SealedText = { id: string; part: string; sealed: Uint8Array };

/** Texts that are not needed any more; without a part, all of this id. */
export type Forgotten = { id: string; part?: string };

/** What a change of admission writes. */
export type AdmissionWrites = {
  /** Each once. */
  entries: readonly AdmissionEntry[];
  /** Stored unless they are there already. */
  sealed: readonly SealedText[];
  forgotten: readonly Forgotten[];
};

/** Leases, waiters, holds and seals, which all replicas share. */
export type AdmissionStore = {
  /**
   * What was changed after a version, or all there is; undefined when nothing was. A version is only good for some minutes:
   * afterwards tombstones have been deleted. A version that a restored database has not reached counts as none.
   */
  changes(since: number | undefined): Promise<AdmissionChanges | undefined>;
  /**
   * Runs a change in one transaction. All changes of all replicas run one after the other. `work` gets what others have
   * changed since the version given (all there is when undefined) and answers what is written; after a deadlock or a lost
   * connection it runs again. @returns the version that is in force then
   * @throws DrainEndedError when a seal is to be stored whose drain has ended
   */
  change(since: number | undefined, work: (changes: AdmissionChanges) => AdmissionWrites): Promise<number>;
  /** Deletes tombstones that are older than `ms`, and sealed texts of that age whose query does not wait. */
  prune(ms: number): Promise<void>;
};

/** Encrypted statements and answers of those who wait. A change of admission writes and deletes them, too. */
export type SealedTextStore = {
  /** The first text of a part stands. */
  put(text: SealedText): Promise<void>;
  get(queryId: string, part: string): Promise<Uint8Array | undefined>;
};
