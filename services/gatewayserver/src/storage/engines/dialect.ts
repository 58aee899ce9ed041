/** SQL that engines write differently. */
export type Dialect = {
  /** The database's clock in epoch milliseconds: those of the replicas may differ. */
  readonly clock: string;
  /** The marks of a statement's values: each call gives the next one. */
  marks(): () => string;
  /** A name that may be a word of SQL. */
  quoted(name: string): string;
  /** The largest and the least of a list of values; NULL when one of them is, but on PostgreSQL. */
  readonly largest: string;
  readonly least: string;
  /** Inserts these tuples, and leaves rows that are there as they are. */
  insertNew(into: string, tuples: string): string;
  /** What follows an insert, up to the assignments, where a row with the same key is to be updated instead. */
  onConflict(key: string): string;
  /** In such an assignment: the value that is stored. */
  stored(table: string, column: string): string;
  /** In such an assignment: the value that was to be inserted. */
  offered(column: string): string;
  /** A condition: the column contains the text, case included. */
  contains(column: string, text: string): string;
  /** Ends a SELECT that locks its rows until the transaction ends. */
  readonly forUpdate: string;
  /** The same, without the rows that others have locked. */
  readonly forUpdateSkipLocked: string;
  /** How the planner is led to the index that has a page of history in its order; see page-select.ts. */
  readonly pageHint: 'none' | 'index-names' | 'order-by-filter';
};

/** Marks that are all the same. */
export const questionMarks: Dialect['marks'] = () => () => '?';

/** How SQLite and PostgreSQL merge an insert with the row that is there. */
export const onConflictClauses: Pick<Dialect, 'quoted' | 'onConflict' | 'stored' | 'offered'> = {
  quoted: (name) => `"${name}"`,
  onConflict: (key) => `ON CONFLICT (${key}) DO UPDATE SET`,
  stored: (table, column) => `${table}.${column}`,
  offered: (column) => `excluded.${column}`,
};
