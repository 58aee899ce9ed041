import { allHeaders, firstHeader, type RawHeaders } from './raw-headers.ts';

/** Which family of protocol headers a message uses. */
export type HeaderFamily = 'trino' | 'presto' | 'both' | 'none';

const trinoPrefix = 'x-trino-';
const prestoPrefix = 'x-presto-';

/** Trino refuses `both` with 400 and {@link bothFamiliesMessage}. */
export function headerFamily(rawHeaders: RawHeaders): HeaderFamily {
  let trino = false;
  let presto = false;
  for (let at = 0; at < rawHeaders.length; at += 2) {
    const name = rawHeaders[at] ?? '';
    if (hasPrefix(name, trinoPrefix)) trino = true;
    else if (hasPrefix(name, prestoPrefix)) presto = true;
  }
  if (trino && presto) return 'both';
  if (trino) return 'trino';
  return presto ? 'presto' : 'none';
}

/** What Trino answers to a request that mixes the families. */
export const bothFamiliesMessage = 'Both Trino and Presto headers detected';

/** First value of a protocol header of either family; `suffix` in lower case, such as `user`. */
export function trinoHeader(rawHeaders: RawHeaders, suffix: string): string | undefined {
  return firstHeader(rawHeaders, trinoPrefix + suffix) ?? firstHeader(rawHeaders, prestoPrefix + suffix);
}

/** Every value of a protocol header of either family; `suffix` in lower case. */
export function trinoHeaders(rawHeaders: RawHeaders, suffix: string): string[] {
  const values = allHeaders(rawHeaders, trinoPrefix + suffix);
  return values.length > 0 ? values : allHeaders(rawHeaders, prestoPrefix + suffix);
}

/** A request's headers with X-Presto-* renamed to X-Trino-*, so that clusters without the alternate prefix understand them. */
export function toTrinoHeaders(rawHeaders: RawHeaders): string[] {
  return renamed(rawHeaders, (name) =>
    hasPrefix(name, prestoPrefix) ? `X-Trino-${name.slice(prestoPrefix.length)}` : name,
  );
}

/** An answer's headers with X-Trino-* renamed to X-Presto-*; Query-Data-Encoding keeps its name under any prefix. */
export function toPrestoHeaders(rawHeaders: RawHeaders): string[] {
  return renamed(rawHeaders, (name) => {
    if (!hasPrefix(name, trinoPrefix) || name.toLowerCase() === 'x-trino-query-data-encoding') return name;
    return `X-Presto-${name.slice(trinoPrefix.length)}`;
  });
}

function renamed(rawHeaders: RawHeaders, rename: (name: string) => string): string[] {
  return rawHeaders.map((text, at) => (at % 2 === 0 ? rename(text) : text));
}

function hasPrefix(name: string, prefix: string): boolean {
  return name.length > prefix.length && name.slice(0, prefix.length).toLowerCase() === prefix;
}
