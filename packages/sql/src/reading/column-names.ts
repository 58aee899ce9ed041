import { comparableName } from '../lexer/literals.ts';
import type { TokenList } from '../lexer/token-list.ts';
import { DOT, isIdentifier } from '../lexer/token-types.ts';

/** What a statement says about columns. */
export class ColumnMentions {
  /** Tokens with which the mention of a column begins. */
  readonly at: number[] = [];
  /** Names and aliases of relations, in small letters: what may stand before the name of a column. */
  readonly qualifiers = new Set<string>();
  /** Parameters of lambdas: they look like columns. */
  readonly parameters = new Set<string>();
  /** Whether `*` stands for columns that are not named. */
  hasStar = false;
  /** Whether something was read in which columns cannot be told from other words. */
  isUnclear = false;
}

/**
 * The names of the columns that were mentioned, in small letters, each once; none where columns cannot be told from other words.
 * What stands before the name of a column is a relation where one is called so, else the name is that of a column with fields.
 */
export function columnNames(mentions: ColumnMentions, list: TokenList): string[] {
  if (mentions.isUnclear) return [];
  const found = new Set<string>();
  for (const at of mentions.at) {
    const column = columnAt(mentions, list, at);
    if (column !== undefined) found.add(column);
  }
  return [...found];
}

/** Undefined for the parameter of a lambda. */
function columnAt(
  mentions: ColumnMentions,
  { sql, types, starts, ends }: TokenList,
  start: number,
): string | undefined {
  const parts: string[] = [];
  for (let at = start; isIdentifier(types[at] ?? 0); at += 2) {
    parts.push(comparableName(sql, types[at] ?? 0, starts[at] ?? 0, ends[at] ?? 0));
    if (types[at + 1] !== DOT) break;
  }
  const [first = ''] = parts;
  if (mentions.parameters.has(first)) return undefined;
  // `catalog.schema.table.column` at most.
  const relation = parts.slice(0, Math.min(3, parts.length - 1)).findLastIndex((part) => mentions.qualifiers.has(part));
  return parts[relation + 1];
}
