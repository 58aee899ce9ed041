/** How far a lease has come. */
export type LeasePhase =
  /** Taken, its statement not yet given to the cluster: it ends by itself. */
  | 'TAKEN'
  /** The client has the cluster's first page and has not polled it: nothing runs, so it ends by itself, too. */
  | 'HANDED_OUT'
  /** Polled: it ends when the query has ended, and by nothing else. */
  | 'RUNNING'
  /** It ended by itself and counts no more; remembered, because a late first poll needs a slot for the same query. */
  | 'LAPSED'
  /** Its query is done and it counts no more; remembered, because a first poll that is repeated needs no slot. */
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
  /** When its phase ends by itself: then it lapses, or is forgotten. 0 while it is RUNNING: then it does not. */
  readonly until: number;
  /** Of one that is LAPSED: its client asks for a slot, and will have asked again by then. */
  readonly wantedUntil?: number;
};

/** How far a statement that waits in the gateway has come. */
export type WaiterPhase =
  | 'QUEUED'
  /** A slot was offered: somebody is giving the statement to the cluster. */
  | 'CLAIMED'
  /** The cluster has it; every poll of the temporary id gets the same answer. */
  | 'HANDED_OVER'
  /** Cancelled, refused or forgotten. */
  | 'ENDED';

/** A slot offered to a waiter. */
export type Claim = {
  /** Whoever names it may hand the statement over. */
  readonly id: string;
  readonly backendId: string;
  /** A poll knows of it; before, it is kept for a moment only. */
  readonly pickedUp: boolean;
  /** Afterwards the waiter is back in its place: by then nothing has run. */
  readonly until: number;
};

/** A statement that waits for a slot. */
export type Waiter = {
  /** The temporary query id. */
  readonly id: string;
  /** Its place among all: later arrivals have larger numbers. */
  readonly place: number;
  readonly groupId: string;
  readonly priority: number;
  readonly user: string;
  readonly source: string;
  readonly submissionId: string;
  /** SHA-256 of the secret in its link, in hexadecimal. */
  readonly secretHash: string;
  /** Stored for it, sealed: its statement, then the answer it was handed over with. Absent where an earlier version stored it. */
  readonly bytes?: number;
  readonly queuedAt: number;
  /** The last poll. */
  readonly seenAt: number;
  /** A poll of it is held until then, unless its client goes. */
  readonly heldUntil: number;
  /** Until then it counts as present: a poll of it is held, or was a moment ago. */
  readonly presentUntil: number;
  /** No slot is offered to it before: every backend has just failed for it. */
  readonly pausedUntil: number;
  readonly phase: WaiterPhase;
  /** While CLAIMED; once HANDED_OVER the one that succeeded. */
  readonly claim?: Claim | undefined;
  /** Backends that did not take it. */
  readonly failedBackendIds: readonly string[];
  /** Trino's id, once handed over. */
  readonly queryId: string;
  /** When it was handed over or ended; 0 before. */
  readonly endedAt: number;
  /** Why it ended, as a Trino error name; empty while it has not. */
  readonly endedBy: string;
  /** What its client is told then, where somebody said more than the name. */
  readonly endedMessage?: string | undefined;
};
