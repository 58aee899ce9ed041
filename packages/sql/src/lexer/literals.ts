import { K } from './keywords.ts';
import { Lexer } from './lexer.ts';
import { BROKEN, QUOTED, STRING } from './token-types.ts';

/** An identifier without its quotes, as it was written. */
export function identifierText(sql: string, type: number, start: number, end: number): string {
  if (type !== QUOTED) return sql.slice(start, end);
  const text = sql.slice(start + 1, end - 1);
  return text.includes('"') ? text.replaceAll('""', '"') : text;
}

/** An identifier as names are compared: in small letters. Quotes stay where the name would read like several without them. */
export function comparableName(sql: string, type: number, start: number, end: number): string {
  const text = sql.slice(start, end).toLowerCase();
  if (type !== QUOTED) return text;
  const inner = text.slice(1, -1);
  return inner.includes('.') || inner.includes('"') ? text : inner;
}

/** The text of '…'. */
export const stringText = (sql: string, start: number, end: number) =>
  sql.slice(start + 1, end - 1).replaceAll("''", "'");

/** Longest literal whose escapes are decoded. */
const maxUnicodeLiteral = 65_536;

/**
 * The text of U&'…', with the UESCAPE clause that may follow it, and where that ends. The text is undefined when Trino refuses
 * one of its escapes.
 */
export function unicodeText(sql: string, start: number, end: number): { text: string | undefined; end: number } {
  const clause = uescapeAfter(sql, end);
  const mark = clause === undefined ? '\\' : clause.mark;
  const text = stringText(sql, start + 2, end);
  const isRead = mark !== undefined && text.length <= maxUnicodeLiteral;
  return { text: isRead ? unescaped(text, mark) : undefined, end: clause?.end ?? end };
}

/** The escape character that a literal's UESCAPE clause names, undefined when Trino takes no such one, and the end of the clause. */
function uescapeAfter(sql: string, from: number): { mark: string | undefined; end: number } | undefined {
  const lexer = new Lexer(sql, from);
  if (lexer.next() !== K.UESCAPE) return undefined;
  const type = lexer.next();
  if (type !== STRING && type !== BROKEN) return undefined;
  return { mark: validMark.exec(sql.slice(lexer.start, lexer.end))?.[1], end: lexer.end };
}

/** The text of a U& literal (AstBuilder.decodeUnicodeLiteral); undefined when Trino refuses one of its escapes. */
function unescaped(text: string, mark: string): string | undefined {
  let found = '';
  let at = 0;
  for (;;) {
    const sign = text.indexOf(mark, at);
    if (sign < 0) return found + text.slice(at);
    found += text.slice(at, sign);
    if (text[sign + 1] === mark) {
      found += mark;
      at = sign + 2;
      continue;
    }
    const [start, length] = text[sign + 1] === '+' ? [sign + 2, 6] : [sign + 1, 4];
    const digits = text.slice(start, start + length);
    const point = digits.length === length && /^[0-9a-f]+$/i.test(digits) ? Number.parseInt(digits, 16) : -1;
    if (point < 0 || point > 0x10ffff || (point >= 0xd800 && point <= 0xdfff)) return undefined;
    found += String.fromCodePoint(point);
    at = start + length;
  }
}

/** Printable, but no quote, plus or hexadecimal digit. */
const validMark = /^'((?![0-9a-f+'"])[!-~])'$/i;
