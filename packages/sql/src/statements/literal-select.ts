/** What a SELECT of one literal answers. */
export type LiteralSelect = {
  column: string;
  /** Trino's raw type, and for varchar its length. */
  type: { name: 'integer' | 'bigint' | 'boolean' | 'unknown' } | { name: 'varchar'; length: number };
  /** The value as JSON. */
  json: string;
};

const SELECT =
  /^\s*select\s+(?:(?<whole>-?\s*\d{1,19})|(?<text>'(?:[^']|'')*')|(?<word>true|false|null))(?:\s+(?:as\s+)?(?<name>[a-z_][a-z0-9_]*))?\s*;?\s*$/i;
const LONGEST = 500;
const MOST_INTEGER = 2n ** 31n - 1n;
const MOST_BIGINT = 2n ** 63n - 1n;

/**
 * Reads `SELECT 1`, `SELECT 'x'`, `SELECT true` or `SELECT NULL`, with a name or without: what connection pools send to keep a connection
 * alive. Undefined for any other statement. Types and names are those that Trino answers with.
 */
export function literalSelect(statement: string): LiteralSelect | undefined {
  const found = statement.length <= LONGEST ? SELECT.exec(statement)?.groups : undefined;
  if (!found) return undefined;
  const { whole, text, word, name: column = '_col0' } = found;
  if (word !== undefined) {
    const json = word.toLowerCase();
    return { column, type: { name: json === 'null' ? 'unknown' : 'boolean' }, json };
  }
  if (text !== undefined) {
    const value = text.slice(1, -1).replaceAll("''", "'");
    return { column, type: { name: 'varchar', length: [...value].length }, json: JSON.stringify(value) };
  }
  const number = BigInt((whole ?? '').replaceAll(/\s/g, ''));
  const size = number < 0n ? -number : number;
  if (size > MOST_BIGINT) return undefined;
  return { column, type: { name: size > MOST_INTEGER ? 'bigint' : 'integer' }, json: `${number}` };
}

/** Equal for statements that differ in blanks, case and a semicolon at the end only; case counts inside of quotes. */
export function keepAliveKey(statement: string): string {
  const parts = statement
    .trim()
    .replace(/\s*;$/, '')
    .split(/('(?:[^']|'')*')/);
  return parts.map((part, at) => (at % 2 === 1 ? part : part.toLowerCase().replaceAll(/\s+/g, ' '))).join('');
}
