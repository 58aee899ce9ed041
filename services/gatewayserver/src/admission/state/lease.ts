/** How far a lease has come. Its names, and those of the fields below, are in stored rows: they stay. */
export type LeasePhase =
  /** Taken; the cluster has not answered its statement yet: it expires. */
  | 'TAKEN'
  /** Confirmed: the client has the cluster's first page and has not polled it. Nothing runs, so it expires, too. */
  | 'HANDED_OUT'
  /** Polled: it ends when the query ends, and by nothing else. */
  | 'RUNNING'
  /** Expired: it counts no more. Remembered, because a late first poll needs a slot for the same query. */
  | 'LAPSED'
  /** Its query is done: it counts no more. Remembered, because a repeated first poll needs no slot. */
  | 'SETTLED';

/** A query that counts against a limit. Times are milliseconds of the database's clock. */
export type Lease = {
  /** The submission it was taken for. */
  readonly id: string;
  readonly backendId: string;
  readonly groupId: string;
  readonly user: string;
  /** Trino's id; empty until the cluster has answered. */
  readonly queryId: string;
  readonly phase: LeasePhase;
  readonly takenAt: number;
  /** When a first poll was last let through to the cluster; absent before. */
  readonly polledAt?: number;
  /** When it expires, or is forgotten. 0 while it is RUNNING: then it does neither. */
  readonly until: number;
  /** A slot that becomes free before then is reserved for this expired lease: its client has asked, and asks again. */
  readonly wantedUntil?: number;
  /** For how long it was reserved when its client last asked, in milliseconds. */
  readonly wantedMs?: number;
};
