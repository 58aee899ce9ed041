import type { ListQueriesRequest, Query } from '@trino-gateway/api/gateway';

/**
 * What ListQueries filters by. The store makes and checks the page tokens. Text is searched for as it is written, case
 * included. Pages have 100 rows when the size is 0, at most 1000.
 */
export type QueryFilter = Omit<ListQueriesRequest, '$typeName' | '$unknown'>;

/** Where a query stands in the order of history. */
export type QueryPosition = { submittedAt: number; id: string };

/** The latest time that is kept, in epoch milliseconds: a later one cannot be written as JSON (google.protobuf.Timestamp). */
export const LATEST_MS = Date.parse('9999-12-31T23:59:59Z');

/** History: one row per query. */
export type QueryStore = {
  /**
   * Fills or completes rows by id, all or nothing. What a report leaves empty keeps its stored value, a final
   * state is never undone, and repeating or reordering reports changes nothing. Where reports contradict each other the
   * further state (FAILED over FINISHED), the earlier start, the larger text or number, the longer error holds. A report of
   * an id that nobody submitted makes a row. Kept: texts up to 1,000,000 characters, user, source and decided_by up to 256.
   */
  record(queries: readonly Query[]): Promise<void>;
  /**
   * The same for reports of observers, who saw a query run but did not submit it: completes the rows that have their Trino
   * ids, except for the time of submission. A report with one has all its times by a cluster's clock, and it is the time when the
   * cluster got the query: they are stored by the clock of the row where the two are apart. Answers the reports about queries without a row.
   */
  complete(reports: readonly Query[]): Promise<Query[]>;
  /** By id, else by Trino id. */
  get(id: string): Promise<Query | undefined>;
  /** Ordered by submitted_at and id. @throws BadPageTokenError */
  list(filter: QueryFilter): Promise<{ queries: Query[]; nextPageToken: string }>;
  /** Skips `count` queries behind a position, or from the newest on: where the next one stands; undefined past the end. */
  positionBehind(position: QueryPosition | undefined, count: number): Promise<QueryPosition | undefined>;
  /** Deletes history up to and including a position, oldest first, at most `most` rows. @returns how many were deleted */
  purge(upTo: QueryPosition, most: number): Promise<number>;
};
