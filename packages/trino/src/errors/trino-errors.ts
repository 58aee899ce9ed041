import { STATUS_CODES } from 'node:http';

/** Trino's classes of errors. */
export type TrinoErrorType = 'USER_ERROR' | 'INTERNAL_ERROR' | 'INSUFFICIENT_RESOURCES' | 'EXTERNAL';

/** The errors of Trino that a gateway has reason to report, with their codes and types. */
export const trinoErrors = {
  SYNTAX_ERROR: { code: 1, type: 'USER_ERROR' },
  ABANDONED_QUERY: { code: 2, type: 'USER_ERROR' },
  USER_CANCELED: { code: 3, type: 'USER_ERROR' },
  PERMISSION_DENIED: { code: 4, type: 'USER_ERROR' },
  NOT_FOUND: { code: 5, type: 'USER_ERROR' },
  NOT_SUPPORTED: { code: 13, type: 'USER_ERROR' },
  INVALID_SESSION_PROPERTY: { code: 14, type: 'USER_ERROR' },
  UNKNOWN_TRANSACTION: { code: 20, type: 'USER_ERROR' },
  NOT_IN_TRANSACTION: { code: 21, type: 'USER_ERROR' },
  INCOMPATIBLE_CLIENT: { code: 27, type: 'USER_ERROR' },
  QUERY_REJECTED: { code: 31, type: 'USER_ERROR' },
  QUERY_TEXT_TOO_LARGE: { code: 35, type: 'USER_ERROR' },
  ADMINISTRATIVELY_KILLED: { code: 38, type: 'USER_ERROR' },
  GENERIC_INTERNAL_ERROR: { code: 65536, type: 'INTERNAL_ERROR' },
  NO_NODES_AVAILABLE: { code: 65541, type: 'INTERNAL_ERROR' },
  SERVER_SHUTTING_DOWN: { code: 65545, type: 'INTERNAL_ERROR' },
  SERVER_STARTING_UP: { code: 65548, type: 'INTERNAL_ERROR' },
  REMOTE_HOST_GONE: { code: 65558, type: 'INTERNAL_ERROR' },
  GENERIC_INSUFFICIENT_RESOURCES: { code: 131072, type: 'INSUFFICIENT_RESOURCES' },
  QUERY_QUEUE_FULL: { code: 131074, type: 'INSUFFICIENT_RESOURCES' },
  EXCEEDED_TIME_LIMIT: { code: 131075, type: 'INSUFFICIENT_RESOURCES' },
  CLUSTER_OUT_OF_MEMORY: { code: 131076, type: 'INSUFFICIENT_RESOURCES' },
  ADMINISTRATIVELY_PREEMPTED: { code: 131080, type: 'INSUFFICIENT_RESOURCES' },
} as const satisfies Record<string, { code: number; type: TrinoErrorType }>;

/** Name of an error in {@link trinoErrors}. */
export type TrinoErrorName = keyof typeof trinoErrors;

/** An error as a page reports it. */
export type QueryError = { message: string; errorCode: number; errorName: string; errorType: string };

/** The message of a query that was cancelled. */
export const canceledMessage = 'Query was canceled';

/** The message of a query that an administrator killed. */
export function killedMessage(reason: string | undefined): string {
  return reason ? `Query killed. Message: ${reason}` : 'Query killed. No message provided.';
}

/** The message of a statement in a transaction its coordinator does not know. */
export function unknownTransactionMessage(id: string): string {
  return `Unknown transaction ID: ${id}. Possibly expired? Commands ignored until end of transaction block`;
}

/** Body of an HTTP error as Trino words it, `text/plain`: `Error 404 Not Found: Query not found`. */
export function httpErrorText(status: number, message?: string): string {
  const title = `${status} ${STATUS_CODES[status] ?? 'Error'}`;
  return `Error ${title}: ${message ?? `HTTP ${title}`}`;
}

/** What Trino says of a statement link it does not know, or whose secret is wrong. */
export const queryNotFoundMessage = 'Query not found';

/** What Trino says to an empty POST. */
export const emptyStatementMessage = 'SQL statement is empty';
