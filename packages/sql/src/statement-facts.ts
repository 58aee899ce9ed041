import { K } from './lexer/keywords.ts';
import { Lexer } from './lexer/lexer.ts';
import { statementShape } from './lexer/shape.ts';
import { sqlTokens } from './lexer/sql-tokens.ts';
import { MOST_TOKENS, tokenList } from './lexer/token-list.ts';
import { ColumnMentions, columnNames } from './reading/column-names.ts';
import { NotUnderstood } from './reading/not-understood.ts';
import { type Defaults, qualifiedNames } from './reading/qualified-names.ts';
import { query, queryRest } from './reading/query.ts';
import { Reading } from './reading/reading.ts';
import { executedStatement } from './session/executed-statement.ts';
import { type StatementSession, sessionCatalog, sessionSchema, statementSession } from './session/statement-session.ts';
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
  /** Names of columns that the statement mentions, in small letters; empty when unknown. Found out at the first look. */
  readonly columns: readonly string[];
  /** Whether these are all columns that are read: nothing is unknown, and there is no `*`. */
  readonly columnsKnown: boolean;
  /** Names of table functions, as the statement calls them, in small letters. */
  functions: readonly string[];
  /** Why something is unknown; empty when nothing is. Shows nothing of the statement. */
  unknown: string;
  /** What runs: the statement that EXECUTE or EXECUTE IMMEDIATE names, else the statement itself. */
  executed: string;
  /** What statements have in common that differ only in literals, as 16 hexadecimal digits; empty above the size that is read. */
  shape: () => string;
};

/** A longer one is unknown: reading it would keep others waiting. */
const MOST_CHARACTERS = 1_000_000;

/**
 * Reads a statement, looking through EXECUTE and EXECUTE IMMEDIATE. What it does not understand is unknown, never guessed.
 * Linear in the length of the statement; throws nothing.
 * @param rawHeaders of the client's request: catalog, schema and prepared statements count
 */
export function analyseStatement(sql: string, rawHeaders: readonly string[]): StatementFacts {
  if (sql.length > MOST_CHARACTERS) return unknown(sql, tooLong);
  const session = statementSession(rawHeaders);
  return new Lexer(sql).next() === K.EXECUTE ? executedFacts(sql, session) : factsOf(sql, session);
}

const tooLong = `more than ${MOST_CHARACTERS} characters`;

function executedFacts(sql: string, session: StatementSession): StatementFacts {
  const tokens = sqlTokens(sql);
  tokens.next();
  const executed = executedStatement(tokens, session);
  if (executed.kind === 'unreadable') return unknown(sql, executed.message, 'Execute');
  if (executed.kind === 'missing') return unknown(sql, 'the prepared statement is not there', 'Execute');
  return executed.sql.length > MOST_CHARACTERS ? unknown(sql, tooLong, 'Execute') : factsOf(executed.sql, session);
}

const grammar = { query, queryRest };

function factsOf(sql: string, session: StatementSession): StatementFacts {
  const list = tokenList(sql);
  if (list === undefined) return unknown(sql, `more than ${MOST_TOKENS} tokens`);
  const reading = new Reading(list, grammar);
  const defaults: Defaults = { catalog: sessionCatalog(session), schema: sessionSchema(session) };
  let statementClass = '';
  let kind = 'UNKNOWN';
  try {
    const classes = readStatement(reading);
    statementClass = classes.statementClass;
    kind = kindOfClass(classes.kindClass);
    const { tables, catalogs, schemas, functions } = qualifiedNames(reading.named, defaults);
    return new KnownFacts(sql, { kind, statementClass, tables, catalogs, schemas, functions });
  } catch (error) {
    if (!(error instanceof NotUnderstood)) throw error;
    const found = unknown(sql, error.message, statementClass || error.statementClass);
    return kind === 'UNKNOWN' ? found : { ...found, kind };
  }
}

type Names = Pick<StatementFacts, 'kind' | 'statementClass' | 'tables' | 'catalogs' | 'schemas' | 'functions'>;

class KnownFacts implements StatementFacts {
  readonly kind: string;
  readonly statementClass: string;
  readonly tablesKnown = true;
  readonly tables: readonly string[];
  readonly catalogs: readonly string[];
  readonly schemas: readonly string[];
  readonly functions: readonly string[];
  readonly unknown = '';
  readonly executed: string;
  #columns: Columns | undefined;
  #shape: string | undefined;

  constructor(sql: string, { kind, statementClass, tables, catalogs, schemas, functions }: Names) {
    this.kind = kind;
    this.statementClass = statementClass;
    this.tables = tables;
    this.catalogs = catalogs;
    this.schemas = schemas;
    this.functions = functions;
    this.executed = sql;
  }

  get columns(): readonly string[] {
    this.#columns ??= columnsOf(this.executed);
    return this.#columns.names;
  }

  get columnsKnown(): boolean {
    this.#columns ??= columnsOf(this.executed);
    return this.#columns.areAll;
  }

  shape(): string {
    this.#shape ??= statementShape(this.executed);
    return this.#shape;
  }
}

type Columns = { names: readonly string[]; areAll: boolean };

/** Reads a statement once more, and remembers columns. */
function columnsOf(sql: string): Columns {
  const list = tokenList(sql);
  if (list === undefined) return { names: nothing, areAll: false };
  const mentions = new ColumnMentions();
  readStatement(new Reading(list, grammar, mentions));
  return { names: columnNames(mentions, list), areAll: !mentions.isUnclear && !mentions.hasStar };
}

const nothing: readonly string[] = [];

function unknown(sql: string, why: string, statementClass = ''): StatementFacts {
  return {
    kind: statementClass === '' ? 'UNKNOWN' : kindOfClass(statementClass),
    statementClass,
    tablesKnown: false,
    tables: nothing,
    catalogs: nothing,
    schemas: nothing,
    columns: nothing,
    columnsKnown: false,
    functions: nothing,
    unknown: why,
    executed: sql,
    shape: () => (sql.length > MOST_CHARACTERS ? '' : statementShape(sql)),
  };
}
