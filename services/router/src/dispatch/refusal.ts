import { type TrinoErrorName, trinoErrors } from '@trino-gateway/trino';

/** Why a statement is refused. A name that Trino does not have is told as QUERY_REJECTED. */
export type Refusal = { name: string; message: string };

/** Trino's error of that name, also for a wait that was too long; QUERY_REJECTED when it has none. */
export function errorName(name: string): TrinoErrorName {
  if (name === 'EXCEEDED_QUEUED_TIME_LIMIT') return 'EXCEEDED_TIME_LIMIT';
  return Object.hasOwn(trinoErrors, name) ? (name as TrinoErrorName) : 'QUERY_REJECTED';
}
