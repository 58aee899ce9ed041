import { parseUntrustedJson } from '@trino-gateway/json';
import type { QueryError } from './trino-errors.ts';

/** Causes of a failure are nested. */
const MOST_DEPTH = 1_000;

/** Reads the `error` object that a scanner kept; undefined when it is not one. */
export function parsePageError(text: string | undefined): QueryError | undefined {
  if (text === undefined) return undefined;
  try {
    const { message, errorCode, errorName, errorType } = parseUntrustedJson(text, MOST_DEPTH) as Partial<QueryError>;
    return {
      message: String(message ?? ''),
      errorCode: Number(errorCode ?? 0),
      errorName: String(errorName ?? ''),
      errorType: String(errorType ?? ''),
    };
  } catch {
    return undefined;
  }
}
