import { formDecoded, listItems, trimmedItem } from '../headers/header-text.ts';
import { trinoHeaders } from '../headers/protocol-headers.ts';
import type { RawHeaders } from '../headers/raw-headers.ts';

/** One `name=value` of X-Trino-Session: where its value, still encoded, lies in the header line. */
type Property = { line: number; start: number; end: number };

const NAMES: ReadonlySet<string> = new Set(['x-trino-session', 'x-presto-session']);

/**
 * The value of a session property as Trino reads it: names letter by letter, of several the last, the value urlencoded
 * (HttpRequestSessionContextFactory). Undefined when it is absent, or its escapes are broken: Trino answers 400 then.
 */
export function sessionProperty(rawHeaders: RawHeaders, name: string): string | undefined {
  const found = findLast(rawHeaders, name);
  return found && formDecoded((rawHeaders[found.line] ?? '').slice(found.start, found.end));
}

/** All session properties by name, as Trino reads them; those with broken escapes are left out. */
export function sessionProperties(rawHeaders: RawHeaders): Readonly<Record<string, string>> {
  const found: [name: string, value: string][] = [];
  for (const item of trinoHeaders(rawHeaders, 'session').flatMap(listItems)) {
    const at = item.indexOf('=');
    const value = formDecoded(trimmedItem(item.slice(at + 1)));
    if (at > 0 && value !== undefined) found.push([trimmedItem(item.slice(0, at)), value]);
  }
  return Object.fromEntries(found);
}

/** The headers with another value for a session property that is there; all other text stays as it was sent. */
export function withSessionProperty(rawHeaders: RawHeaders, name: string, value: string): RawHeaders {
  const found = findLast(rawHeaders, name);
  if (found === undefined) return rawHeaders;
  const line = rawHeaders[found.line] ?? '';
  return rawHeaders.with(found.line, line.slice(0, found.start) + encodeURIComponent(value) + line.slice(found.end));
}

/** The headers without any value of a session property; a line that held nothing else is gone. */
export function withoutSessionProperty(rawHeaders: RawHeaders, name: string): RawHeaders {
  const kept: string[] = [];
  for (let at = 0; at < rawHeaders.length; at += 2) {
    const header = rawHeaders[at] ?? '';
    const line = rawHeaders[at + 1] ?? '';
    if (!NAMES.has(header.toLowerCase()) || !line.includes(name)) kept.push(header, line);
    else {
      const items = line.split(',').filter((item) => nameOf(item) !== name);
      if (items.some((item) => item.trim() !== '')) kept.push(header, items.join(','));
    }
  }
  return kept;
}

function findLast(rawHeaders: RawHeaders, name: string): Property | undefined {
  for (let at = rawHeaders.length - 2; at >= 0; at -= 2) {
    if (!NAMES.has((rawHeaders[at] ?? '').toLowerCase())) continue;
    const found = findLastIn(rawHeaders[at + 1] ?? '', name);
    if (found !== undefined) return { line: at + 1, ...found };
  }
  return undefined;
}

/** From the end, and without splitting: a line may have two megabytes, and few sessions have what is looked for. */
function findLastIn(line: string, name: string): Omit<Property, 'line'> | undefined {
  for (let at = line.lastIndexOf(name); at >= 0; at = at === 0 ? -1 : line.lastIndexOf(name, at - 1)) {
    let before = at - 1;
    while (before >= 0 && isBlank(line, before)) before -= 1;
    let equals = at + name.length;
    while (isBlank(line, equals)) equals += 1;
    if ((before >= 0 && line[before] !== ',') || line[equals] !== '=') continue;
    const comma = line.indexOf(',', equals);
    const value = line.slice(equals + 1, comma < 0 ? line.length : comma);
    const start = equals + 1 + value.indexOf(trimmedItem(value));
    return { start, end: start + trimmedItem(value).length };
  }
  return undefined;
}

const isBlank = (line: string, at: number) => at < line.length && trimmedItem(line.charAt(at)) === '';

function nameOf(item: string): string | undefined {
  const at = item.indexOf('=');
  return at < 0 ? undefined : trimmedItem(item.slice(0, at));
}
