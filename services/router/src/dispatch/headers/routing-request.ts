import { create } from '@bufbuild/protobuf';
import type { Header, RoutingNeeds } from '@trino-gateway/api/gateway';
import { HeaderSchema } from '@trino-gateway/api/gateway';

/** A single value longer than this says nothing about where a query should go. */
const LONGEST_VALUE = 65_536;
/** Rules look at the beginning of a statement; the rest of a longer one stays here. */
const LONGEST_STATEMENT = 1_000_000;

const secretNames = /auth|token|secret|password|passwd|credential|bearer|cookie|api-?key|signature|session-id/i;
/** Long, and of use only to steps that look into statements, or pass them on. */
const preparedStatements: ReadonlySet<string> = new Set(['x-trino-prepared-statement', 'x-presto-prepared-statement']);
const extraCredentials: ReadonlySet<string> = new Set(['x-trino-extra-credential', 'x-presto-extra-credential']);
const others: ReadonlySet<string> = new Set(['user-agent', 'accept-language']);

/**
 * The headers of a client that a routing decision may look at. Never credentials, whatever their name. After a line that is too
 * long no other one of its name: it would pass for the first.
 */
export function headersForRouting(
  rawHeaders: readonly string[],
  needs: Pick<RoutingNeeds, 'preparedStatements' | 'groupHeaders'> | undefined,
): Header[] {
  const headers: Header[] = [];
  const tooLong = new Set<string>();
  for (let at = 0; at < rawHeaders.length; at += 2) {
    const name = rawHeaders[at] ?? '';
    const value = rawHeaders[at + 1] ?? '';
    const lower = name.toLowerCase();
    if (!isForRouting(lower) && !needs?.groupHeaders.includes(lower)) continue;
    const isPrepared = preparedStatements.has(lower);
    if (isPrepared && !needs?.preparedStatements) continue;
    if (value.length > (isPrepared ? LONGEST_STATEMENT : LONGEST_VALUE)) tooLong.add(lower);
    if (!tooLong.has(lower)) headers.push(create(HeaderSchema, { name, value }));
  }
  return headers;
}

function isForRouting(name: string): boolean {
  if (!name.startsWith('x-') && !others.has(name)) return false;
  return !secretNames.test(name) && !name.startsWith('x-forwarded-');
}

/** The credentials of a client that the routing chain passes on; none where it passes on none. */
export function credentialsForRouting(
  rawHeaders: readonly string[],
  needs: Pick<RoutingNeeds, 'authorization' | 'extraCredentials'> | undefined,
): Header[] {
  const credentials: Header[] = [];
  if (!needs?.authorization && !needs?.extraCredentials) return credentials;
  for (let at = 0; at < rawHeaders.length; at += 2) {
    const name = rawHeaders[at] ?? '';
    const lower = name.toLowerCase();
    const isNeeded =
      lower === 'authorization' ? needs.authorization : extraCredentials.has(lower) && needs.extraCredentials;
    if (isNeeded) credentials.push(create(HeaderSchema, { name, value: rawHeaders[at + 1] ?? '' }));
  }
  return credentials;
}

/** The SQL text a routing decision may look at. */
export function statementForRouting(statement: string): string {
  return statement.length <= LONGEST_STATEMENT ? statement : statement.slice(0, LONGEST_STATEMENT).toWellFormed();
}
