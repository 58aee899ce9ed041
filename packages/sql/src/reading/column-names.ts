import { DOT, isIdentifier } from '../lexer/token-types.ts';
import type { Reading } from './reading.ts';

/**
 * The names of the columns that were mentioned, in small letters, each once; none where columns cannot be told from other words.
 * What stands before the name of a column is a relation where one is called so, else the name is that of a column with fields.
 */
export function columnNames(reading: Reading): string[] {
  if (reading.columnsUnclear) return [];
  const found = new Set<string>();
  for (const at of reading.columnAt) {
    const column = columnAt(reading, at);
    if (column !== undefined) found.add(column);
  }
  return [...found];
}

/** Undefined for the parameter of a lambda. */
function columnAt(reading: Reading, start: number): string | undefined {
  const parts: string[] = [];
  for (let at = start; isIdentifier(reading.typeAt(at)); at += 2) {
    parts.push(reading.nameAt(at));
    if (reading.typeAt(at + 1) !== DOT) break;
  }
  const [first = ''] = parts;
  if (reading.parameters.has(first)) return undefined;
  // `catalog.schema.table.column` at most.
  const relation = parts.slice(0, Math.min(3, parts.length - 1)).findLastIndex((part) => reading.qualifiers.has(part));
  return parts[relation + 1];
}
