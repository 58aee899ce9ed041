import { inflated } from './compressed-statement.ts';
import { formDecoded, listItems, trimmedItem } from './header-text.ts';

/** More than any session has: half a million fit into a head, and reading them takes as long as a thousand requests. */
const mostStatements = 10_000;
/** Decoding a longer value counts as inflating does; byte by byte it takes several times as long. */
const longPlain = 65_536;
const decodingCost = 4;

/** What Trino answers to a header of prepared statements that it cannot read, with 400. */
const invalidHeader = 'Invalid X-Trino-Prepared-Statement header';

/**
 * The SQL of a prepared statement from the values of X-Trino-Prepared-Statement (`name=sql`, both urlencoded, comma list,
 * any number of lines); a compressed one is inflated. Of several with one name the last counts, and names are compared as
 * Trino does, letter by letter (HttpRequestSessionContextFactory). Undefined when there is none or it cannot be read,
 * 'tooLong' when it is longer than any statement. `beforeInflating` may throw.
 */
export function preparedStatement(
  headerValues: readonly string[],
  name: string,
  beforeInflating?: (bytes: number) => void,
): string | undefined | 'tooLong' {
  const last = lastOf(headerValues, name);
  if (last !== undefined && last.length > longPlain) beforeInflating?.(last.length * decodingCost);
  return last === undefined ? undefined : inflated(formDecoded(trimmedItem(last)), beforeInflating);
}

/** Whether there is one of that name, whatever it says. */
export function hasPreparedStatement(headerValues: readonly string[], name: string): boolean {
  return lastOf(headerValues, name) !== undefined;
}

/** The names of all prepared statements, each once; those that cannot be read are left out. */
export function preparedStatementNames(headerValues: readonly string[]): string[] {
  const names = new Set<string>();
  for (const item of headerValues.flatMap(listItems)) {
    const at = item.indexOf('=');
    const name = at < 0 ? undefined : formDecoded(trimmedItem(item.slice(0, at)));
    if (name !== undefined && names.size < mostStatements) names.add(name);
  }
  return [...names];
}

/** Its value, encoded as it was sent. */
function lastOf(headerValues: readonly string[], name: string): string | undefined {
  let last: string | undefined;
  for (const line of headerValues) {
    for (const item of listItems(line)) {
      const at = item.indexOf('=');
      if (at >= 0 && formDecoded(trimmedItem(item.slice(0, at))) === name) last = item.slice(at + 1);
    }
  }
  return last;
}

/**
 * Why it is unclear which SQL a name stands for, in Trino's words; undefined when it is clear. Beside what Trino refuses these
 * are names that mean the same and are spelled in two ways: which of them counts depends on the version.
 */
export function preparedStatementsProblem(headerValues: readonly string[]): string | undefined {
  if (areTooMany(headerValues)) return `${invalidHeader}: more than ${mostStatements} statements`;
  const spellings = new Map<string, string>();
  for (const line of headerValues) {
    for (const item of listItems(line)) {
      const at = item.indexOf('=');
      if (at < 0 || item.includes('=', at + 1)) return invalidHeader;
      const spelling = trimmedItem(item.slice(0, at));
      const name = formDecoded(spelling);
      // Java and Node put different numbers of U+FFFD for bytes that are no UTF-8, in a name and in the EXECUTE of it.
      if (name === undefined || name.includes('\ufffd')) return `${invalidHeader}: a name is not UTF-8`;
      if ((spellings.get(name) ?? spelling) !== spelling) return `${invalidHeader}: a name is spelled in two ways`;
      spellings.set(name, spelling);
    }
  }
  return undefined;
}

function areTooMany(headerValues: readonly string[]): boolean {
  let left = mostStatements;
  for (const line of headerValues)
    for (let at = line.indexOf(','); at >= 0; at = line.indexOf(',', at + 1)) {
      left -= 1;
      if (left < 0) return true;
    }
  return false;
}
