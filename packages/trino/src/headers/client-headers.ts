import { isTransactionId } from '../identifiers/transaction-id.ts';
import { formDecoded, listItems, trimmed } from './header-text.ts';
import { trinoHeader } from './protocol-headers.ts';
import { allHeaders, firstHeader, type RawHeaders } from './raw-headers.ts';

export { trimmedItem } from './header-text.ts';

/** X-Trino-Client-Tags as Trino reads it: the first line only, trimmed, without empties and duplicates. */
export function clientTags(rawHeaders: RawHeaders): string[] {
  return [...new Set(listItems(trinoHeader(rawHeaders, 'client-tags') ?? ''))];
}

/**
 * Why the credentials of a request could be read in two ways; undefined when they cannot. `Authorization` is no list (RFC 9110, 5.3 and
 * 11.6.2): of two lines Trino checks the first for a password, and fails with 500 for a token.
 */
export function credentialsProblem(rawHeaders: RawHeaders): string | undefined {
  return allHeaders(rawHeaders, 'authorization').length > 1 ? 'Authorization must be given once' : undefined;
}

/** X-Trino-Connection-Properties as it was sent, trimmed; undefined when absent or empty. */
export function connectionPropertiesText(rawHeaders: RawHeaders): string | undefined {
  return trinoHeader(rawHeaders, 'connection-properties')?.trim() || undefined;
}

/** The pairs of a comma list of `name=urlencoded`; undefined when any item is malformed, empty when there is none. */
export function parseConnectionProperties(text: string | undefined): ReadonlyMap<string, string> | undefined {
  const properties = new Map<string, string>();
  for (const item of text?.split(',') ?? []) {
    if (item.trim() === '') continue;
    const at = item.indexOf('=');
    const name = item.slice(0, at).trim();
    const value = formDecoded(item.slice(at + 1).trim());
    if (at < 1 || name === '' || value === undefined || item.includes('=', at + 1)) return undefined;
    properties.set(name, value);
  }
  return properties;
}

/** What X-Trino-Transaction-Id says. Its presence alone means that the client supports transactions. */
export type TransactionHeader =
  | { kind: 'absent' }
  | { kind: 'none' }
  | { kind: 'open'; id: string }
  /** Trino refuses most of these with 400 `Invalid UUID string: …`, but fills up an id that lacks zeros. */
  | { kind: 'malformed'; text: string };

/** First line of X-Trino-Transaction-Id: `NONE` in any case, or the id in lower case. */
export function transactionHeader(rawHeaders: RawHeaders): TransactionHeader {
  const text = trimmed(trinoHeader(rawHeaders, 'transaction-id') ?? '');
  if (text === '') return { kind: 'absent' };
  if (text.toUpperCase() === 'NONE') return { kind: 'none' };
  const id = text.toLowerCase();
  return isTransactionId(id) ? { kind: 'open', id } : { kind: 'malformed', text };
}

/** Name and password of HTTP Basic. */
export type BasicCredentials = { user: string; password: string };

/** The first Authorization line when it is Basic, well-formed and has a colon; bytes are Latin-1, as Trino reads them. */
export function basicCredentials(rawHeaders: RawHeaders): BasicCredentials | undefined {
  const text = basicText(rawHeaders);
  const at = text?.indexOf(':') ?? -1;
  return text === undefined || at < 1 ? undefined : { user: text.slice(0, at), password: text.slice(at + 1) };
}

/** As java.util.Base64 accepts it: with its whole padding, or with none. */
const base64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}(?:==)?|[A-Za-z0-9+/]{3}=?)?$/;

/** The decoded text of HTTP Basic; undefined when Trino would refuse it (BasicAuthCredentials). */
function basicText(rawHeaders: RawHeaders): string | undefined {
  const line = firstHeader(rawHeaders, 'authorization') ?? '';
  if (line.slice(0, 6).toLowerCase() !== 'basic ') return undefined;
  const encoded = trimmed(line.slice(6));
  return base64.test(encoded) ? Buffer.from(encoded, 'base64').toString('latin1') : undefined;
}

/**
 * The user a query of this request runs as: the first X-Trino-User line, else the name in Basic credentials, which need no
 * password there, else the first X-Trino-Original-User line.
 */
export function sessionUser(rawHeaders: RawHeaders): string | undefined {
  return (
    trimmed(trinoHeader(rawHeaders, 'user') ?? '') ||
    trimmed(basicText(rawHeaders)?.split(':', 1)[0] ?? '') ||
    trimmed(trinoHeader(rawHeaders, 'original-user') ?? '') ||
    undefined
  );
}

/** First X-Trino-Source line, untrimmed as in Trino; undefined when absent or empty. */
export function querySource(rawHeaders: RawHeaders): string | undefined {
  return trinoHeader(rawHeaders, 'source') || undefined;
}
