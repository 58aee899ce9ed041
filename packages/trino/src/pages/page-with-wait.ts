/** A string, a bracket, a separator, or what stands between them. */
const token = /"[^"\\]*(?:\\.[^"\\]*)*"|[{}[\]:,]|[^\s{}[\]:,"]+/gs;
const TIMES: ReadonlySet<string | undefined> = new Set(['"queuedTimeMillis"', '"elapsedTimeMillis"']);

/** In the links of a query that waited before its cluster had it: for how long. Trino pays no attention to it. */
const parameter = /[?&]waited=(\d{1,10})(?!\d)/;

/** How long the query of a link waited, in milliseconds; 0 when it did not. */
export function waitInLink(target: string): number {
  return Number(parameter.exec(target)?.[1] ?? 0);
}

/**
 * A whole page whose times hold the wait as well: Trino counts from its own beginning. Its link says so too, unless it does not
 * lead here.
 */
export function pageWithWait(page: Buffer, waitedMs: number, { marksLink }: { marksLink: boolean }): Buffer {
  // One character for each byte, and back.
  const text = page.toString('latin1');
  const wait = Math.round(waitedMs);
  const keys: string[] = [];
  const parts: string[] = [];
  let depth = 0;
  let passed = 0;
  let last = '';
  let isValue = false;
  for (const { 0: found, index } of text.matchAll(token)) {
    const key = keys[depth];
    if (isValue && depth === 2 && keys[1] === '"stats"' && TIMES.has(key) && /^\d+$/.test(found)) {
      parts.push(text.slice(passed, index), String(Number(found) + wait));
      passed = index + found.length;
    } else if (isValue && depth === 1 && key === '"nextUri"' && marksLink && found.endsWith('"')) {
      const end = index + found.length - 1;
      parts.push(text.slice(passed, end), `${found.includes('?') ? '&' : '?'}waited=${wait}`);
      passed = end;
    }
    if (found === '{' || found === '[') depth += 1;
    else if (found === '}' || found === ']') depth -= 1;
    else if (found === ':') keys[depth] = last;
    isValue = found === ':';
    last = found;
  }
  return parts.length === 0 ? page : Buffer.from(parts.join('') + text.slice(passed), 'latin1');
}
