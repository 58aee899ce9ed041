import { zstdDecompressSync } from 'node:zlib';
import { formDecoded, listItems, trimmedItem } from './header-text.ts';

const compressedPrefix = '$zstd:';
/** Largest statement that is inflated; Trino itself takes one million characters. */
const maxInflated = 16 * 1024 * 1024;

/** What Trino answers to a header of prepared statements that it cannot read, with 400. */
const invalidHeader = 'Invalid X-Trino-Prepared-Statement header';

/**
 * The SQL of a prepared statement from the values of X-Trino-Prepared-Statement (`name=sql`, both urlencoded, comma list,
 * any number of lines); a compressed one is inflated. Of several with one name the last counts, and names are compared as
 * Trino does, letter by letter (HttpRequestSessionContextFactory). Undefined when there is none or it cannot be read.
 */
export function preparedStatement(headerValues: readonly string[], name: string): string | undefined {
  let last: string | undefined;
  for (const line of headerValues) {
    for (const item of listItems(line)) {
      const at = item.indexOf('=');
      if (at >= 0 && formDecoded(trimmedItem(item.slice(0, at))) === name) last = item.slice(at + 1);
    }
  }
  return last === undefined ? undefined : inflated(formDecoded(trimmedItem(last)));
}

/**
 * Why nobody can say which SQL a name stands for, as Trino would say it; undefined when all is well. Beside what Trino refuses
 * these are names that mean the same and are spelled in two ways: which of them counts depends on the version.
 */
export function preparedStatementsProblem(headerValues: readonly string[]): string | undefined {
  const spellings = new Map<string, string>();
  for (const line of headerValues) {
    for (const item of listItems(line)) {
      const at = item.indexOf('=');
      if (at < 0 || item.includes('=', at + 1)) return invalidHeader;
      const spelling = trimmedItem(item.slice(0, at));
      const name = formDecoded(spelling);
      // How many U+FFFD stand for bytes that are no UTF-8, in a name or in the EXECUTE of it, Java and we see differently.
      if (name === undefined || name.includes('\ufffd')) return `${invalidHeader}: a name is not UTF-8`;
      if ((spellings.get(name) ?? spelling) !== spelling) return `${invalidHeader}: a name is spelled in two ways`;
      spellings.set(name, spelling);
    }
  }
  return undefined;
}

function inflated(text: string | undefined): string | undefined {
  if (text?.startsWith(compressedPrefix) !== true) return text;
  try {
    const bytes = Buffer.from(text.slice(compressedPrefix.length), 'base64url');
    return zstdDecompressSync(bytes, { maxOutputLength: maxInflated }).toString('utf8');
  } catch {
    return undefined;
  }
}
