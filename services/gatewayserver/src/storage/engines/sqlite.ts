import { resolve } from 'node:path';
import { columnTypes } from './columns.ts';
import { onConflictClauses, questionMarks } from './dialect.ts';
import type { Engine, EngineAddress } from './engine.ts';
import { filesOpenToOthers, makePrivateFiles } from './sqlite-files.ts';
import { lockOfFile, oneAtATime } from './transaction-lock.ts';

const MEMORY = ':memory:';

// A statement that meets another process's lock gives up quickly, since waiting would block this whole process; the
// transaction is then run again (see database.ts).
const BUSY_MS = 5;

const CONTENTION = ['SQLITE_BUSY', 'SQLITE_BUSY_SNAPSHOT', 'SQLITE_BUSY_RECOVERY', 'SQLITE_LOCKED'];
const UNAVAILABLE = ['SQLITE_FULL', 'SQLITE_READONLY', 'SQLITE_CANTOPEN'];

/** SQLite by better-sqlite3: a file on this machine, or a database in memory. */
export const sqlite: Engine = {
  name: 'sqlite',
  schemes: ['sqlite:'],
  example: 'sqlite:PATH',
  driver: 'better-sqlite3',
  addressOf(url) {
    const file = url.slice('sqlite:'.length);
    if (file === '') throw new Error('database_url: sqlite: needs a path, as in sqlite:./data/gateway.db');
    return file === MEMORY ? inMemory : inFile(file);
  },
  embedded: true,
  columns: columnTypes({ text: 'text', int: 'integer', bytewise: {} }),
  dialect: {
    ...onConflictClauses,
    clock: "CAST(unixepoch('subsec') * 1000 AS INTEGER)",
    marks: questionMarks,
    largest: 'MAX',
    least: 'MIN',
    insertNew: (into, tuples) => `INSERT OR IGNORE INTO ${into} VALUES ${tuples}`,
    contains: (column, text) => `instr(${column}, ${text}) > 0`,
    // A transaction has the whole database for itself from its start.
    forUpdate: '',
    forUpdateSkipLocked: '',
    pageHint: 'none',
  },
  runEach,
  begin: { plain: [], snapshot: ['BEGIN'], write: ['BEGIN IMMEDIATE'] },
  sessionSettings: () => [],
  failureOf({ code }) {
    if (CONTENTION.includes(code)) return 'contention';
    return UNAVAILABLE.includes(code) || code.startsWith('SQLITE_IOERR') ? 'unavailable' : undefined;
  },
  // The write lock of the file covers the check of what is pending, too.
  migrationLock: {
    transaction: 'none',
    async take(runner) {
      await runner.query('BEGIN IMMEDIATE');
      return true;
    },
    async release(runner, outcome) {
      await runner.query(outcome === 'done' ? 'COMMIT' : 'ROLLBACK');
    },
  },
  clearLog: ['PRAGMA wal_checkpoint(TRUNCATE)'],
};

/** The part of better-sqlite3 that is used without TypeORM. */
type Connection = { prepare(sql: string): Statement };
type Statement = { run(...values: readonly unknown[]): unknown };

const MOST_PREPARED = 20;
const prepared = new WeakMap<object, Map<string, Statement>>();

function runEach(connection: unknown, sql: string, rows: readonly (readonly unknown[])[]): void {
  const statement = preparedOn(connection as Connection, sql);
  for (const values of rows) statement.run(...values);
}

function preparedOn(connection: Connection, sql: string): Statement {
  let statements = prepared.get(connection);
  if (statements === undefined || statements.size >= MOST_PREPARED) {
    statements = new Map();
    prepared.set(connection, statements);
  }
  const known = statements.get(sql);
  if (known !== undefined) return known;
  const statement = connection.prepare(sql);
  statements.set(sql, statement);
  return statement;
}

const inMemory: EngineAddress = {
  inMemory: true,
  options: () => optionsOf(MEMORY, []),
  transactionLock: () => ({ lock: oneAtATime(), release() {} }),
};

function inFile(file: string): EngineAddress {
  return {
    inMemory: false,
    options: () => optionsOf(file, ['journal_mode = WAL', 'synchronous = NORMAL']),
    transactionLock: () => lockOfFile(resolve(file)),
    files: { makePrivate: () => makePrivateFiles(file), openToOthers: () => filesOpenToOthers(file) },
  };
}

function optionsOf(database: string, pragmas: readonly string[]): ReturnType<EngineAddress['options']> {
  return {
    type: 'better-sqlite3',
    database,
    timeout: BUSY_MS,
    prepareDatabase(connection: { pragma(text: string): unknown }) {
      for (const pragma of pragmas) connection.pragma(pragma);
      // Overwrites what is replaced, so that nothing of a former secret is left in the file.
      connection.pragma('secure_delete = FAST');
      connection.pragma('foreign_keys = ON');
    },
  };
}
