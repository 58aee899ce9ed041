import { DIGIT_WORD, NUMBER } from './token-types.ts';

const double = /(?:\d+(?:\.\d*)?|\.\d+)e[+-]?\d+/iy;
const decimal = /(?:\d(?:_?\d)*\.(?:\d(?:_?\d)*)?|\.\d(?:_?\d)*)/y;
const integer = /0x(?:_?[\da-f])+|0o(?:_?[0-7])+|0b(?:_?[01])+|\d(?:_?\d)*/iy;
const digitWord = /\d\w+/y;

/** The number that begins here: its end, and its type. The longest reading counts; DIGIT_WORD if it is a word that begins with a digit. */
export function numberAt(sql: string, start: number): { end: number; type: number } {
  const number = Math.max(matched(double, sql, start), matched(decimal, sql, start), matched(integer, sql, start));
  const word = matched(digitWord, sql, start);
  return word > number ? { end: word, type: DIGIT_WORD } : { end: number, type: NUMBER };
}

function matched(pattern: RegExp, sql: string, start: number): number {
  pattern.lastIndex = start;
  return pattern.test(sql) ? pattern.lastIndex : start;
}
