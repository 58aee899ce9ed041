/** What became of a submission. */
export type SubmissionResult =
  /** A cluster took it, and the client has its first page. */
  | 'handed_over'
  /** No slot is free: it waits, and the client has a QUEUED page. */
  | 'queued'
  /** The gateway itself carried it out: it killed a query that waited, or kept a connection alive. */
  | 'carried_out'
  /** The client was told why, as Trino fails a query. */
  | 'refused'
  /** The cluster answered something else than a page, 401 for one, which was passed on. */
  | 'answered'
  /** The client did not pass delegated authentication. */
  | 'unauthenticated'
  /** The client hung up first. */
  | 'abandoned';

/** What came of posting a statement that had waited. */
export type AssignResult =
  /** The client has the cluster's page. */
  | 'handed_over'
  /** The cluster did not take it: it is offered to another, or waits on. */
  | 'failed'
  /** The cluster did not accept the credentials. */
  | 'unauthenticated'
  /** The cluster answered something else than a page, which was passed on. */
  | 'answered'
  /** The client hung up first: the statement keeps its place. */
  | 'abandoned'
  /** The claim was lost, or the gatewayserver did not say: the cluster's page was thrown away, nothing ran. */
  | 'lost';
