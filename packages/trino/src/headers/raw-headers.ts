/** Headers as Node's `rawHeaders` gives them: name, value, name, value …, repeated lines apart, in the order of the wire. */
export type RawHeaders = readonly string[];

/** The longest head that a coordinator accepts, and sends, in bytes: prepared statements travel in headers. */
export const MOST_HEAD_BYTES = 2_097_152;

/** First value of a header, as it was sent; the name is given in lower case. */
export function firstHeader(rawHeaders: RawHeaders, name: string): string | undefined {
  for (let at = 0; at < rawHeaders.length; at += 2) {
    const found = rawHeaders[at];
    if (found !== undefined && found.length === name.length && found.toLowerCase() === name) return rawHeaders[at + 1];
  }
  return undefined;
}

/** Every value of a header, one per line; the name is given in lower case. */
export function allHeaders(rawHeaders: RawHeaders, name: string): string[] {
  const values: string[] = [];
  for (let at = 0; at < rawHeaders.length; at += 2) {
    const found = rawHeaders[at];
    if (found !== undefined && found.length === name.length && found.toLowerCase() === name)
      values.push(rawHeaders[at + 1] ?? '');
  }
  return values;
}

/** The headers without those of the given lower-case names. */
export function withoutHeaders(rawHeaders: RawHeaders, names: ReadonlySet<string>): string[] {
  const kept: string[] = [];
  for (let at = 0; at < rawHeaders.length; at += 2) {
    const name = rawHeaders[at] ?? '';
    if (!names.has(name.toLowerCase())) kept.push(name, rawHeaders[at + 1] ?? '');
  }
  return kept;
}

const hopByHop: ReadonlySet<string> = new Set([
  'connection',
  'keep-alive',
  'proxy-authenticate',
  'proxy-authorization',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
]);

// Named in `Connection`, one of these would change what the message is, or who sends it, not how it travels. Trino itself removes
// nothing.
const neverNamed = /^(?:host|content-(?:length|encoding|type)|authorization|cookie|x-(?:trino|presto)-.*)$/;

/** The headers that may cross a proxy: without hop-by-hop ones and without those named in `Connection`. Lines are never merged. */
export function withoutHopByHop(rawHeaders: RawHeaders): string[] {
  const named = new Set(hopByHop);
  for (const line of allHeaders(rawHeaders, 'connection')) {
    for (const item of line.split(',')) {
      const name = item.trim().toLowerCase();
      if (name !== '' && !neverNamed.test(name)) named.add(name);
    }
  }
  return withoutHeaders(rawHeaders, named);
}
