import { create } from '@bufbuild/protobuf';
import type { Header } from '@trino-gateway/api/gateway';
import { HeaderSchema } from '@trino-gateway/api/gateway';

/** A single value longer than this says nothing about where a query should go. */
const LONGEST_VALUE = 65_536;
/** Rules look at the beginning of a statement; the rest of a longer one stays here. */
const LONGEST_STATEMENT = 1_000_000;

const secretNames = /auth|token|secret|password|passwd|credential|bearer|cookie|api-?key|signature|session-id/i;
/** Long, and about what a statement does rather than where it belongs. */
const unneeded: ReadonlySet<string> = new Set(['x-trino-prepared-statement', 'x-presto-prepared-statement']);
const others: ReadonlySet<string> = new Set(['user-agent', 'accept-language']);

/**
 * The headers of a client that a routing decision may look at. Never credentials, whatever their name. After a line that is too
 * long no other one of its name: it would pass for the first.
 */
export function headersForRouting(rawHeaders: readonly string[]): Header[] {
  const headers: Header[] = [];
  const tooLong = new Set<string>();
  for (let at = 0; at < rawHeaders.length; at += 2) {
    const name = rawHeaders[at] ?? '';
    const value = rawHeaders[at + 1] ?? '';
    const lower = name.toLowerCase();
    if (!lower.startsWith('x-') && !others.has(lower)) continue;
    if (secretNames.test(lower) || unneeded.has(lower) || lower.startsWith('x-forwarded-')) continue;
    if (value.length > LONGEST_VALUE) tooLong.add(lower);
    if (!tooLong.has(lower)) headers.push(create(HeaderSchema, { name, value }));
  }
  return headers;
}

/** The SQL text a routing decision may look at. */
export function statementForRouting(statement: string): string {
  return statement.length <= LONGEST_STATEMENT ? statement : statement.slice(0, LONGEST_STATEMENT).toWellFormed();
}
