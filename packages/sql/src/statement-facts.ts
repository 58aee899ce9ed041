/** What a statement says, as far as that can be known without asking a cluster. */
export type StatementFacts = {
  /**
   * As Trino's resource groups name it (QueryType): SELECT, EXPLAIN, DESCRIBE, INSERT, UPDATE, DELETE, MERGE, ANALYZE,
   * DATA_DEFINITION, ALTER_TABLE_EXECUTE. UNKNOWN when the statement is not understood.
   */
  kind: string;
  /** The class of Trino's syntax tree, for example Query, Insert or ShowTables; empty when it is not understood. */
  statementClass: string;
  /** Whether tables, catalogs and schemas are all that the statement names; otherwise they are empty. */
  tablesKnown: boolean;
  /** `catalog.schema.table`, with the session's catalog and schema where the statement names none; each once. */
  tables: readonly string[];
  catalogs: readonly string[];
  /** `catalog.schema`. */
  schemas: readonly string[];
  /** Names of columns that the statement mentions; empty when unknown. */
  columns: readonly string[];
  /** Names of table functions. */
  functions: readonly string[];
  /** Why something is unknown; empty when nothing is. */
  unknown: string;
};

const nothing: readonly string[] = [];

/**
 * Reads a statement, looking through EXECUTE and EXECUTE IMMEDIATE. What it does not understand is unknown, never guessed.
 * @param rawHeaders of the client's request: catalog, schema and prepared statements count
 */
export function analyseStatement(_statement: string, _rawHeaders: readonly string[]): StatementFacts {
  return {
    kind: 'UNKNOWN',
    statementClass: '',
    tablesKnown: false,
    tables: nothing,
    catalogs: nothing,
    schemas: nothing,
    columns: nothing,
    functions: nothing,
    unknown: 'the statement is not analysed',
  };
}
