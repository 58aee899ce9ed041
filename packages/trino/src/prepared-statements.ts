import { zstdDecompressSync } from 'node:zlib';
import { formDecoded } from './client-headers.ts';

const compressedPrefix = '$zstd:';
/** Largest statement that is inflated; Trino itself takes one million characters. */
const maxInflated = 16 * 1024 * 1024;

/**
 * The SQL of a prepared statement from the values of X-Trino-Prepared-Statement (`name=sql`, both urlencoded, comma list,
 * any number of lines); a compressed one is inflated. Names are compared as Trino does, letter by letter.
 */
export function preparedStatement(headerValues: readonly string[], name: string): string | undefined {
  for (const line of headerValues) {
    for (const item of line.split(',')) {
      const at = item.indexOf('=');
      if (at > 0 && formDecoded(item.slice(0, at).trim()) === name)
        return inflated(formDecoded(item.slice(at + 1).trim()));
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
