import { allHeaders, type BasicCredentials, basicCredentials, withoutHeaders } from '@trino-gateway/trino';

/** Why a client is not let in, in Trino's words. */
export type Denial = { status: 401 | 403; text: string };

/** What a client presents for delegated authentication. */
export type Presented = { kind: 'credentials'; credentials: BasicCredentials } | ({ kind: 'denied' } & Denial);

/** Names that mean the same user once they stand in a header: printable, no space at either end, bytes of any encoding. */
const plainName = /^[!-~\u0080-\u00ff]([ -~\u0080-\u00ff]*[!-~\u0080-\u00ff])?$/;

/**
 * User and password of the one Authorization line there must be. Every Trino user that the request names, the original one too, must be
 * that user: where a cluster asks for no password of its own, nothing else would check it.
 */
export function presentedCredentials(rawHeaders: readonly string[]): Presented {
  const lines = allHeaders(rawHeaders, 'authorization');
  if (lines.length === 0) return { kind: 'denied', status: 401, text: 'Unauthorized' };
  const credentials = lines.length === 1 ? basicCredentials(rawHeaders) : undefined;
  // Some directories accept an empty password as an anonymous bind.
  if (credentials === undefined || credentials.password === '' || !plainName.test(credentials.user)) return invalid;
  const named = [...allHeaders(rawHeaders, 'x-trino-user'), ...allHeaders(rawHeaders, 'x-trino-original-user')];
  const other = named.find((name) => name !== '' && name !== credentials.user);
  if (other === undefined) return { kind: 'credentials', credentials };
  const text = `Access Denied: User ${credentials.user} cannot impersonate user ${other}`;
  return { kind: 'denied', status: 403, text };
}

const invalid: Presented = { kind: 'denied', status: 401, text: 'Access Denied: Invalid credentials' };

/** The headers of a client that was let in: its user name replaces its password, which clusters must not see. */
export function withoutCredentials(rawHeaders: readonly string[], user: string): string[] {
  const kept = withoutHeaders(rawHeaders, new Set(['authorization', 'x-trino-user']));
  return [...kept, 'X-Trino-User', user];
}
