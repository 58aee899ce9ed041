import { DIGIT_WORD, NUMBER } from './token-types.ts';

const double = /(?:\d+(?:\.\d*)?|\.\d+)e[+-]?\d+/iy;
const decimal = /(?:\d(?:_?\d)*\.(?:\d(?:_?\d)*)?|\.\d(?:_?\d)*)/y;
const integer = /0x(?:_?[\da-f])+|0o(?:_?[0-7])+|0b(?:_?[01])+|\d(?:_?\d)*/iy;
const digitWord = /\d\w+/y;

const isDigit = (code: number) => code >= 0x30 && code <= 0x39;

/** The number that begins here: its end, and its type. The longest reading counts; DIGIT_WORD if it is a word that begins with a digit. */
export function numberAt(sql: string, start: number): { end: number; type: number } {
  let end = start;
  while (isDigit(sql.charCodeAt(end))) end += 1;
  const code = sql.charCodeAt(end);
  // Nothing that goes on: a plain integer, by far the most frequent number.
  if (end > start && code !== 0x2e && code !== 0x5f && !((code | 0x20) >= 0x61 && (code | 0x20) <= 0x7a))
    return { end, type: NUMBER };
  const number = Math.max(matched(double, sql, start), matched(decimal, sql, start), matched(integer, sql, start));
  const word = matched(digitWord, sql, start);
  return word > number ? { end: word, type: DIGIT_WORD } : { end: number, type: NUMBER };
}

function matched(pattern: RegExp, sql: string, start: number): number {
  pattern.lastIndex = start;
  return pattern.test(sql) ? pattern.lastIndex : start;
}
