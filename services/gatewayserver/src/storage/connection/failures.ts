import { QueryFailedError, QueryRunnerAlreadyReleasedError, QueryRunnerProviderAlreadyReleasedError } from 'typeorm';
import { DatabaseUnavailableError } from '../contract/errors.ts';

/**
 * What a failure of the database means for the one who asked: `contention` is gone when the transaction is run again,
 * `lost` means that the connection broke, `unavailable` that it cannot serve now, `refused` that it will not serve this.
 */
export type Failure = 'contention' | 'lost' | 'unavailable' | 'refused';

const CONTENTION = new Set([
  'SQLITE_BUSY',
  'SQLITE_BUSY_SNAPSHOT',
  'SQLITE_BUSY_RECOVERY',
  'SQLITE_LOCKED',
  'ER_LOCK_DEADLOCK',
  'ER_LOCK_WAIT_TIMEOUT',
  'ER_CHECKREAD',
  '40001',
  '40P01',
  '55P03',
]);

const LOST = new Set([
  'PROTOCOL_CONNECTION_LOST',
  'PROTOCOL_ENQUEUE_AFTER_FATAL_ERROR',
  'ECONNRESET',
  'EPIPE',
  'ER_CLIENT_INTERACTION_TIMEOUT',
  'ER_CONNECTION_KILLED',
  'ER_SERVER_SHUTDOWN',
  '57P01',
  '57P02',
  '08003',
  '08006',
]);

const UNAVAILABLE = new Set([
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'ETIMEDOUT',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'PROTOCOL_SEQUENCE_TIMEOUT',
  'ER_CON_COUNT_ERROR',
  'ER_QUERY_TIMEOUT',
  '1969', // MariaDB's ER_STATEMENT_TIMEOUT, whose name mysql2 does not know
  'ER_QUERY_INTERRUPTED',
  'ER_OPTION_PREVENTS_STATEMENT',
  'ER_READ_ONLY_MODE',
  'ER_DISK_FULL',
  'ER_RECORD_FILE_FULL',
  'SQLITE_FULL',
  'SQLITE_READONLY',
  'SQLITE_CANTOPEN',
  '25006',
  '25P03',
  '53100',
  '53200',
  '53300',
  '57014',
  '57P03',
]);

/** The kind of failure, or undefined when the error does not come from the database. */
export function failureOf(error: unknown): Failure | undefined {
  // On PostgreSQL TypeORM takes a broken connection away from under the one who uses it; what it says depends on the call.
  if (error instanceof QueryRunnerAlreadyReleasedError || error instanceof QueryRunnerProviderAlreadyReleasedError)
    return 'lost';
  const cause = error instanceof QueryFailedError ? error.driverError : error;
  const code = codeOf(cause);
  if (CONTENTION.has(code)) return 'contention';
  if (LOST.has(code)) return 'lost';
  if (UNAVAILABLE.has(code) || code.startsWith('SQLITE_IOERR')) return 'unavailable';
  if (isUnanswered(cause)) return 'unavailable';
  if (isBroken(cause)) return 'lost';
  return error instanceof QueryFailedError ? 'refused' : undefined;
}

/**
 * The error that leaves the storage in place of the driver's, which carries the statement and its values. The message
 * keeps the driver's code; its words only where they are about the connection.
 */
export function withoutStatement(error: unknown): unknown {
  const failure = failureOf(error);
  if (failure === undefined) return error;
  const cause = error instanceof QueryFailedError ? error.driverError : error;
  const code = codeOf(cause) || 'no code';
  if (failure === 'refused') return new Error(`the database refused a statement (${code})`);
  if (failure === 'contention')
    return new DatabaseUnavailableError(`the database was held by other transactions for too long (${code})`);
  return new DatabaseUnavailableError(`the database is not available (${code})`);
}

/** A connection did not come about in time, or none of the pool became free: node-postgres says so in words only. */
function isUnanswered(cause: unknown): boolean {
  const { message } = fieldsOf(cause);
  return typeof message === 'string' && /^timeout (exceeded when trying to connect|expired)/.test(message);
}

/** node-postgres reports a broken connection in words only, mysql2 marks what no connection survives. */
function isBroken(cause: unknown): boolean {
  const { message, fatal } = fieldsOf(cause);
  if (
    typeof message === 'string' &&
    /^(Connection terminated|Client has encountered a connection error|Client was closed)/.test(message)
  )
    return true;
  return fatal === true && !codeOf(cause).startsWith('ER_');
}

function codeOf(cause: unknown): string {
  const { code, errno } = fieldsOf(cause);
  if (typeof code === 'string') return code;
  return typeof errno === 'number' ? String(errno) : '';
}

/** Looked at by field: an error of Node's own sockets need not be of this realm's Error. */
function fieldsOf(cause: unknown): { code?: unknown; errno?: unknown; message?: unknown; fatal?: unknown } {
  return typeof cause === 'object' && cause !== null ? cause : {};
}
