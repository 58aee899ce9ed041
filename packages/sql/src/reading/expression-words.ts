import { K } from '../lexer/keywords.ts';
import {
  ASTERISK,
  CLOSE,
  COMMA,
  DOT,
  isIdentifier,
  MINUS,
  OPEN,
  PLUS,
  STRING,
  UNICODE_STRING,
} from '../lexer/token-types.ts';
import type { Reading } from './reading.ts';

const { AS, BOTH, BY, EXTRACT, LEADING, OVER, TO, TRAILING, TRIM } = K;

/** After these, columns cannot be told from other words. */
export const UNCLEAR_BRACKETS: ReadonlySet<number> = new Set([K.JSON_OBJECT, K.JSON_TABLE, K.MATCH_RECOGNIZE]);
export const ROW_PATTERN_WORDS: ReadonlySet<number> = new Set([K.MEASURES, K.PATTERN, K.DEFINE, K.SUBSET]);
export const NORMAL_FORMS: ReadonlySet<number> = new Set([K.NFC, K.NFD, K.NFKC, K.NFKD]);
const TRIM_SIDES: ReadonlySet<number> = new Set([LEADING, TRAILING, BOTH]);

/** Reads the words with which some brackets begin; answers whether what was read is an operand. */
export function bracketStart(reading: Reading, before: number): boolean {
  switch (before) {
    case OVER:
    case AS:
      return windowStart(reading);
    case EXTRACT:
      reading.identifier();
      return true;
    case TRIM:
      if (TRIM_SIDES.has(reading.type) && reading.peek(1) !== CLOSE && reading.peek(1) !== COMMA) reading.at += 1;
      return false;
    default:
      return false;
  }
}

/** The name of another window, or ROWS, RANGE, GROUPS: none is a column. */
function windowStart(reading: Reading): boolean {
  if (!isIdentifier(reading.type) || reading.peek(1) === BY) return false;
  reading.at += 1;
  return true;
}

/** Where an interval that begins here ends: `INTERVAL '1-2' YEAR TO MONTH`. It is not one if that is where it begins. */
export function intervalEnd(reading: Reading): number {
  let at = reading.at + 1;
  if (reading.typeAt(at) === PLUS || reading.typeAt(at) === MINUS) at += 1;
  if (reading.typeAt(at) !== STRING && reading.typeAt(at) !== UNICODE_STRING) return reading.at;
  at += 1;
  if (isIdentifier(reading.typeAt(at))) at += 1;
  if (reading.typeAt(at) === TO && isIdentifier(reading.typeAt(at + 1))) at += 2;
  return at;
}

/** Reads `a`, `a.b.c` or `a.b.*`; answers whether that is an operand, and no name of a function. */
export function columnMention(reading: Reading): boolean {
  const first = reading.at;
  reading.at += 1;
  while (reading.type === DOT) {
    reading.at += 1;
    if (reading.take(ASTERISK)) {
      starMention(reading);
      return true;
    }
    if (!isIdentifier(reading.type)) reading.fail();
    reading.at += 1;
  }
  if (reading.type === OPEN) return false;
  reading.columns?.at.push(first);
  return true;
}

/** `*` stands for columns. */
export function starMention(reading: Reading): void {
  if (reading.columns !== undefined) reading.columns.hasStar = true;
}
