/** What became of a submission. */
export type SubmissionResult =
  /** A cluster took it, and the client has its first page. */
  | 'handed_over'
  /** There is no room: it waits, and the client has a QUEUED page. */
  | 'queued'
  /** The gateway itself did what it says: it killed a query that waited. */
  | 'carried_out'
  /** The client was told why not, as Trino fails a query. */
  | 'refused'
  /** The cluster answered something else than a page, 401 for one, which was passed on. */
  | 'answered'
  /** The client did not pass delegated authentication. */
  | 'unauthenticated'
  /** The client hung up first. */
  | 'abandoned';

/** What came of giving a statement that had waited to a cluster. */
export type AssignResult =
  /** The client has the cluster's page. */
  | 'handed_over'
  /** The cluster did not take it: it is offered to another, or waits on. */
  | 'failed'
  /** The cluster did not accept the credentials. */
  | 'unauthenticated'
  /** The cluster answered something else than a page, which was passed on. */
  | 'answered'
  /** The client hung up first: it keeps its place. */
  | 'abandoned'
  /** Too late, or nobody could say that it was not: the cluster's page was thrown away, nothing ran. */
  | 'lost';
