import { describeTlsFailure } from '@trino-gateway/runtime';
import { QueryFailedError, QueryRunnerAlreadyReleasedError, QueryRunnerProviderAlreadyReleasedError } from 'typeorm';
import { DatabaseUnavailableError } from '../contract/errors.ts';
import type { DriverError, Failure } from '../engines/engine.ts';
import { ENGINES } from '../engines/registry.ts';

// Of Node's sockets, whichever driver uses them.
const LOST = ['ECONNRESET', 'EPIPE'];
const UNAVAILABLE = ['ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN', 'ETIMEDOUT', 'EHOSTUNREACH', 'ENETUNREACH'];

/** Of node-postgres. */
const NO_TLS = /^The server does not support SSL connections/;

/** The kind of failure, or undefined when the error does not come from the database. */
export function failureOf(error: unknown): Failure | undefined {
  // On PostgreSQL TypeORM releases a broken connection while it is in use; which of these errors follows depends on the call.
  if (error instanceof QueryRunnerAlreadyReleasedError || error instanceof QueryRunnerProviderAlreadyReleasedError)
    return 'lost';
  const cause = driverErrorOf(error);
  if (tlsFailureOf(error) !== undefined) return 'unavailable';
  if (LOST.includes(cause.code)) return 'lost';
  if (UNAVAILABLE.includes(cause.code)) return 'unavailable';
  for (const engine of ENGINES) {
    const failure = engine.failureOf(cause);
    if (failure !== undefined) return failure;
  }
  return error instanceof QueryFailedError ? 'refused' : undefined;
}

/**
 * The error that leaves the storage in place of the driver's, which carries the statement and its values. The message
 * keeps the driver's code.
 */
export function withoutStatement(error: unknown): unknown {
  const failure = failureOf(error);
  if (failure === undefined) return error;
  const tls = tlsFailureOf(error);
  if (tls !== undefined) return new DatabaseUnavailableError(`no TLS connection to the database: ${tls}`);
  const code = driverErrorOf(error).code || 'no code';
  if (failure === 'refused') return new Error(`the database refused a statement (${code})`);
  if (failure === 'contention')
    return new DatabaseUnavailableError(`the database was held by other transactions for too long (${code})`);
  return new DatabaseUnavailableError(`the database is not available (${code})`);
}

/** What is wrong with the other end of a TLS connection; undefined for other failures. */
function tlsFailureOf(error: unknown): string | undefined {
  if (error instanceof QueryFailedError) return undefined;
  const { code, message } = driverErrorOf(error);
  if (code === 'HANDSHAKE_NO_SSL_SUPPORT' || NO_TLS.test(message)) return 'it does not offer TLS';
  return describeTlsFailure(error);
}

/** Read field by field: an error of Node's own sockets need not be an instance of this realm's Error. */
function driverErrorOf(error: unknown): DriverError {
  const cause: unknown = error instanceof QueryFailedError ? error.driverError : error;
  const { code, errno, message, fatal }: Partial<Record<'code' | 'errno' | 'message' | 'fatal', unknown>> =
    typeof cause === 'object' && cause !== null ? cause : {};
  return {
    code: typeof code === 'string' ? code : typeof errno === 'number' ? String(errno) : '',
    message: typeof message === 'string' ? message : '',
    fatal: fatal === true,
  };
}
