/** First value of a header in Node's rawHeaders; the name is given in lower case. */
export function first(rawHeaders: readonly string[], name: string): string | undefined {
  for (let at = 0; at < rawHeaders.length; at += 2) {
    const found = rawHeaders[at];
    if (found !== undefined && found.length === name.length && found.toLowerCase() === name) return rawHeaders[at + 1];
  }
  return undefined;
}

/** All values of a header, in order. */
export function all(rawHeaders: readonly string[], name: string): string[] {
  const values: string[] = [];
  for (let at = 0; at < rawHeaders.length; at += 2) {
    if (rawHeaders[at]?.toLowerCase() === name) values.push(rawHeaders[at + 1] ?? '');
  }
  return values;
}

/** First header name that begins with a prefix, as it was written. */
export function nameWithPrefix(rawHeaders: readonly string[], prefix: string): string | undefined {
  for (let at = 0; at < rawHeaders.length; at += 2) {
    const name = rawHeaders[at] ?? '';
    if (name.length > prefix.length && name.slice(0, prefix.length).toLowerCase() === prefix) return name;
  }
  return undefined;
}

/** `name=urlencoded` items of a header that may repeat, decoded. */
export function properties(rawHeaders: readonly string[], name: string): Map<string, string> {
  const found = new Map<string, string>();
  for (const line of all(rawHeaders, name)) {
    for (const item of line.split(',')) {
      const at = item.indexOf('=');
      if (at > 0) found.set(decode(item.slice(0, at).trim()), decode(item.slice(at + 1).trim()));
    }
  }
  return found;
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text.replaceAll('+', ' '));
  } catch {
    return text;
  }
}
