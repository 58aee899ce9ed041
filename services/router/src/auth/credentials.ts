import { allHeaders, type BasicCredentials, basicCredentials, withoutHeaders } from '@trino-gateway/trino';

/** Why a client is not let in, as Trino would say it. */
export type Denial = { status: 401 | 403; text: string };

/** What a client presents for delegated authentication. */
export type Presented = { kind: 'credentials'; credentials: BasicCredentials } | ({ kind: 'denied' } & Denial);

/** Names that mean the same user once they stand in a header: printable, no space at either end, bytes of any encoding. */
const plainName = /^[!-~\u0080-\u00ff]([ -~\u0080-\u00ff]*[!-~\u0080-\u00ff])?$/;

/**
 * User and password of the one Authorization line there must be. Every Trino user the request names must be that user, the
 * original one too: with a cluster that asks for no password of its own, nobody else would check it.
 */
export function presentedCredentials(rawHeaders: readonly string[]): Presented {
  const lines = allHeaders(rawHeaders, 'authorization');
  if (lines.length === 0) return { kind: 'denied', status: 401, text: 'Unauthorized' };
  const credentials = lines.length === 1 ? basicCredentials(rawHeaders) : undefined;
  // Some directories take an empty password for a wish to stay anonymous, and say yes.
  if (credentials === undefined || credentials.password === '' || !plainName.test(credentials.user)) return invalid;
  const named = [...allHeaders(rawHeaders, 'x-trino-user'), ...allHeaders(rawHeaders, 'x-trino-original-user')];
  const other = named.find((name) => name !== '' && name !== credentials.user);
  if (other === undefined) return { kind: 'credentials', credentials };
  const text = `Access Denied: User ${credentials.user} cannot impersonate user ${other}`;
  return { kind: 'denied', status: 403, text };
}

const invalid: Presented = { kind: 'denied', status: 401, text: 'Access Denied: Invalid credentials' };

/** The headers of a client that was let in: its name in place of its password, which is not for clusters. */
export function withoutCredentials(rawHeaders: readonly string[], user: string): string[] {
  const kept = withoutHeaders(rawHeaders, new Set(['authorization', 'x-trino-user']));
  return [...kept, 'X-Trino-User', user];
}
