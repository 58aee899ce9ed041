/** How far a queued statement has come. Its names, and those of the fields below, are in stored rows: they stay. */
export type WaiterPhase =
  | 'QUEUED'
  /** A slot is offered to it: a router submits the statement to the cluster. */
  | 'CLAIMED'
  /** Assigned to a cluster, which has answered; every poll of the temporary id gets that answer. */
  | 'HANDED_OVER'
  /** Cancelled, refused or forgotten. */
  | 'ENDED';

/** A slot offered to a waiter. */
export type Claim = {
  /** Whoever names it may assign the statement to the cluster. */
  readonly id: string;
  readonly backendId: string;
  /** The spill-over group that it starts in; absent: its own. */
  readonly groupId?: string;
  /** A poll has received it; before, it is reserved for a moment only. */
  readonly pickedUp: boolean;
  /** Then the waiter returns to its place: nothing has run. */
  readonly until: number;
};

/** The client's own limit for its wait. */
export type WaitLimit = {
  /** The wait ends then, with this message. */
  readonly until: number;
  readonly message: string;
};

/** A statement that waits for a slot. */
export type Waiter = {
  /** The temporary query id. */
  readonly id: string;
  /** When it arrived, by the database's clock, in milliseconds; rows of earlier versions have the numbers from 1 on. Later arrivals have larger numbers. */
  readonly place: number;
  readonly groupId: string;
  readonly priority: number;
  readonly user: string;
  readonly source: string;
  /** As whom Trino would run it, and the source the client sent, where user or source are others. */
  readonly asker?: { readonly user: string; readonly source: string } | undefined;
  /** It goes to no other group. */
  readonly strict?: boolean | undefined;
  /** The time limit of its group is over, which only observes. */
  readonly isOverdue?: boolean | undefined;
  /** What the strategy AFFINITY goes by, where that is not the user. */
  readonly affinityHash?: number | undefined;
  /** The only backend that may take it; absent: any of its group. */
  readonly onlyBackendId?: string | undefined;
  readonly submissionId: string;
  /** SHA-256 of the secret in its link, in hexadecimal. */
  readonly secretHash: string;
  /** Size of what is stored for it, sealed: its statement, then the cluster's answer. Absent where an earlier version stored it. */
  readonly bytes?: number;
  readonly queuedAt: number;
  readonly limit?: WaitLimit | undefined;
  /** No backend of its group is available, and that refuses queries then: it is refused at this time, unless one is back. */
  readonly outageUntil?: number | undefined;
  /** When its client was last stored as present; once it has gone, when its last poll ended. */
  readonly seenAt: number;
  /** A poll of it was held until then, when that was stored. */
  readonly heldUntil: number;
  /** It counts as present until then. */
  readonly presentUntil: number;
  /** How long its client pauses between polls; absent while that is not known. */
  readonly rhythmMs?: number | undefined;
  /** No slot is offered to it before then: every backend has just failed for it. */
  readonly pausedUntil: number;
  readonly phase: WaiterPhase;
  /** While CLAIMED; once HANDED_OVER, the one that succeeded. */
  readonly claim?: Claim | undefined;
  /** Backends that did not take it. */
  readonly failedBackendIds: readonly string[];
  /** Trino's id, once assigned. */
  readonly queryId: string;
  /** When it was assigned, or ended; 0 before. */
  readonly endedAt: number;
  /** Why it ended, as a Trino error name; empty while it has not. */
  readonly endedBy: string;
  /** The message for its client, where more is known than the name; while it waits, the one for it if it were abandoned now. */
  readonly endedMessage?: string | undefined;
};
