import { queryIdIn } from '@trino-gateway/trino/query-id';
import type { SqlToken } from '../lexer/sql-tokens.ts';

type Tokens = readonly SqlToken[];

export const isSymbol = (token: SqlToken | undefined, text: string) => token?.kind === 'symbol' && token.text === text;

/** A name, quoted or not, as names are compared. */
export function identifier(token: SqlToken | undefined): string | undefined {
  return token?.kind === 'word' || token?.kind === 'quoted' ? token.text.toLowerCase() : undefined;
}

/**
 * The text of a constant: a string literal, also `VARCHAR '…'`, in brackets, cast to varchar, or joined to others by `||` or concat;
 * undefined for any other expression.
 */
export function constantText(expression: Tokens): string | undefined {
  const operands = splitAt(expression, '||');
  if (operands.length > 1) return joined(operands);
  const [first, second] = expression;
  if (expression.length === 1) return first?.kind === 'string' ? first.text : undefined;
  const name = identifier(first);
  if (expression.length === 2) return name === 'varchar' && second?.kind === 'string' ? second.text : undefined;
  if (isSymbol(first, '(')) return constantText(expression.slice(1, -1));
  if (!isSymbol(second, '(') || !isSymbol(expression.at(-1), ')')) return undefined;
  const inner = expression.slice(2, -1);
  if (name === 'concat') return joined(splitAt(inner, ','));
  return name === 'cast' || name === 'try_cast' ? castText(inner) : undefined;
}

/** The only query id that stands in the literals of an expression; undefined where there is none, or more than one. */
export function onlyQueryId(expression: Tokens): string | undefined {
  const found = new Set(expression.map((token) => (token.kind === 'string' ? queryIdIn(token.text) : undefined)));
  found.delete(undefined);
  return found.size === 1 ? [...found][0] : undefined;
}

/** Splits at a symbol outside of brackets, up to the bracket that closes what is around. */
export function splitAt(tokens: Tokens, symbol: string): SqlToken[][] {
  const split: SqlToken[][] = [[]];
  let depth = 0;
  for (const token of tokens) {
    if (isSymbol(token, '(') || isSymbol(token, '[')) depth += 1;
    if (isSymbol(token, ')') || isSymbol(token, ']')) depth -= 1;
    if (depth < 0) break;
    if (depth === 0 && isSymbol(token, symbol)) split.push([]);
    else split.at(-1)?.push(token);
  }
  return split;
}

function joined(parts: readonly Tokens[]): string | undefined {
  const texts = parts.map(constantText);
  return texts.includes(undefined) ? undefined : texts.join('');
}

/** Of `… AS varchar` or `… AS varchar(8)`, which cuts. */
function castText(tokens: Tokens): string | undefined {
  const at = tokens.findLastIndex((token) => token.kind === 'word' && token.text.toUpperCase() === 'AS');
  const text = at < 0 ? undefined : constantText(tokens.slice(0, at));
  const [type, open, ...length] = tokens.slice(at + 1);
  if (text === undefined || identifier(type) !== 'varchar') return undefined;
  if (open === undefined) return text;
  const digits = length.slice(0, -1).map((token) => ('text' in token ? token.text : ''));
  if (!isSymbol(open, '(') || !/^\d{1,9}$/.test(digits.join(''))) return undefined;
  return [...text].slice(0, Number(digits.join(''))).join('');
}
