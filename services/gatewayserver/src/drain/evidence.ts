// What is known of one incarnation that takes no new queries, from everybody who knows something of it. Times are epoch milliseconds.

/** One incarnation of a coordinator. */
export type Incarnation = { backendId: string; suffix: string; url: string };

/** A query as a router knows it: its last page did not pass there. */
export type RoutedQuery = {
  id: string;
  /** When it was handed over, or last polled. */
  seenAt: number;
  /** It has begun: its client has polled it. */
  polled: boolean;
  /** Its client gets its pages from the cluster itself. */
  direct: boolean;
};

/** What a router tells of the incarnation. */
export type RouterKnowledge = {
  /** Statements on their way there: posted, or about to be, and not handed over yet. */
  underWay: number;
  /** How many queries it has live; `queries` are the latest of them. */
  live: number;
  queries: readonly RoutedQuery[];
  /** Queries whose last page passed there. */
  endedQueryIds: readonly string[];
  /** Transactions that were used there in the last while. */
  transactionIds: readonly string[];
};

/** What one router told last. */
export type RouterReport = {
  routerId: string;
  reportedAt: number;
  /** It has stopped since. */
  left: boolean;
  /** Which drains it knew of; undefined for a router of an earlier version, which tells nothing of them. */
  revision: number | undefined;
  /** Absent while it does not know of this drain. */
  told: RouterKnowledge | undefined;
  /** The queries of the backend that it counts as live. */
  live: number;
};

/** A lease of the backend. */
export type HeldLease = {
  id: string;
  /** Empty until the cluster has answered. */
  queryId: string;
  phase: 'TAKEN' | 'HANDED_OUT' | 'RUNNING';
  /** When its first poll passed, or it was taken. */
  usedAt: number;
};

/** What the cluster says of one kind of thing. */
export type Listed =
  | { known: true; ids: readonly string[]; count: number }
  /** In words for an operator. */
  | { known: false; problem: string };

/** What the cluster itself says of all that runs on it. */
export type ClusterAnswer = {
  /** The incarnation that answered; empty when none did. */
  suffix: string;
  /** What the cluster had begun before is in the answer. */
  askedAt: number;
  queries: Listed;
  transactions: Listed;
};

/** Everything that is known of the incarnation. */
export type Evidence = {
  now: number;
  incarnation: Incarnation;
  /** Since when it is asked about. */
  begunAt: number;
  /** What a router must know of drains: from then on it sends nothing new there. */
  revision: number;
  /** Since when routers and monitor have been able to report here without a break. */
  servedSince: number;
  routers: readonly RouterReport[];
  leases: readonly HeldLease[];
  /** The submissions of waiters that are offered a slot there. */
  offered: readonly string[];
  /** Those that routers have told of. */
  transactions: readonly { id: string; coordinatorId: string; startedAt: number }[];
  /** Of those that routers have handed over, queries that history knows to have ended. */
  endedInHistory: ReadonlySet<string>;
  /** Absent while the cluster was not asked. */
  cluster: ClusterAnswer | undefined;
  /** For how long a client may be silent and come back: Trino's query.client.timeout. */
  clientTimeoutMs: number;
};

/** A router that has not reported for this long is silent. */
export const SILENT_AFTER_MS = 10_000;

/** By how much the clocks of gatewayservers and database may differ. */
export const CLOCK_MS = 1_000;

/** A submission through a router of an earlier version, which does not tell of it, has ended after this time. */
export const LONGEST_SUBMISSION_MS = 120_000;
