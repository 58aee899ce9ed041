import { trinoHeader } from './headers.ts';
import { firstHeader, type RawHeaders } from './raw-headers.ts';

/** X-Trino-Client-Tags as Trino reads it: the first line only, trimmed, without empties and duplicates. */
export function clientTags(rawHeaders: RawHeaders): string[] {
  const items = trinoHeader(rawHeaders, 'client-tags')?.split(',') ?? [];
  return [...new Set(items.map((item) => item.trim()).filter((item) => item !== ''))];
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

/** A form-urlencoded value (`+` is a space), or undefined when its escapes are broken. */
export function formDecoded(text: string): string | undefined {
  if (!text.includes('%')) return text.replaceAll('+', ' ');
  try {
    return decodeURIComponent(text.replaceAll('+', ' '));
  } catch {
    return undefined;
  }
}

/** What X-Trino-Transaction-Id says. Its mere presence means that the client can do transactions. */
export type TransactionHeader =
  | { kind: 'absent' }
  | { kind: 'none' }
  | { kind: 'open'; id: string }
  /** Trino refuses it with 400 `Invalid UUID string: …`. */
  | { kind: 'malformed'; text: string };

/** First line of X-Trino-Transaction-Id: `NONE` in any case, or the id in lower case. */
export function transactionHeader(rawHeaders: RawHeaders): TransactionHeader {
  const text = trinoHeader(rawHeaders, 'transaction-id')?.trim();
  if (text === undefined || text === '') return { kind: 'absent' };
  if (text.toUpperCase() === 'NONE') return { kind: 'none' };
  if (/^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i.test(text))
    return { kind: 'open', id: text.toLowerCase() };
  return { kind: 'malformed', text };
}

/** Name and password of HTTP Basic. */
export type BasicCredentials = { user: string; password: string };

/** The first Authorization line when it is Basic and well-formed; bytes are Latin-1, as Trino reads them. */
export function basicCredentials(rawHeaders: RawHeaders): BasicCredentials | undefined {
  const match = /^basic +([A-Za-z0-9+/=]+)$/i.exec(firstHeader(rawHeaders, 'authorization')?.trim() ?? '');
  if (match === null) return undefined;
  const text = Buffer.from(match[1] ?? '', 'base64').toString('latin1');
  const at = text.indexOf(':');
  return at < 1 ? undefined : { user: text.slice(0, at), password: text.slice(at + 1) };
}

/** The user a query of this request runs as: the first X-Trino-User line, trimmed, else the name in Basic credentials. */
export function sessionUser(rawHeaders: RawHeaders): string | undefined {
  return trinoHeader(rawHeaders, 'user')?.trim() || basicCredentials(rawHeaders)?.user;
}

/** First X-Trino-Source line, untrimmed as in Trino; undefined when absent or empty. */
export function querySource(rawHeaders: RawHeaders): string | undefined {
  return trinoHeader(rawHeaders, 'source') || undefined;
}
