import { tokenList } from './lexer/token-list.ts';
import { NotUnderstood } from './reading/not-understood.ts';
import { type Defaults, qualifiedNames } from './reading/qualified-names.ts';
import { query, queryRest } from './reading/query.ts';
import { Reading } from './reading/reading.ts';
import { statement as readStatement } from './statements/statement.ts';
import { kindOfClass } from './statements/statement-classes.ts';

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

const MOST_CHARACTERS = 1_000_000;

/**
 * Reads a statement, looking through EXECUTE and EXECUTE IMMEDIATE. What it does not understand is unknown, never guessed.
 * @param rawHeaders of the client's request: catalog, schema and prepared statements count
 */
export function analyseStatement(sql: string, rawHeaders: readonly string[]): StatementFacts {
  const defaults = {
    catalog: header(rawHeaders, 'x-trino-catalog'),
    schema: header(rawHeaders, 'x-trino-schema'),
  };
  if (sql.length > MOST_CHARACTERS) return unknown(`more than ${MOST_CHARACTERS} characters`);
  return facts(sql, defaults);
}

function facts(sql: string, defaults: Defaults): StatementFacts {
  const reading = new Reading(tokenList(sql), { query, queryRest });
  let known = unknown('');
  try {
    const { statementClass, kindClass } = readStatement(reading);
    known = { ...known, statementClass, kind: kindOfClass(kindClass) };
    return { ...known, ...qualifiedNames(reading.named, defaults), tablesKnown: true };
  } catch (error) {
    if (!(error instanceof NotUnderstood)) throw error;
    return { ...known, unknown: error.message };
  }
}

function unknown(why: string): StatementFacts {
  return {
    kind: 'UNKNOWN',
    statementClass: '',
    tablesKnown: false,
    tables: nothing,
    catalogs: nothing,
    schemas: nothing,
    columns: nothing,
    functions: nothing,
    unknown: why,
  };
}

function header(rawHeaders: readonly string[], name: string): string | undefined {
  for (let at = 0; at < rawHeaders.length; at += 2)
    if (rawHeaders[at]?.toLowerCase() === name) return rawHeaders[at + 1]?.trim().toLowerCase() || undefined;
  return undefined;
}
