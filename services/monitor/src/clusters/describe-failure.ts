import { describeError, describeTlsFailure } from '@trino-gateway/runtime';
import type { QueryError } from '@trino-gateway/trino';
import { TrinoHttpError } from '@trino-gateway/trino/client';

const LONGEST_TEXT = 500;

/** Why a request to a cluster failed, for an operator. */
export function describeFailure(error: unknown, timeLimitMs: number): string {
  if (nameOf(error) === 'TimeoutError') return `no answer within monitor.probe_time_limit (${timeLimitMs} ms)`;
  if (error instanceof TrinoHttpError)
    return cut(error.message.includes(String(error.status)) ? error.message : `HTTP ${error.status}: ${error.message}`);
  const tls = describeTlsFailure(error);
  if (tls !== undefined) return cut(`TLS: ${tls}`);
  // A name with several addresses fails with one error for each of them, and no message of its own.
  if (nameOf(error) === 'AggregateError')
    return cut((error as AggregateError).errors.map((one) => describeError(one)).join('; '));
  return cut(describeError(error));
}

/** Why a query failed, in Trino's words. */
export function describeQueryError({ errorName, message }: QueryError): string {
  return cut(`${errorName}: ${message}`);
}

/** The text without what it quotes, which may come from a statement: fit for a log. */
export function withoutQuoted(text: string): string {
  return text.replace(/'[^']*'|"[^"]*"/g, '…');
}

// By name: the error of a time limit is a DOMException, which is not always an Error of this realm.
function nameOf(error: unknown): unknown {
  return typeof error === 'object' && error !== null && 'name' in error ? error.name : undefined;
}

function cut(text: string): string {
  return text.length > LONGEST_TEXT ? `${text.slice(0, LONGEST_TEXT)}…` : text;
}
